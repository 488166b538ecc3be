/**
 * What people type and rows hold, told by mail all the same; and what cannot be told, kept to be mended.
 *
 * @module
 */
import assert from "node:assert/strict";
import { recipientId } from "../../functions/notifications/recipients.ts";
import { suppress } from "../../functions/notifications/suppressions.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { RESET } from "./notifications_world.ts";
import { ada, approved } from "./row_webhooks_samples.ts";
import {
  createRowWorld,
  post,
  type RowChange,
  sendChange,
  SUPABASE_SECRET,
} from "./row_webhooks_world.ts";

const [engine] = postgresEngines();
const open = (startAt?: number, plan?: "free") =>
  createRowWorld(engine.database(), engine.url(), {
    ...(startAt !== undefined && { startAt }),
    plan,
  });

const message = (row: Record<string, unknown>): RowChange => ({
  collection: "messages",
  row: {
    id: 1,
    recipient: { email: "ada@example.com" },
    sender: { name: "Ben" },
    text: "hi",
    ...row,
  },
});

const texts: { what: string; change: RowChange; says: RegExp }[] = [
  {
    what: "a text with an emoji where it is cut",
    change: message({ text: "x".repeat(9_999) + "😀 and more" }),
    says: /xxx/,
  },
  {
    what: "a name with an emoji where it is cut",
    change: message({ sender: { name: "x".repeat(199) + "😀 and more" } }),
    says: /xxx/,
  },
  { what: "a NUL in a text", change: message({ text: "is it\0 free" }), says: /is it free/ },
  { what: "half a character", change: message({ text: "cut\ud83d" }), says: /cut\ufffd/ },
];
for (const { what, change, says } of texts) {
  Deno.test(`a row with ${what} is told by mail`, async () => {
    await using world = await open();
    for (const sender of ["supabase", "payload"] as const) {
      const { status, body } = await sendChange(world, sender, change);
      assert.deepEqual([status, body.accepted], [202, true], JSON.stringify(body));
    }
    await world.cloud.advance("20m");
    const [mail] = world.cloud.mail.mails();
    assert.match(mail.text ?? "", says);
  });
}

for (const event of ["user.reset.start", "message.new"]) {
  Deno.test(`${event} with what JSON and Postgres refuse in its texts is told by mail`, async () => {
    await using world = await open();
    const data = event === "message.new"
      ? { from: "Be\0n", text: "cut\ud83d", url: RESET }
      : { url: RESET };
    const to = { email: "ada@example.com", name: "A\0da" };
    const { response } = await world.tell(event, { to, data });
    assert.equal(response.status, 202);
    await world.cloud.advance("20m");
    assert.equal(world.cloud.mail.mails().length, 1);
  });
}

Deno.test("a notification whose id holds a NUL is not found", async () => {
  await using world = await open();
  assert.equal((await world.api("GET", "/api/notifications/a%00b")).response.status, 404);
  assert.equal(
    (await world.api("GET", "/api/suppressions?email=a%00@example.com")).response.status,
    422,
  );
});

Deno.test("ids past 2^53 are exact: rows that differ in the last digit are two", async () => {
  await using world = await open();
  for (const id of ["1161380288898609914", "1161380288898609915"]) {
    const record =
      `{"id":${id},"title":"Loft","owner_email":"ada@example.com","status":"approved"}`;
    const { body } = await post(world, "supabase", {
      headers: { Authorization: `Bearer ${SUPABASE_SECRET}` },
      body:
        `{"type":"UPDATE","table":"listings","schema":"public","record":${record},"old_record":{"status":"pending"}}`,
    });
    assert.equal(body.told[0].deduplicated, false);
  }
  await world.cloud.advance("5m");
  const links = world.cloud.mail.mails().map(({ text }) => /listings\/(\d+)/.exec(text ?? "")?.[1]);
  assert.deepEqual(links.sort(), ["1161380288898609914", "1161380288898609915"]);
});

Deno.test("all spellings of an internationalised domain are one recipient, written to in ASCII", async () => {
  await using world = await open();
  const email = "ada@bücher.example";
  await world.tell("user.reset.start", { to: { email } });
  await world.cloud.advance("1m");
  assert.deepEqual(world.cloud.mail.mails().map(({ to }) => to), [["ada@xn--bcher-kva.example"]]);
  const { body } = await world.api("GET", "/api/notifications?email=ADA@B%C3%9CCHER.example");
  assert.equal(body.notifications.length, 1);
});

const forms: { what: string; change: RowChange; says: RegExp }[] = [
  {
    what: "a moment without a zone",
    change: {
      collection: "users",
      operation: "update",
      row: { id: 1, email: "ada@example.com", passwordChangedAt: "2026-11-20T11:59:00.123" },
      before: { passwordChangedAt: null },
    },
    says: /20 November 2026, 11:59/,
  },
  ...[
    "2026-11-20 11:59:00+00",
    "2026-11-20 11:59:00,5 UTC",
    "2026-11-20T12:59+0100",
    "1795175940",
    "1795175940000",
  ].map((
    at,
  ) => ({
    what: `the moment ${at}`,
    change: {
      collection: "users",
      operation: "update" as const,
      row: { id: 1, email: "ada@example.com", passwordChangedAt: at },
      before: { passwordChangedAt: null },
    },
    says: /20 November 2026, 11:59/,
  })),
  {
    what: "four and a half stars as text",
    change: {
      collection: "reviews",
      row: {
        id: 1,
        listing: { id: 4, title: "Loft", owner: ada },
        author: { name: "Ben" },
        stars: "4.5",
      },
    },
    says: /★★★★½ \(4\.5 of 5\)/,
  },
  {
    what: "an average of stars, and a title that is a number",
    change: {
      collection: "reviews",
      row: {
        id: 1,
        listing: { id: 4, title: 1984, owner: ada },
        author: { name: "Ben" },
        stars: 3.4,
      },
    },
    says: /1984[^]*★★★½☆/,
  },
  {
    what: "null among its reasons",
    change: {
      collection: "listings",
      operation: "update",
      row: {
        ...approved.row,
        status: "rejected",
        reasons: [null, "Too dark.", "  ", { text: "No price." }],
      },
      before: { status: "pending" },
    },
    says: /Too dark\.[^]*No price\./,
  },
];
for (const { what, change, says } of forms) {
  Deno.test(`a row with ${what} is told`, async () => {
    await using world = await open(Date.parse("2026-11-20T12:00:00Z"));
    const { body } = await sendChange(world, "payload", change);
    assert.equal(body.accepted, true, JSON.stringify(body));
    await world.cloud.advance("24h");
    assert.match(world.cloud.mail.mails()[0].text ?? "", says);
  });
}

Deno.test("a row that a needed field does not take is a dead letter, mended and replayed", async () => {
  await using world = await open();
  const row = { ...approved.row, owner: { name: "Ada", email: "ada at example.com" } };
  const { status, body } = await sendChange(world, "payload", { ...approved, row });
  assert.deepEqual([status, body.accepted], [202, false]);
  await world.cloud.advance("1m");
  const [id] = body.letters;
  const letter = (await world.api("GET", `/api/dead-letters/${id}`)).body;
  assert.match(letter.error.message, /listing\.approved: the row lacks owner\.email$/);
  assert.equal(world.cloud.mail.mails().length, 0);
  // Replayed as it is, it is the same letter again.
  await replay(world, id, {});
  await world.cloud.advance("1m");
  assert.equal((await world.api("GET", `/api/dead-letters/${id}`)).response.status, 200);
  const { input } = JSON.parse(letter.envelope);
  input.change.row.owner.email = "ada@example.com";
  await replay(world, id, { input });
  await world.cloud.advance("1m");
  assert.deepEqual(world.cloud.mail.mails().map(({ to }) => to), [["ada@example.com"]]);
  assert.equal((await world.api("GET", `/api/dead-letters/${id}`)).response.status, 404);
});

Deno.test("a row that is larger than a message is kept with what triggers read of it", async () => {
  await using world = await open(undefined, "free");
  const row = { ...approved.row, title: "", body: "x".repeat(900_000) };
  const { status, body } = await sendChange(world, "supabase", { ...approved, row });
  assert.deepEqual([status, body.letters.length], [202, 1]);
});

Deno.test("a change that is sent again is one letter, and two rows without an id are two", async () => {
  await using world = await open();
  const change = { ...approved, row: { ...approved.row, title: "" } };
  const first = (await sendChange(world, "payload", change)).body.letters;
  assert.deepEqual((await sendChange(world, "payload", change)).body.letters, first);
  const without = (title: string) => ({
    ...approved,
    row: { ...approved.row, id: undefined, title },
  });
  const [one] = (await sendChange(world, "payload", without("One"))).body.letters;
  const [two] = (await sendChange(world, "payload", without("Two"))).body.letters;
  assert.notEqual(one, two);
  await world.cloud.advance("1m");
  const { body } = await world.api("GET", "/api/dead-letters");
  assert.deepEqual(
    body.letters.map(({ id }: { id: string }) => id).sort(),
    [...first, one, two].sort(),
  );
});

const LATER = { notBefore: "2026-12-05T12:00:00Z" };

Deno.test("a mail that waits in hops looks at suppressions in each generation", async () => {
  await using world = await open();
  const { body } = await world.tell("user.reset.start", LATER);
  // Two hops of 6 days are behind it.
  await world.cloud.advance("300h");
  const recipient = await recipientId("dev-identity-secret", "ada@example.com");
  const at = world.cloud.clock.now();
  await suppress(world.sql, { recipient, scope: "all", reason: "bounced", at });
  await world.cloud.advance("48h");
  assert.equal(world.cloud.mail.mails().length, 0);
  assert.equal(
    (await world.api("GET", `/api/notifications/${body.id}`)).body.outcome,
    "suppressed",
  );
});

Deno.test("a mail that waits in hops looks into the log in each generation", async () => {
  await using world = await open();
  const { body } = await world.tell("user.reset.start", LATER);
  await world.cloud.advance("300h");
  await world.sql.query(
    `INSERT INTO notifications (id, event, recipient, outcome, told, at)
     VALUES ($1, 'user.reset.start', 'someone', 'accepted', 1, $2::text::timestamptz)`,
    [body.id, new Date(world.cloud.clock.now()).toISOString()],
  );
  await world.cloud.advance("48h");
  assert.equal(world.cloud.mail.mails().length, 0);
  const state = (await world.api("GET", `/api/jobs/${body.id}`)).body;
  assert.equal(state.generation, 2);
  assert.deepEqual(state.result, { outcome: "accepted" });
});

Deno.test("a mail that was put off into quiet hours waits for their end, in each generation", async () => {
  // 21:59:58 in Berlin, two seconds before its night.
  await using world = await open(Date.parse("2026-11-21T20:59:58Z"));
  world.cloud.mail.faults.add({ kind: "limit", retryAfter: "5" });
  const to = { email: "ada@example.com", timeZone: "Europe/Berlin" };
  const { body } = await world.tell("review.approved", { to, data: { title: "Loft", url: RESET } });
  await world.cloud.advance("9h");
  assert.equal(world.cloud.mail.mails().length, 0);
  await world.cloud.advance("2m");
  assert.equal(world.cloud.mail.mails().length, 1);
  assert.equal((await world.api("GET", `/api/jobs/${body.id}`)).body.generation, 2);
});

Deno.test("a mail that was accepted unheard is known to the provider in a later generation", async () => {
  await using world = await open();
  // Its three attempts hear nothing; then it is put off, and asked for once more.
  world.cloud.mail.faults.add({ kind: "dropReply", times: 3 });
  const { body } = await world.tell("user.reset.start");
  await world.cloud.advance("1h");
  assert.equal(world.cloud.mail.mails().length, 1);
  assert.equal(world.cloud.mail.counts().requests, 4);
  assert.equal((await world.api("GET", `/api/notifications/${body.id}`)).body.outcome, "accepted");
});

Deno.test("a bounce of an address in Unicode holds back what goes to it in ASCII", async () => {
  const secret = "secret-of-identities";
  assert.equal(
    await recipientId(secret, "Ada@BÜCHER.example"),
    await recipientId(secret, "ada@xn--bcher-kva.example"),
  );
});

for (const more of [{ delayMs: 9e15 }, { notBefore: "9999-12-31T23:59:59Z" }]) {
  Deno.test(`a notification with ${JSON.stringify(more)} answers 422, naming it`, async () => {
    await using world = await open();
    const { response, body } = await world.tell("user.reset.start", more);
    assert.equal(response.status, 422);
    assert.equal(body.fields[0].path, Object.keys(more)[0]);
  });
}

async function replay(world: Awaited<ReturnType<typeof open>>, id: string, body: unknown) {
  const response = await world.cloud.fetch(`/api/dead-letters/${id}/replay`, {
    method: "POST",
    headers: { Authorization: `Bearer ${world.cloud.environment.SERVICE_TOKENS}` },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 202, await response.text());
}

Deno.test("a row's link that acts for its recipient is sealed in the letter, and told once it is mended", async () => {
  await using world = await open();
  const url = "https://market.example/claim/4f7c2a";
  const change: RowChange = {
    collection: "claims",
    operation: "update",
    row: { id: 5, status: "invited", listing: { id: 4, title: "" }, claimant: ada, url },
    before: { status: "pending" },
  };
  const [id] = (await sendChange(world, "payload", change)).body.letters;
  await world.cloud.advance("1m");
  const letter = (await world.api("GET", `/api/dead-letters/${id}`)).body;
  assert.doesNotMatch(JSON.stringify(letter), /4f7c2a/);
  const { input } = JSON.parse(letter.envelope);
  input.change.row.listing.title = "Loft";
  await replay(world, id, { input });
  await world.cloud.advance("1m");
  assert.match(world.cloud.mail.mails()[0].text ?? "", /claim\/4f7c2a/);
});
