import assert from "node:assert/strict";
import { parseEntry } from "../../../shared/core/counters/event_log.ts";
import { LogReader, type Redis, RedisSizeError } from "../../../shared/mod.ts";

const favorite = { type: "favorite", kind: "events", id: "1", by: "anna", favorited: true };
const impressions = { type: "impressions", batch: "b", counts: [["events", "1", 2]] };

Deno.test("an entry is read as it was written", () => {
  for (const entry of [favorite, { ...favorite, at: 5 }, impressions]) {
    assert.deepEqual(parseEntry(JSON.stringify(entry)), entry);
  }
});

const refused: [what: string, text: string][] = [
  ["no JSON", "{"],
  ["another type", JSON.stringify({ ...favorite, type: "view" })],
  [
    "a count that is not positive",
    JSON.stringify({ ...impressions, counts: [["events", "1", 0]] }),
  ],
  ["a count that is not whole", JSON.stringify({ ...impressions, counts: [["events", "1", 1.5]] })],
  ["a count beyond 2^53", '{"type":"impressions","batch":"b","counts":[["events","1",1e300]]}'],
  ["a NUL in an id", JSON.stringify({ ...favorite, id: "a\0b" })],
  [
    "half a character in an id",
    '{"type":"favorite","kind":"e","id":"\\ud800","by":"p","favorited":true}',
  ],
  ["an id that no index holds", JSON.stringify({ ...favorite, id: "x".repeat(257) })],
  ["an empty batch", JSON.stringify({ ...impressions, batch: "" })],
];
for (const [what, text] of refused) {
  Deno.test(`an entry with ${what} is none of ours`, () => {
    assert.equal(parseEntry(text), undefined);
  });
}

/** A stream of entries of this many characters; `most` of them fit into a reply. */
function stream(length: number, characters: number, most = Infinity) {
  const asked: number[] = [];
  const run: Redis["run"] = ([, , after, , , given]) => {
    const count = Number(given);
    asked.push(count);
    const start = Number(String(after).slice(1).split("-")[0]);
    const size = Math.min(count, length - start);
    if (size > most) return Promise.reject(new RedisSizeError("too large"));
    return Promise.resolve(Array.from({ length: size }, (_, index) => [
      `${start + index + 1}-0`,
      ["e", "x".repeat(characters)],
    ]));
  };
  return { redis: { run } as Redis, asked };
}

async function readAll(reader: LogReader): Promise<number> {
  let entries = 0;
  for (let after = "0-0";;) {
    const page = await reader.read(after);
    entries += page.entries.length;
    if (page.isLast) return entries;
    after = page.entries.at(-1)!.id;
  }
}

Deno.test("pages grow to 5,000 short entries", async () => {
  const { redis, asked } = stream(13_000, 100);
  assert.equal(await readAll(new LogReader(redis, "log")), 13_000);
  assert.deepEqual(asked, [2_000, 5_000, 5_000, 5_000]);
});

Deno.test("pages of long entries have about 4 MB", async () => {
  const { redis, asked } = stream(3_000, 4_000);
  assert.equal(await readAll(new LogReader(redis, "log")), 3_000);
  assert.deepEqual(asked, [2_000, 999, 999]);
});

Deno.test("a page that is too large is asked for in a quarter", async () => {
  const { redis, asked } = stream(300, 100, 150);
  const reader = new LogReader(redis, "log", { pageCharacters: 10_000 });
  assert.equal(await readAll(reader), 300);
  assert.deepEqual(asked.slice(0, 4), [2_000, 500, 125, 99]);
});

Deno.test("an entry that is too large by itself is an error", async () => {
  const { redis } = stream(3, 100, 0);
  await assert.rejects(readAll(new LogReader(redis, "log")), RedisSizeError);
});
