/**
 * The same random comparison, on the commands whose answers parted before.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Difference, differences, isError, type Observation } from "./redis_differences.ts";
import { DifferenceTable } from "./redis_difference_table.ts";
import { engines, startEngine } from "./redis_engines.ts";
import { type Finding, fuzz, shrink } from "./redis_fuzz.ts";
import { namedFamilies } from "./redis_named_families.ts";

const seeds = (Deno.env.get("FUZZ_SEEDS") ?? "1 2 3 4").split(/\s+/).map(Number);
const [embedded, redis] = engines;

Deno.test({
  ...redis.options("floats, copies, stored ranges, XINFO and functions agree"),
  fn: async () => {
    await using one = await startEngine(embedded);
    await using other = await startEngine(redis);
    const pair = { embedded: one.engine, redis: other.engine };
    const table = new DifferenceTable([...differences, orderOfNames]);
    const isKnown = (observation: Observation) => table.isKnown(observation);
    const findings: Finding[] = [];
    for (const seed of seeds) {
      await Promise.all([one.engine, other.engine].map((engine) => engine.run(FLUSH_FUNCTIONS)));
      const run = await fuzz(pair, seed, {
        steps: 3_000,
        stepsBetweenFlushes: 300,
        templates: namedFamilies,
        isKnown,
      });
      findings.push(...run.findings);
    }
    const shown: string[] = [];
    for (const finding of findings.slice(0, 5)) {
      const steps = await shrink(pair, finding, isKnown);
      shown.push(
        `seed ${finding.seed}\n  embedded ${JSON.stringify(finding.embedded)}\n` +
          `  redis    ${JSON.stringify(finding.redis)}\n` +
          steps.map((step) => `  ${JSON.stringify(step)}`).join("\n"),
      );
    }
    assert.equal(findings.length, 0, `${findings.length} new differences\n${shown.join("\n")}`);
  },
});

const orderOfNames: Difference = {
  cause: "Names are in order only among equal scores; else a range of them is whatever it is",
  commands: "ZRANGESTORE",
  matches: ({ command, embedded, redis }) =>
    command.includes("BYLEX") && !isError(embedded.outcome) && !isError(redis.outcome),
};
const FLUSH_FUNCTIONS = ["FUNCTION", "FLUSH"].map((word) => new TextEncoder().encode(word));
