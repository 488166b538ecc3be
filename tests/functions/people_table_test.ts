import assert from "node:assert/strict";
import { createPeople } from "../../functions/people_table.ts";
import { createKeys, isAbout, readConfig } from "../../shared/mod.ts";
import { migrations } from "../../shared/migrations/migrations.ts";

const people = Object.values(createPeople(readConfig({
  PUBLIC_URL: "https://app.example",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  QSTASH_TOKEN: "token",
  QSTASH_CURRENT_SIGNING_KEY: "sixteen letters.",
  QSTASH_NEXT_SIGNING_KEY: "sixteen letters.",
})));

/** A column that leads to somebody, or holds what somebody said, by its name. */
const PERSONAL =
  /(^|_)(user|person|recipient|email|address|name|text|title|envelope|detail|data)(_|$)/;

/** What looks so by its name, and is nobody's. */
const NOBODYS = new Set([
  // The name of an effect; a step of a job's own code.
  "effects.name",
  // Counts of a day.
  "profile_summaries.detail",
]);

/** Keys that hold nothing of anybody. */
const IMPERSONAL = new Set([
  "groupEnded",
  "scheduleSlot",
  "tickSignature",
  "approximateListings",
]);

/** Every column of the migrations, as `table.column`. */
function columns(): string[] {
  const found: string[] = [];
  for (const { sql } of migrations) {
    for (
      const [, table, body] of sql.matchAll(/CREATE TABLE (?:\w+\.)?(\w+) \(\n([\s\S]*?)\n\);/g)
    ) {
      for (const [, column] of body.matchAll(/^ {2}(?!PRIMARY|UNIQUE|FOREIGN|CHECK)(\w+) /gm)) {
        found.push(`${table}.${column}`);
      }
    }
    for (
      const [, table, column] of sql.matchAll(
        /ALTER TABLE (?:\w+\.)?(\w+)\s+ADD (?:COLUMN )?(\w+) /g,
      )
    ) {
      found.push(`${table}.${column}`);
    }
  }
  return found;
}

const named = new Set(
  people.flatMap(({ tables }) =>
    Object.entries(tables).flatMap(([table, of]) => of.map((column) => `${table}.${column}`))
  ),
);

Deno.test("every column that leads to somebody is named by a contribution", () => {
  const all = columns();
  assert.ok(all.length > 60, "the migrations are read");
  const personal = all.filter((column) =>
    PERSONAL.test(column.split(".")[1]) && !NOBODYS.has(column)
  );
  assert.deepEqual(personal.filter((column) => !named.has(column)), []);
  assert.deepEqual(
    [...named].filter((column) => !all.includes(column)),
    [],
    "and there is no other",
  );
});

Deno.test("every Redis key is named by a contribution, or says nothing of anybody", () => {
  const keys = Object.keys(createKeys("test"));
  const held = new Set<string>(people.flatMap(({ keys }) => keys));
  assert.deepEqual(keys.filter((key) => !held.has(key) && !IMPERSONAL.has(key)), []);
  assert.deepEqual([...held, ...IMPERSONAL].filter((key) => !keys.includes(key)), []);
});

Deno.test("a job is about a person whom a field names, and not about one of a list", () => {
  const person = { user: "u-7", addresses: ["ada@example.com"] };
  const aliases = new Set(["hash-of-ada"]);
  const about: [input: unknown, is: boolean][] = [
    [{ user: "u-7" }, true],
    [{ to: { email: " Ada@Example.com " } }, true],
    [{ change: { row: { by: "hash-of-ada" } } }, true],
    [{ user: "u-70", to: "bada@example.com" }, false],
    [{ users: ["u-7", "u-8"] }, false],
    [{ events: [{ by: "hash-of-ada" }] }, false],
    [null, false],
    [7, false],
  ];
  for (const [input, is] of about) {
    assert.equal(isAbout(input, person, aliases), is, JSON.stringify(input));
  }
});
