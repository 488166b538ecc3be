/**
 * The job that ranks the feed.
 *
 * @module
 */
import * as z from "zod";
import { dayOf, defineJob } from "../../shared/mod.ts";
import { kinds } from "./contracts.ts";
import { rankKind } from "./ranking.ts";

/** Ranks every kind. */
export const feedRank = defineJob({
  name: "feed.rank",
  description: "Ranks the listings of every segment.",
  input: z.object({}),
  timeoutMs: 60_000,
  run: async (_input, { sql, clock, id }) => {
    const now = clock.now();
    for (const kind of kinds) await rankKind(sql, kind, { day: dayOf(now), now, job: id });
  },
});
