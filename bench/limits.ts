/**
 * Commands for 1,000 checks of one identifier, ours beside plain @upstash/ratelimit, and how exact:
 * counted on the virtual clock, not timed. `deno run -A bench/limits.ts [minutes]`.
 *
 * @module
 */
import { defineLimits } from "../shared/mod.ts";
import { type Figures, runFleet } from "../tests/core/limits/fleet.ts";

const minutes = Number(Deno.args[0] ?? 10);
const only = Deno.args[1];
const limits = defineLimits({
  hundred: { limit: 100, windowMs: 60_000, whenAway: "closed" },
  thousands: { limit: 3_000, windowMs: 60_000, whenAway: "closed" },
});
const contenders = ["library without memory", "library", "ours"] as const;

const percent = (part: number, whole: number) => `${(100 * part / whole).toFixed(1)} %`;
const per1000 = (count: number, { checks }: Figures) => Math.round(1_000 * count / checks);

console.log(`${minutes} minutes of each; a commands column is for 1,000 checks`);
console.log(
  "| limit | checks/s | isolates | by | commands | trips | refused | over | though free |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const policy of Object.values(limits)) {
  for (const perSecond of [1, 10, 50]) {
    for (const isolates of [1, 4]) {
      for (const by of contenders) {
        if (only !== undefined && by !== only) continue;
        const figures = await runFleet({ policy, isolates, perSecond, minutes, by });
        const cells = [
          policy.limit,
          perSecond,
          isolates,
          by,
          per1000(figures.commands, figures),
          per1000(figures.requests, figures),
          percent(figures.refused, figures.checks),
          figures.over,
          percent(figures.refusedThoughFree, figures.checks),
        ];
        console.log(`| ${cells.join(" | ")} |`);
      }
    }
  }
}
