/**
 * Events that do not fit, or mean harm: refused with the field's name, and nothing is done.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createEventsWorld } from "./feed_events_world.ts";

const session = "session-of-a-browser";
const view = { kind: "locations", id: 42, session };
const batch = "batch-0123456789";
const one = { kind: "locations", id: 1 };

const refused: [because: string, path: string, body: unknown, field: string][] = [
  ["no kind", "views", { id: 1 }, "kind"],
  ["an unknown kind", "views", { ...view, kind: "planets" }, "kind"],
  ["the name of a prototype as its kind", "views", { ...view, kind: "__proto__" }, "kind"],
  ["no id", "views", { kind: "events" }, "id"],
  ["a negative id", "views", { ...view, id: -1 }, "id"],
  ["a broken number as its id", "views", { ...view, id: 1.5 }, "id"],
  ["an integer that JSON rounds", "views", '{"kind":"events","id":9007199254740993}', "id"],
  ["a number without an end", "views", '{"kind":"events","id":1e999}', "id"],
  ["an empty id", "views", { ...view, id: "" }, "id"],
  ["an id that is too long", "views", { ...view, id: "x".repeat(129) }, "id"],
  ["a lone surrogate in its id", "views", '{"kind":"events","id":"\\ud800"}', "id"],
  ["a zero byte in its id", "views", { ...view, id: "a\0b" }, "id"],
  ["a line break in its id", "views", { ...view, id: "a\r\nb" }, "id"],
  ["a space in its id", "views", { ...view, id: "a b" }, "id"],
  ["markup as its id", "views", { ...view, id: "<b>1</b>" }, "id"],
  ["another script in its id", "favorites", { ...view, id: "Élan" }, "id"],
  ["a path as its id", "bookings", { ...one, id: "../42", booking: 1 }, "id"],
  ["no text as its id", "views", { ...view, id: null }, "id"],
  ["a list as its id", "views", { ...view, id: ["42"] }, "id"],
  ["a session that is too short", "views", { ...view, session: "short" }, "session"],
  ["a session that is too long", "views", { ...view, session: "x".repeat(129) }, "session"],
  [
    "a lone surrogate in its session",
    "views",
    '{"kind":"events","id":1,"session":"\\udfff1234567"}',
    "session",
  ],
  ["a token that is too long", "views", { ...view, token: "x".repeat(4_097) }, "token"],
  ["a field that nobody knows", "views", { ...view, extra: 1 }, "body"],
  ["its own prototype", "views", '{"kind":"events","id":1,"__proto__":{"user":"u1"}}', "body"],
  ["a list as its body", "views", [view], "body"],
  ["no object as its body", "views", "null", "body"],
  ["no body", "views", "", "kind"],
  ["no batch", "impressions", { impressions: [one] }, "batch"],
  ["a batch that is too short", "impressions", { batch: "short", impressions: [one] }, "batch"],
  [
    "a batch of other characters",
    "impressions",
    { batch: "batch:0123456789", impressions: [one] },
    "batch",
  ],
  ["no impressions", "impressions", { batch, impressions: [] }, "impressions"],
  ["101 impressions", "impressions", { batch, impressions: Array(101).fill(one) }, "impressions"],
  [
    "a wrong one among many",
    "impressions",
    { batch, impressions: [one, { kind: "events" }] },
    "impressions[1].id",
  ],
  [
    "a count of 0",
    "impressions",
    { batch, impressions: [{ ...one, count: 0 }] },
    "impressions[0].count",
  ],
  [
    "a count below 0",
    "impressions",
    { batch, impressions: [{ ...one, count: -1 }] },
    "impressions[0].count",
  ],
  [
    "a count of 1,001",
    "impressions",
    { batch, impressions: [{ ...one, count: 1_001 }] },
    "impressions[0].count",
  ],
  [
    "a count of one half",
    "impressions",
    { batch, impressions: [{ ...one, count: 0.5 }] },
    "impressions[0].count",
  ],
  [
    "a count as text",
    "impressions",
    { batch, impressions: [{ ...one, count: "1" }] },
    "impressions[0].count",
  ],
  ["an undo that is no truth", "favorites", { ...view, undo: "yes" }, "undo"],
  ["no booking", "bookings", view, "booking"],
  ["an empty booking", "bookings", { ...view, booking: "" }, "booking"],
  [
    "a lone surrogate in its booking",
    "bookings",
    '{"kind":"events","id":1,"booking":"\\ud800"}',
    "booking",
  ],
];
for (const [because, path, body, field] of refused) {
  Deno.test(`POST ${path} with ${because} answers 422, naming ${field}`, async () => {
    await using world = await createEventsWorld();
    const { status, headers, body: problem } = await world.post(path, body);
    assert.equal(status, 422, JSON.stringify(problem));
    assert.equal(headers.get("content-type"), "application/problem+json");
    assert.equal(problem.code, "body_invalid");
    assert.equal(problem.fields[0].path, field);
    assert.ok(problem.fields[0].message.length > 10, problem.fields[0].message);
    assert.ok(problem.detail.length < 1_000);
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
    assert.equal(world.cloud.qstash.messages().length, 0);
  });
}

for (const body of ["{", "kind=events&id=1", "NaN", '{"id":NaN}', "\u0000", "[\ufeff]"]) {
  Deno.test(`a body of ${JSON.stringify(body)} is no JSON and answers 400`, async () => {
    await using world = await createEventsWorld();
    const { status, body: problem } = await world.post("views", body);
    assert.equal(status, 400);
    assert.equal(problem.code, "body_malformed");
  });
}

Deno.test("a body of bytes that are no text answers 400 or 422, never 500", async () => {
  await using world = await createEventsWorld();
  const broken = new Uint8Array([
    ...new TextEncoder().encode('{"kind":"events","id":"'),
    0xff,
    0xfe,
    0x22,
    0x7d,
  ]);
  const { status, body } = await world.post("views", broken);
  assert.ok([200, 400, 422].includes(status), JSON.stringify(body));
  assert.equal((await world.post("views", new Uint8Array([0xff, 0xfe]))).status, 400);
});

const tooLarge: [path: string, bytes: number][] = [
  ["views", 16_001],
  ["favorites", 16_001],
  ["bookings", 16_001],
  ["impressions", 65_537],
];
for (const [path, bytes] of tooLarge) {
  Deno.test(`POST ${path} with ${bytes} bytes answers 413`, async () => {
    await using world = await createEventsWorld();
    const { status, body } = await world.post(path, `{"a":"${"x".repeat(bytes - 8)}"}`);
    assert.equal(status, 413);
    assert.equal(body.code, "body_too_large");
  });
}

Deno.test("the largest batch that fits is taken: 100 ids of 128 characters", async () => {
  await using world = await createEventsWorld();
  const shown = Array.from({ length: 100 }, (_, n) => ({
    kind: "locations",
    id: `${n}`.padEnd(128, "~"),
    count: 1_000,
  }));
  const { status } = await world.post("impressions", { batch, impressions: shown, session });
  assert.equal(status, 200);
});

Deno.test("a body nested without end is refused", async () => {
  await using world = await createEventsWorld();
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]]) {
    const depth = 8_000 / open.length;
    const nested = open.repeat(depth) + (open === "[" ? "" : "1") + close.repeat(depth);
    const { status } = await world.post("views", `{"kind":"events","id":${nested}}`);
    assert.ok([413, 422].includes(status), `${status}`);
  }
});

Deno.test("what a page made of its own prototype changes nothing for anybody", async () => {
  await using world = await createEventsWorld();
  await world.post("views", '{"__proto__":{"polluted":true},"kind":"events","id":1}');
  await world.post(
    "views",
    '{"constructor":{"prototype":{"polluted":true}},"kind":"events","id":1}',
  );
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("another method answers 405 with what is allowed", async () => {
  await using world = await createEventsWorld();
  const response = await world.cloud.fetch("/api/metrics/views", { method: "DELETE" });
  await response.body?.cancel();
  assert.equal(response.status, 405);
  assert.match(response.headers.get("allow")!, /POST/);
});
