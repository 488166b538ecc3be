import assert from "node:assert/strict";
import { DifferenceTable } from "./redis_difference_table.ts";
import type { Difference, Observation } from "./redis_differences.ts";

const observed = (...command: string[]): Observation => ({
  command,
  embedded: { outcome: "1", inner: [] },
  redis: { outcome: "2", inner: [] },
});
const entry = (cause: string, commands?: string, matches = () => true): Difference => ({
  cause,
  commands,
  matches,
});

Deno.test("a difference that no entry explains is new", () => {
  const table = new DifferenceTable([
    entry("another command", "GET"),
    entry("no match", "SET", () => false),
  ]);
  assert.equal(table.isKnown(observed("SET", "k", "v")), false);
  assert.equal(table.isKnown(observed("GET", "k")), true);
});

Deno.test("an entry is stale while nothing needs it, be it that another explains the same", () => {
  const table = new DifferenceTable([
    entry("wide"),
    entry("narrow", "GET"),
    entry("unseen", "SET", () => false),
  ]);
  assert.deepEqual(table.stale(), ["wide", "narrow", "unseen"]);
  assert.ok(table.isKnown(observed("GET", "k")));
  assert.deepEqual(table.stale(), ["wide", "narrow", "unseen"]);
  assert.ok(table.isKnown(observed("SET", "k", "v")));
  assert.deepEqual(table.stale(), ["narrow", "unseen"]);
});
