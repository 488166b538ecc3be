import assert from "node:assert/strict";
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
  name: "random sequences give the same replies on both engines",
  ...redis.needed,
  fn: async () => {
    await using one = await startEngine(embedded);
    await using other = await startEngine(redis);
    const pair = { embedded: one.engine, redis: other.engine };
    const matched = new Set<number>();
    const isKnown = (observation: Observation) => {
      const found = differences.findIndex((each) =>
        applies(each.commands, observation.command[0]) &&
        each.matches(observation)
      );
      if (found !== -1) matched.add(found);
      return found !== -1;
    };

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
    if (chosen === undefined) {
      const stale = differences.filter((_, index) => !matched.has(index)).map(({ cause }) => cause);
      assert.deepEqual(stale, [], "entries that matched nothing");
    }
  },
});

function applies(commands: string | undefined, name: string): boolean {
  return commands === undefined || commands.split(" ").includes(name);
}

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
