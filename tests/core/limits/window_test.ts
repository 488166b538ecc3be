import assert from "node:assert/strict";
import { defineLimits } from "../../../shared/mod.ts";
import { freeAt, opensAt, windowAt } from "../../../shared/core/limits/window.ts";

const { sliding, fixed } = defineLimits({
  sliding: { limit: 10, windowMs: 60_000, whenAway: "open" },
  fixed: { limit: 10, windowMs: 60_000, whenAway: "open", algorithm: "fixed-window" },
});
const start = 1_000 * 60_000;
const window = windowAt(sliding, start);

const free = [
  { counts: [0, 0], ms: 0, sliding: 10, fixed: 10 },
  { counts: [0, 10], ms: 0, sliding: 0, fixed: 10 },
  { counts: [0, 10], ms: 30_000, sliding: 5, fixed: 10 },
  { counts: [3, 10], ms: 30_001, sliding: 3, fixed: 7 },
  { counts: [12, 0], ms: 0, sliding: -2, fixed: -2 },
  { counts: [8, 3], ms: 60_000, sliding: 2, fixed: 10 },
  { counts: [8, 3], ms: 150_000, sliding: 10, fixed: 10 },
] as const;
for (const { counts: [current, previous], ms, ...expected } of free) {
  Deno.test(`of ${current} now and ${previous} before, after ${ms} ms ${expected.sliding} are free, ${expected.fixed} of a fixed window`, () => {
    const counts = { window, current, previous };
    assert.equal(freeAt(sliding, counts, start + ms), expected.sliding);
    assert.equal(freeAt(fixed, counts, start + ms), expected.fixed);
  });
}

Deno.test("opensAt() is the first ms at which the weight is free, for every count and weight", () => {
  for (const policy of [sliding, fixed]) {
    for (let seed = 0; seed < 4_000; seed++) {
      const at = (factor: number, most: number) => Math.floor(seed * factor) % most;
      const counts = { window, current: at(7.3, 14), previous: at(3.1, 12) };
      const weight = 1 + at(1.7, 10);
      const now = start + at(977.7, 60_000);
      const opens = opensAt(policy, counts, weight, now);
      assert.ok(freeAt(policy, counts, opens) >= weight, `${JSON.stringify(counts)} ${weight}`);
      assert.ok(opens === now || freeAt(policy, counts, opens - 1) < weight);
    }
  }
});
