/**
 * The order of listings in each segment of a kind, computed in SQL from the days' counts.
 *
 * Written under a new id and read only when it is whole; the three newest are kept. What the
 * score is stands in ranking_formula.ts.
 *
 * @module
 */
import { dayOf, type Sql } from "../../../shared/mod.ts";
import type { Kind } from "../contracts.ts";
import { forgetRemovedListings, removeOldRanking } from "./ranking_removal.ts";
import type { RankMode } from "./rank_mode.ts";
import { beginRanking, type StepSizes, takeStep } from "./ranking_steps.ts";

export interface RankOptions {
  /** Tells runs apart: one that comes again goes on with its own ranking. */
  run: string;
  /** Epoch ms. */
  now: number;
  /** Asked between two steps; false ends this call. Default: always true. */
  mayGoOn?: () => boolean;
  sizes?: StepSizes;
  /** Default: `all`; the job goes by the setting, else by what the database says. */
  rank?: RankMode;
}

/** Ranks the listings of one kind. Resolves to false when there is more to do: call it again. */
export async function rankKind(sql: Sql, kind: Kind, options: RankOptions): Promise<boolean> {
  const { run, now, mayGoOn = () => true, sizes, rank = "all" } = options;
  const day = dayOf(now);
  const id = await beginRanking(sql, kind, { run, day, now });
  while (await takeStep(sql, id, { ...sizes, rank })) {
    if (!mayGoOn()) return false;
  }
  while (await removeOldRanking(sql, kind, sizes)) {
    if (!mayGoOn()) return false;
  }
  await forgetRemovedListings(sql, kind, day);
  return true;
}
