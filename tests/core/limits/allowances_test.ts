import assert from "node:assert/strict";
import { Allowances, MOST_CALLERS } from "../../../shared/core/limits/allowances.ts";
import { defineLimits } from "../../../shared/mod.ts";

const MINUTE_MS = 60_000;
const START = 29_000_000 * MINUTE_MS;
const { few } = defineLimits({
  few: { limit: 10, windowMs: MINUTE_MS, whenAway: "open", open: true },
});

/** How many of these it lets through by itself. */
function free(allowances: Allowances, caller: string | undefined, times: number, now = START) {
  let count = 0;
  for (let time = 0; time < times; time++) if (!allowances.spend(few, caller, now)) count++;
  return count;
}

Deno.test("half of a limit is free, and the window before weighs by what is left of it", () => {
  const allowances = new Allowances();
  assert.equal(free(allowances, "ann", 9), 5);
  assert.equal(free(allowances, "ann", 9, START + MINUTE_MS), 0, "all of it weighs");
  assert.equal(free(allowances, "ann", 9, START + MINUTE_MS * 1.5), 3, "half of it weighs");
  assert.equal(free(allowances, "ann", 9, START + MINUTE_MS * 4), 5, "nothing weighs");
});

Deno.test("what was let through is told once, and what Redis lets through weighs as well", () => {
  const allowances = new Allowances();
  free(allowances, "ann", 5);
  const asked = allowances.spend(few, "ann", START)!;
  assert.deepEqual([asked.untold, asked.isShared, asked.policy.limit], [5, false, 10]);
  for (let unit = 0; unit < 5; unit++) asked.note();
  assert.equal(allowances.spend(few, "ann", START)!.untold, 0);
  assert.equal(free(allowances, "ann", 9, START + MINUTE_MS * 1.5), 0, "10, half of it weighs");
});

Deno.test("memory is bounded: who comes after the last that is remembered shares an allowance", () => {
  const allowances = new Allowances();
  for (let caller = 0; caller < MOST_CALLERS; caller++) free(allowances, `caller ${caller}`, 1);
  let shared = 0;
  for (let caller = 0; caller < 600; caller++) shared += free(allowances, `late ${caller}`, 1);
  assert.equal(shared, 500, "half of a hundred times 10");
  assert.equal(allowances.spend(few, "late", START)!.isShared, true);
  assert.equal(free(allowances, "caller 7", 9), 4, "who was there before goes on alone");
  assert.equal(
    free(allowances, "late", 9, START + 2 * MINUTE_MS),
    5,
    "and the next window is anew",
  );
});

Deno.test("those who cannot be told share the same allowance", () => {
  const allowances = new Allowances();
  assert.equal(free(allowances, undefined, 600), 500);
  const asked = allowances.spend(few, undefined, START)!;
  assert.deepEqual([asked.isShared, asked.policy.limit], [true, 1_000]);
});

Deno.test("a reset gives the half back as well", () => {
  const allowances = new Allowances();
  free(allowances, "ann", 5);
  allowances.forget(few, "ann");
  assert.equal(free(allowances, "ann", 9), 5);
});

for (
  const [what, row] of [
    ["a token bucket", { algorithm: "token-bucket", refill: 1 }],
    ["a fixed window", { algorithm: "fixed-window" }],
    ["held in no hand", { lease: false }],
  ] as const
) {
  Deno.test(`an open limit is not ${what}`, () => {
    const limit = { limit: 10, windowMs: MINUTE_MS, whenAway: "open", open: true, ...row } as const;
    assert.throws(() => defineLimits({ limit }), /sliding window on a lease/);
  });
}
