import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { silentLog } from "../support/silent_log.ts";
import { createNotificationsWorld, RESET } from "./notifications_world.ts";

const [engine] = postgresEngines();
const open = (options?: Parameters<typeof createNotificationsWorld>[2]) =>
  createNotificationsWorld(engine.database(), engine.url(), options);

const refused = [
  { what: "no recipient", more: { to: undefined }, path: "to" },
  { what: "an address that is none", more: { to: { email: "ada" } }, path: "to.email" },
  {
    what: "a time zone that is none",
    more: { to: { email: "ada@example.com", timeZone: "Mars/Olympus" } },
    path: "to.timeZone",
  },
  { what: "no data", more: { data: undefined }, path: "data.url" },
  { what: "data that does not fit", more: { data: { url: 7 } }, path: "data.url" },
  {
    what: "a link that runs code",
    more: { data: { url: "javascript:alert(1)" } },
    path: "data.url",
  },
  { what: "a digest that there is not", more: { delivery: "digest" }, path: "delivery" },
  { what: "another way than there is", more: { delivery: "fax" }, path: "delivery" },
  { what: "a moment that is none", more: { notBefore: "tomorrow" }, path: "notBefore" },
  { what: "a negative delay", more: { delayMs: -1 }, path: "delayMs" },
  { what: "an empty dedupeId", more: { dedupeId: "" }, path: "dedupeId" },
];
for (const { what, more, path } of refused) {
  Deno.test(`a notification with ${what} is refused, and names ${path}`, async () => {
    await using world = await open();
    const { response, body } = await world.tell("user.reset.start", more);
    assert.equal(response.status, 422);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal(body.code, "body_invalid");
    assert.deepEqual(body.fields.map((field: { path: string }) => field.path), [path]);
    await world.cloud.advance("1h");
    assert.equal(world.cloud.mail.mails().length, 0);
  });
}

Deno.test("an event that there is not answers 404, and no name of an object's own is one", async () => {
  await using world = await open();
  for (const event of ["user.unknown", "__proto__", "toString"]) {
    const { response, body } = await world.tell(event, { data: {} });
    assert.equal(response.status, 404, event);
    assert.equal(body.code, "notification_unknown");
  }
});

Deno.test("only backends may tell", async () => {
  await using world = await open();
  for (const [method, path] of [["POST", ""], ["GET", "?email=a@b.example"], ["GET", "/some"]]) {
    const response = await world.cloud.fetch(`/api/notifications${path}`, { method });
    assert.equal(response.status, 401);
    await response.body?.cancel();
  }
});

Deno.test("without its settings a notification names all of them", async () => {
  await using cloud = await createCloud({
    environment: { RESEND_API_KEY: "", IDENTITY_SECRET: "" },
    app: (settings) => createApp(createDeps(readConfig(settings), { log: silentLog })),
  });
  const response = await cloud.fetch("/api/notifications", {
    method: "POST",
    headers: { Authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
    body: JSON.stringify({ event: "user.reset.start", to: { email: "a@b.example" }, data: {} }),
  });
  const problem = await response.json();
  assert.equal(response.status, 503);
  for (const setting of ["RESEND_API_KEY", "MAIL_FROM", "DATABASE_URL", "IDENTITY_SECRET"]) {
    assert.ok(problem.detail.includes(setting), problem.detail);
  }
});

Deno.test("an equal dedupeId is one mail, even days later; another person's is another", async () => {
  await using world = await open();
  const { body: first } = await world.tell("user.reset.start", { dedupeId: "reset 7" });
  const { body: again } = await world.tell("user.reset.start", { dedupeId: "reset 7" });
  assert.equal(again.id, first.id);
  assert.equal(again.deduplicated, true);
  await world.cloud.advance("3d");
  const { body: late } = await world.tell("user.reset.start", { dedupeId: "reset 7" });
  assert.equal(late.id, first.id);
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 1);
  await world.tell("user.reset.start", { dedupeId: "reset 7", to: { email: "ben@example.com" } });
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 2);
});

Deno.test("Idempotency-Key stands for the dedupeId", async () => {
  await using world = await open();
  const tell = async () => {
    const response = await world.cloud.fetch("/api/notifications", {
      method: "POST",
      headers: {
        "Authorization": `Bearer ${world.cloud.environment.SERVICE_TOKENS}`,
        "Idempotency-Key": "reset 7",
      },
      body: JSON.stringify({
        event: "user.reset.start",
        to: { email: "ada@example.com" },
        data: { url: RESET },
      }),
    });
    return (await response.json()).id;
  };
  assert.equal(await tell(), await tell());
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 1);
});

Deno.test("a known dedupeId is told so, also after QStash has forgotten it", async () => {
  await using world = await open();
  const { body: first } = await world.tell("user.reset.start", { dedupeId: "reset 1" });
  assert.equal(first.deduplicated, false);
  await world.cloud.advance("1h");
  const { body: late } = await world.tell("user.reset.start", { dedupeId: "reset 1" });
  assert.deepEqual([late.id, late.deduplicated], [first.id, true]);
  await world.cloud.advance("1h");
  assert.equal(world.cloud.mail.mails().length, 1);
});

Deno.test("a collapsed event with a known dedupeId is told once, also when its window is closed", async () => {
  await using world = await open();
  const { body: first } = await world.tell("message.new", { dedupeId: "message 1" });
  assert.equal(first.deduplicated, false);
  assert.equal(
    (await world.tell("message.new", { dedupeId: "message 1" })).body.deduplicated,
    true,
  );
  await world.cloud.advance("10m");
  const { body: late } = await world.tell("message.new", { dedupeId: "message 1" });
  assert.equal(late.deduplicated, true);
  assert.equal(late.id, first.id);
  await world.cloud.advance("1h");
  assert.equal(world.cloud.mail.mails().length, 1);
  assert.equal((await world.api("GET", `/api/notifications/${first.id}`)).body.told, 1);
});

Deno.test("a moment that was asked for is kept, and what is told later is not collapsed", async () => {
  await using world = await open();
  await world.tell("user.reset.start", { notBefore: "2026-11-21T13:00:00Z" });
  await world.tell("message.new", { delayMs: 7_200_000 });
  await world.cloud.advance("59m59s");
  assert.equal(world.cloud.mail.mails().length, 0);
  await world.cloud.advance("1s");
  assert.equal(world.cloud.mail.mails().length, 1);
  await world.cloud.advance("1h");
  assert.equal(world.cloud.mail.mails().length, 2);
});

Deno.test("what can wait waits for the end of the recipient's quiet hours; a password does not", async () => {
  await using world = await open({ startAt: Date.parse("2026-11-21T22:30:00Z") });
  const to = { email: "ada@example.com", timeZone: "Europe/Berlin" };
  const { body } = await world.tell("message.new", { to });
  assert.equal(body.until, "2026-11-22T06:00:00.000Z");
  await world.tell("user.reset.start", { to });
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 1);
  await world.cloud.advance("5h");
  await world.tell("message.new", { to });
  await world.cloud.advance("2h28m");
  assert.equal(world.cloud.mail.mails().length, 1);
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 2);
  assert.equal((await world.api("GET", `/api/notifications/${body.id}`)).body.told, 2);
});

Deno.test("a mail that quiet hours overtake in the queue is put off by one command and one message", async () => {
  await using world = await open({ startAt: Date.parse("2026-11-21T20:59:59Z") });
  world.cloud.qstash.faults.add({ kind: "late", ms: 5_000 });
  await world.tell("message.new", {
    to: { email: "ada@example.com", timeZone: "Europe/Berlin" },
    delayMs: 500,
  });
  await world.cloud.advance("9h");
  assert.equal(world.cloud.mail.mails().length, 0);
  assert.equal(world.commands(), 1);
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 1);
  assert.equal(world.commands(), 2);
});

Deno.test("an admin's events are told at once, and again in the next morning's digest", async () => {
  await using world = await open();
  const tell = (title: string, more = {}) =>
    world.tell("admin.listing.pending", {
      to: { email: "admin@example.com" },
      data: { title, by: "Ada", url: "https://market.example/admin/42" },
      ...more,
    });
  await tell("Loft");
  await tell("Boat");
  const { body } = await tell("Barn", { delivery: "digest" });
  assert.equal(body.until, "2026-11-22T07:00:00.000Z");
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 2);
  await world.cloud.advance("18h59m");
  const digest = world.cloud.mail.mails()[2];
  for (const title of ["Loft", "Boat", "Barn"]) assert.ok(digest.text!.includes(title));
  assert.equal(world.commands(), 6);
  await world.cloud.advance("3d");
  assert.equal(world.cloud.mail.mails().length, 3);
  assert.equal(world.commands(), 0);
});

Deno.test("a reminder a month ahead waits in hops that QStash's free plan allows", async () => {
  await using world = await open({ plan: "free" });
  await world.tell("user.reset.start", { notBefore: "2026-12-21T12:00:00Z" });
  await world.cloud.advance("29d");
  assert.equal(world.cloud.mail.mails().length, 0);
  await world.cloud.advance("1d");
  assert.equal(world.cloud.mail.mails().length, 1);
  assert.equal(world.cloud.mail.mails()[0].at, Date.parse("2026-12-21T12:00:00Z"));
});
