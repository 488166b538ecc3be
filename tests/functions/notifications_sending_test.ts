import assert from "node:assert/strict";
import type { MailFault } from "../../dev/mail/faults.ts";
import { startGate } from "../support/gate.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createNotificationsWorld, NOON, type NotificationsWorld } from "./notifications_world.ts";

const [engine] = postgresEngines();
const open = (options?: Parameters<typeof createNotificationsWorld>[2]) =>
  createNotificationsWorld(engine.database(), engine.url(), options);

/** When each mail was accepted, in seconds after noon. */
const arrivals = (world: NotificationsWorld) =>
  world.cloud.mail.mails().map(({ at }) => Math.round((at - NOON) / 1_000));

const outcomeOf = async (world: NotificationsWorld, id: string) =>
  (await world.api("GET", `/api/notifications/${id}`)).body.outcome;

interface Trouble {
  what: string;
  faults: MailFault[];
  /** When the mail arrives at last. */
  arrives: number;
  commands: number;
}

// Of the commands, 2 are the mail's, 2 each further attempt's, 1 each deferral's.
const troubles: Trouble[] = [
  {
    what: "counted too many requests: put off to its Retry-After, without an attempt",
    faults: [{ kind: "limit", retryAfter: "7" }],
    arrives: 7,
    commands: 3,
  },
  {
    what: "counted too many requests twenty times over",
    faults: [{ kind: "limit", retryAfter: "2", times: 20 }],
    arrives: 40,
    commands: 22,
  },
  {
    what: "counted too many requests for long: asked again at longer and longer intervals",
    faults: [{ kind: "limit", retryAfter: "1", times: 66 }],
    arrives: 61 + 62,
    commands: 68,
  },
  {
    what: "has no more mails today",
    faults: [{ kind: "quota", retryAfter: "3600", times: 1 }],
    arrives: 3_600,
    commands: 3,
  },
  {
    what: "fails once: tried again after 2 s",
    faults: [{ kind: "refuse", status: 503 }],
    arrives: 2,
    commands: 4,
  },
  {
    what: "fails twice: tried again after 4 s more",
    faults: [{ kind: "refuse", status: 500, times: 2 }],
    arrives: 6,
    commands: 6,
  },
  {
    what: "fails at every attempt: put off for 30 s, and no dead letter",
    faults: [{ kind: "refuse", status: 502, times: 3 }],
    arrives: 36,
    commands: 7,
  },
  { what: "breaks the connection", faults: [{ kind: "disconnect" }], arrives: 2, commands: 4 },
];
for (const { what, faults, arrives, commands } of troubles) {
  Deno.test(`a provider that ${what}`, async () => {
    await using world = await open();
    for (const fault of faults) world.cloud.mail.faults.add(fault);
    const { body } = await world.tell("user.reset.start");
    await world.cloud.advance("2h");
    assert.deepEqual(arrivals(world), [arrives]);
    assert.equal(await outcomeOf(world, body.id), "accepted");
    assert.equal(world.commands(), commands);
    assert.equal((await world.api("GET", "/api/dead-letters")).body.letters.length, 0);
  });
}

const afterAcceptance: MailFault[] = [{ kind: "dropReply" }, { kind: "garble" }];
for (const fault of afterAcceptance) {
  Deno.test(`a mail that was accepted and then ${fault.kind} is not sent again`, async () => {
    await using world = await open();
    world.cloud.mail.faults.add(fault);
    const { body } = await world.tell("user.reset.start");
    await world.cloud.advance("1h");
    assert.deepEqual(arrivals(world), [0]);
    assert.equal(await outcomeOf(world, body.id), "accepted");
    assert.equal(world.cloud.mail.counts().requests, 2);
  });
}

Deno.test("a provider that is away for two days gets the mail when it is back", async () => {
  await using world = await open();
  const disarm = world.cloud.mail.faults.add({ kind: "refuse", times: Infinity });
  const { body } = await world.tell("user.reset.start");
  await world.cloud.advance("2d");
  const attempts = world.cloud.mail.counts().requests;
  assert.ok(attempts < 200, `${attempts} attempts`);
  disarm();
  await world.cloud.advance("1h10m");
  assert.equal(world.cloud.mail.mails().length, 1);
  assert.equal(await outcomeOf(world, body.id), "accepted");
});

Deno.test("our own settings at fault hold mail back, and lose none", async () => {
  await using world = await open();
  const disarm = world.cloud.mail.faults.add({ kind: "forbid", times: Infinity });
  await world.tell("user.reset.start");
  await world.cloud.advance("6h");
  assert.equal(world.cloud.mail.mails().length, 0);
  disarm();
  await world.cloud.advance("1h10m");
  assert.equal(world.cloud.mail.mails().length, 1);
});

Deno.test("an address that the provider refuses gets nothing more, until that is lifted", async () => {
  await using world = await open();
  world.cloud.mail.faults.add({ kind: "address" });
  const { body: first } = await world.tell("user.reset.start");
  await world.cloud.advance("1m");
  assert.equal(await outcomeOf(world, first.id), "refused");
  const state = (await world.api("GET", `/api/jobs/${first.id}`)).body;
  assert.equal(state.state, "succeeded");
  assert.equal(state.result.outcome, "refused");

  const { body: second } = await world.tell("user.reset.start", {
    to: { email: "ADA@example.com" },
  });
  await world.cloud.advance("1m");
  assert.equal(await outcomeOf(world, second.id), "suppressed");
  assert.equal(world.cloud.mail.counts().requests, 1);

  const path = "/api/suppressions?email=ada@example.com";
  const { body } = await world.api("GET", path);
  assert.deepEqual(body.suppressions, [
    { scope: "all", reason: "refused", at: "2026-11-21T12:00:00.000Z" },
  ]);
  assert.equal((await world.api("DELETE", path)).response.status, 204);
  assert.equal((await world.api("DELETE", path)).response.status, 404);
  await world.tell("user.reset.start");
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 1);
});

Deno.test("with Redis away a mail is sent once all the same, also when its delivery comes twice", async () => {
  await using world = await open();
  world.cloud.redis.faults.add({ kind: "disconnect", times: Infinity });
  world.cloud.qstash.faults.add({ kind: "duplicate" });
  const { body } = await world.tell("user.reset.start");
  await world.cloud.advance("1h");
  assert.deepEqual(arrivals(world), [0]);
  assert.equal(await outcomeOf(world, body.id), "accepted");
});

for (const kind of ["duplicate", "lost", "overlapping"] as const) {
  Deno.test(`a delivery that is ${kind} sends one mail`, async () => {
    await using world = await open();
    world.cloud.qstash.faults.add({ kind });
    await world.tell("user.reset.start");
    await world.cloud.advance("1h");
    assert.equal(world.cloud.mail.mails().length, 1);
  });
}

Deno.test("with Postgres away nothing is sent that could not be written down; then it is", async () => {
  const database = engine.database();
  await using gate = startGate(engine.url());
  await using world = await createNotificationsWorld(database, gate.url);
  const { body } = await world.tell("user.reset.start");
  gate.shut();
  await world.cloud.advance("1h");
  assert.equal(world.cloud.mail.mails().length, 0);
  gate.open();
  await world.cloud.advance("2h");
  assert.equal(world.cloud.mail.mails().length, 1);
  assert.equal(await outcomeOf(world, body.id), "accepted");
});

Deno.test("QStash away: 503, nothing is half done, and the same dedupeId may be sent again", async () => {
  await using world = await open();
  for (const event of ["user.reset.start", "message.new"]) {
    world.cloud.qstash.faults.add({ kind: "publishRefused" });
    const { response } = await world.tell(event, { dedupeId: "one" });
    assert.equal(response.status, 503, event);
    assert.ok(Number(response.headers.get("retry-after")) > 0);
    assert.equal((await world.tell(event, { dedupeId: "one" })).response.status, 202);
  }
  await world.cloud.advance("1h");
  assert.equal(world.cloud.mail.mails().length, 2);
});

Deno.test("an answer of QStash's that is lost leaves one mail", async () => {
  await using world = await open();
  for (const event of ["user.reset.start", "message.new"]) {
    world.cloud.qstash.faults.add({ kind: "publishReplyLost" });
    await world.tell(event, { dedupeId: "one" });
    await world.tell(event, { dedupeId: "one" });
  }
  await world.cloud.advance("1h");
  assert.equal(world.cloud.mail.mails().length, 2);
});

Deno.test("a password does not wait behind bulk mail, and bulk mail does not starve", async () => {
  await using world = await open();
  for (let index = 0; index < 30; index++) {
    await world.tell("message.new", { delayMs: 0, to: { email: `person${index}@example.com` } });
  }
  await world.tell("user.reset.start");
  await world.cloud.advance("2s");
  const isUrgent = (to: readonly string[]) => to[0] === "ada@example.com";
  assert.ok(world.cloud.mail.mails().some(({ to }) => isUrgent(to)));
  for (let index = 0; index < 30; index++) await world.tell("user.reset.start");
  await world.cloud.advance("1m");
  assert.equal(world.cloud.mail.mails().length, 61);
  const perSecond = Map.groupBy(world.cloud.mail.mails(), ({ at }) => Math.floor(at / 1_000));
  for (const mails of perSecond.values()) assert.ok(mails.length <= 2);
});

Deno.test("what does not fit the code any more is a dead letter, which can be replayed when it does", async () => {
  await using world = await open();
  await world.deps.jobs.enqueue("notification.urgent", {
    event: "user.reset.start",
    to: { email: "ada@example.com" },
    data: { link: "https://market.example" },
  });
  await world.cloud.advance("1m");
  const { letters } = (await world.api("GET", "/api/dead-letters")).body;
  assert.equal(letters.length, 1);
  assert.match(letters[0].error.message ?? letters[0].error, /url/);
});
