import assert from "node:assert/strict";
import { DifferenceTable } from "./redis_difference_table.ts";
import { differences, type Observation } from "./redis_differences.ts";
import { engines, startEngine } from "./redis_engines.ts";
import { type Finding, fuzz, shrink } from "./redis_fuzz.ts";

// FUZZ_SEEDS="7 8" looks elsewhere; then no entry can be called stale.
const chosen = Deno.env.get("FUZZ_SEEDS")?.split(/\s+/).map(Number);
// Beyond the first ten, those that meet the rare entries of the table.
const seeds = chosen ?? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 18, 21, 30, 43, 68, 77, 83];
const stepsPerSeed = 4_000;
const shownFindings = 5;

const [embedded, redis] = engines;

Deno.test({
  ...redis.options("random sequences give the same replies on both engines"),
  fn: async () => {
    await using one = await startEngine(embedded);
    await using other = await startEngine(redis);
    const pair = { embedded: one.engine, redis: other.engine };
    const table = new DifferenceTable(differences);
    const isKnown = (observation: Observation) => table.isKnown(observation);

    const findings: Finding[] = [];
    let commands = 0;
    for (const seed of seeds) {
      const run = await fuzz(pair, seed, {
        steps: stepsPerSeed,
        stepsBetweenFlushes: 400,
        isKnown,
      });
      commands += run.commands;
      findings.push(...run.findings);
    }

    const shown: string[] = [];
    for (const finding of findings.slice(0, shownFindings)) {
      shown.push(report(finding, await shrink(pair, finding, isKnown)));
    }
    assert.equal(findings.length, 0, `${findings.length} new differences\n${shown.join("\n")}`);
    assert.ok(commands >= seeds.length * stepsPerSeed);
    if (chosen === undefined) assert.deepEqual(table.stale(), [], "entries that nothing needs");
  },
});

function report(finding: Finding, steps: readonly (readonly (readonly string[])[])[]): string {
  const shownStep = (step: readonly (readonly string[])[]) =>
    step.map((command) => JSON.stringify(command)).join(" + ");
  return [
    `seed ${finding.seed}: ${JSON.stringify(finding.command)}`,
    `  embedded ${JSON.stringify(finding.embedded)}`,
    `  redis    ${JSON.stringify(finding.redis)}`,
    ...steps.map((step) => `  after ${shownStep(step)}`),
  ].join("\n");
}
