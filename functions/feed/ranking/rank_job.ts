/**
 * The job that ranks the feed: all kinds in one delivery where they fit, else in a chain of them.
 *
 * @module
 */
import * as z from "zod";
import { defineJob } from "../../../shared/mod.ts";
import { Kind, kinds } from "../contracts.ts";
import { RunName } from "../flush/flush_cursor.ts";
import { installedRank, rankDoubt, rankDoubts, type RankMode } from "./rank_mode.ts";
import { rankKind } from "./ranking.ts";

/** What must be left of the lease for another step: a statement ends within 20 s. */
const STEP_MS = 25_000;

export const RankInput = z.object({
  /** The job that began the chain. Default: this one. */
  run: RunName.optional(),
  /** The kind to go on with. Default: the first. */
  kind: Kind.default(kinds[0]),
  /** How many jobs of the chain came before. */
  part: z.int().min(0).max(1_000_000).default(0),
});

/** Makes the job, for what `FEED_RANK` says. */
export function createRankJob(set?: RankMode) {
  /** Ranks every kind; makes no Redis command of its own. */
  const feedRank = defineJob({
    name: "feed.rank",
    description: "Ranks the listings of every segment.",
    input: RankInput,
    internalFields: ["run", "kind", "part"],
    timeoutMs: 60_000,
    run: async ({ run, kind, part }, context) => {
      const { sql, clock, id, leaseUntil, log } = context;
      const mayGoOn = () => clock.now() < leaseUntil - STEP_MS;
      const left: Kind[] = kinds.slice(kinds.indexOf(kind));
      const goOnWith = (kind: Kind) =>
        context.enqueue(feedRank, { run: run ?? id, kind, part: part + 1 });
      const rank = set ?? await installedRank(sql);
      for (const each of left) {
        // The first always gets a step, or a chain could go on for ever.
        if (each !== kind && !mayGoOn()) return void await goOnWith(each);
        const now = clock.now();
        const isDone = await rankKind(sql, each, { run: run ?? id, now, mayGoOn, rank });
        if (!isDone) return void await goOnWith(each);
      }
      const doubt = await rankDoubt(sql, set);
      if (doubt) log.warn("feed.rank_doubtful", { doubt, because: rankDoubts[doubt] });
    },
  });
  return feedRank;
}

export const feedRank = createRankJob();
