import assert from "node:assert/strict";
import { defineLimits, type LimitPolicy } from "../../../shared/mod.ts";
import { runFleet, type RunOptions } from "./fleet.ts";

const { sliding, fixed, one, many, unleased } = defineLimits({
  sliding: { limit: 100, windowMs: 60_000, whenAway: "closed" },
  fixed: { limit: 100, windowMs: 60_000, whenAway: "closed", algorithm: "fixed-window" },
  one: { limit: 1, windowMs: 10_000, whenAway: "closed" },
  many: { limit: 3_000, windowMs: 60_000, whenAway: "closed" },
  unleased: { limit: 100, windowMs: 60_000, whenAway: "closed", lease: false },
});

/** `mostRefused`: of all checks, those refused although the same algorithm on one clock was not full. */
const runs: (Omit<RunOptions, "minutes"> & { what: string; mostRefused: number })[] = [
  { what: "half the limit", policy: sliding, isolates: 4, perSecond: 0.8, mostRefused: 0.01 },
  { what: "about the limit", policy: sliding, isolates: 4, perSecond: 1.67, mostRefused: 0.1 },
  { what: "six times the limit", policy: sliding, isolates: 4, perSecond: 10, mostRefused: 0.03 },
  { what: "twice a fixed window", policy: fixed, isolates: 4, perSecond: 3.3, mostRefused: 0.12 },
  { what: "a limit of one", policy: one, isolates: 4, perSecond: 0.5, mostRefused: 0.01 },
  { what: "3,000 a minute", policy: many, isolates: 4, perSecond: 40, mostRefused: 0.02 },
  { what: "no leases", policy: unleased, isolates: 4, perSecond: 3, mostRefused: 0.01 },
  {
    what: "bursts of 30 at once",
    policy: sliding,
    isolates: 4,
    perSecond: 3,
    atOnce: 30,
    mostRefused: 0.02,
  },
];
for (const { what, mostRefused, ...run } of runs) {
  Deno.test(`four isolates never let more through than one clock would: ${what}`, async () => {
    for (const seed of [1, 2]) {
      const { over, checks, refusedThoughFree } = await runFleet({ ...run, minutes: 4, seed });
      assert.equal(over, 0, `seed ${seed}`);
      const share = refusedThoughFree / checks;
      assert.ok(share <= mostRefused, `seed ${seed}: ${share} refused though free`);
    }
  });
}

for (const policy of [sliding, fixed]) {
  Deno.test(`weights of 1 to 20 in a ${policy.algorithm} never pass the limit, and what is refused takes nothing`, async () => {
    let turn = 0;
    const weight = () => 1 + (turn++ * 7) % 20;
    const figures = await runFleet({ policy, isolates: 4, perSecond: 1, minutes: 6, weight });
    assert.equal(figures.over, 0);
    assert.ok(figures.admitted > 50, `${figures.admitted} passed`);
  });
}

/**
 * The bound under skew: what an isolate counts in another window than the true one, which happens
 * within the skew of an edge, and what the window before weighs too little.
 */
function mostOver({ limit, windowMs }: LimitPolicy, skewMs: number, perSecond: number): number {
  const aroundAnEdge = 2 * skewMs * perSecond / 1_000;
  return Math.ceil(limit * 2 * skewMs / windowMs + aroundAnEdge + 4 * Math.sqrt(aroundAnEdge)) + 1;
}

for (
  const { skewMs, perSecond } of [{ skewMs: 50, perSecond: 10 }, { skewMs: 2_000, perSecond: 4 }]
) {
  Deno.test(`with clocks that are ${skewMs} ms early and late, no more passes than the bound says`, async () => {
    for (const seed of [1, 2, 3]) {
      const figures = await runFleet({
        policy: sliding,
        isolates: 4,
        perSecond,
        minutes: 6,
        seed,
        skewMs: (isolate) => [-skewMs, 0, skewMs, skewMs / 2][isolate],
      });
      const bound = mostOver(sliding, skewMs, perSecond);
      assert.ok(figures.mostOver <= bound, `seed ${seed}: ${figures.mostOver} over, ${bound}`);
    }
  });
}
