import assert from "node:assert/strict";
import {
  readUnsubscribeToken,
  recipientId,
  unsubscribeToken,
} from "../../functions/notifications/recipients.ts";
import { heldBackBy, suppress } from "../../functions/notifications/suppressions.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createNotificationsWorld, NOON, type NotificationsWorld } from "./notifications_world.ts";

const [engine] = postgresEngines();
const open = () => createNotificationsWorld(engine.database(), engine.url());
const SECRET = "dev-identity-secret";

/** Tells of a message, without waiting for others, and has it sent. */
async function tellNow(world: NotificationsWorld, email = "ada@example.com"): Promise<string> {
  const { body } = await world.tell("message.new", { to: { email }, delayMs: 1 });
  await world.cloud.advance("1m");
  return (await world.api("GET", `/api/notifications/${body.id}`)).body.outcome;
}

async function linkOf(world: NotificationsWorld): Promise<string> {
  await tellNow(world);
  const { headers, html, text } = world.cloud.mail.mails().at(-1)!;
  assert.equal(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
  const link = /^<(.+)>$/.exec(headers["List-Unsubscribe"])![1];
  assert.ok(text!.includes(link) && html!.includes(link.replaceAll("&", "&amp;")));
  assert.ok(link.startsWith(world.cloud.url));
  assert.doesNotMatch(link, /ada|example\.com/);
  return link;
}

Deno.test("an unsubscribe link asks first, and a GET changes nothing", async () => {
  await using world = await open();
  const link = await linkOf(world);
  for (const method of ["GET", "HEAD"]) {
    const response = await fetch(link, { method });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type")!, /^text\/html/);
    await response.body?.cancel();
  }
  assert.equal(await tellNow(world), "accepted");
});

Deno.test("one click unsubscribes from one group: other mail and other people are as before", async () => {
  await using world = await open();
  const link = await linkOf(world);
  for (let time = 0; time < 2; time++) {
    const page = await (await fetch(link, { method: "POST", body: "List-Unsubscribe=One-Click" }))
      .text();
    assert.match(page, /You are unsubscribed/);
    assert.match(page, /New messages/);
  }
  assert.equal(await tellNow(world), "unsubscribed");
  assert.equal(await tellNow(world, "ADA@example.com"), "unsubscribed");
  assert.equal(await tellNow(world, "ben@example.com"), "accepted");
  const { body } = await world.tell("user.reset.start");
  await world.cloud.advance("1m");
  assert.equal((await world.api("GET", `/api/notifications/${body.id}`)).body.outcome, "accepted");
  // It is the recipient's own choice: a backend does not lift it.
  const { response } = await world.api("DELETE", "/api/suppressions?email=ada@example.com");
  assert.equal(response.status, 404);
});

Deno.test("what was unsubscribed by mistake is taken back on the page", async () => {
  await using world = await open();
  const link = await linkOf(world);
  const page = await (await fetch(link, { method: "POST" })).text();
  const action = /action="([^"]+)"/.exec(page)![1].replaceAll("&amp;", "&");
  const again = await world.cloud.fetch(action, { method: "POST" });
  assert.match(await again.text(), /You are subscribed/);
  assert.equal(await tellNow(world), "accepted");
});

Deno.test("a window that its recipient unsubscribes from meanwhile is not sent", async () => {
  await using world = await open();
  const link = await linkOf(world);
  const { body } = await world.tell("message.new");
  await (await fetch(link, { method: "POST" })).body?.cancel();
  await world.cloud.advance("1h");
  assert.equal(world.cloud.mail.mails().length, 1);
  const { outcome } = (await world.api("GET", `/api/notifications/${body.id}`)).body;
  assert.equal(outcome, "unsubscribed");
});

Deno.test("mail about accounts and security has no unsubscribe link", async () => {
  await using world = await open();
  await world.tell("user.reset.start");
  await world.cloud.settle();
  const [{ headers, html, text }] = world.cloud.mail.mails();
  assert.deepEqual(Object.keys(headers).filter((name) => /unsubscribe/i.test(name)), []);
  assert.doesNotMatch(html! + text!, /unsubscribe/i);
});

Deno.test("a token that we did not make is refused, and says so", async () => {
  await using world = await open();
  const token = await unsubscribeToken(SECRET, {
    recipient: await recipientId(SECRET, "ada@example.com"),
    group: "messages",
  });
  const [recipient, group, signature] = token.split(".");
  const forged = [
    "",
    "x",
    `${recipient}.${group}`,
    `${recipient}.activity.${signature}`,
    `${recipient}.__proto__.${signature}`,
    `${await recipientId(SECRET, "ben@example.com")}.${group}.${signature}`,
    `${recipient}.${group}.${signature.slice(1)}A`,
    `${token}.x`,
    await unsubscribeToken("another secret, long enough", { recipient, group: "messages" }),
  ];
  for (const method of ["GET", "POST"]) {
    for (const wrong of forged) {
      const path = `/notifications/unsubscribe?token=${encodeURIComponent(wrong)}`;
      const response = await world.cloud.fetch(path, { method });
      assert.equal(response.status, 404, wrong);
      assert.equal((await response.json()).code, "unsubscribe_invalid");
    }
  }
  assert.deepEqual(await readUnsubscribeToken(SECRET, token), { recipient, group: "messages" });
});

const held = [
  { scope: "all", reason: "bounced", urgency: "urgent", by: "suppressed" },
  { scope: "all", reason: "bounced", urgency: "bulk", by: "suppressed" },
  { scope: "all", reason: "refused", urgency: "urgent", by: "suppressed" },
  { scope: "all", reason: "complained", urgency: "urgent", by: undefined },
  { scope: "all", reason: "complained", urgency: "bulk", by: "suppressed" },
  { scope: "messages", reason: "unsubscribed", urgency: "bulk", by: "unsubscribed" },
] as const;
for (const { scope, reason, urgency, by } of held) {
  Deno.test(`${urgency} mail to one who ${reason} (${scope}) is ${by ?? "sent"}`, () => {
    assert.equal(heldBackBy({ urgency }, [{ scope, reason }]), by);
  });
}

Deno.test("an address that bounced stays so when it complains as well; a complaint may become worse", async () => {
  await using world = await open();
  const { sql } = world;
  const recipient = await recipientId(SECRET, "ada@example.com");
  const keep = (reason: "bounced" | "complained" | "refused", at: number) =>
    suppress(sql, { recipient, scope: "all", reason, at });
  const reason = async () =>
    (await world.api("GET", "/api/suppressions?email=ada@example.com")).body.suppressions[0].reason;
  await keep("complained", NOON);
  await keep("complained", NOON + 1);
  assert.equal(await reason(), "complained");
  await keep("bounced", NOON + 2);
  assert.equal(await reason(), "bounced");
  await keep("complained", NOON + 3);
  assert.equal(await reason(), "bounced");
});
