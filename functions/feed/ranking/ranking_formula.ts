/**
 * How a listing's score comes about, in whole numbers: nothing depends on the order of a sum.
 *
 * Decay is in parts per million, a score in billionths. The constants stand here and nowhere else.
 *
 * @module
 */

/** How many points one event gives; favorites are those that were not taken back. */
export const weights = { views: 1, favorites: 4, bookings: 12 } as const;

/** After so many days an event weighs half. */
export const HALF_LIFE_DAYS = 7;

/** Events are weighed for so many UTC days, today with them. */
export const RANKED_DAYS = 30;

/** A listing starts as if it had been shown so often, at the mean rate of its kind. */
export const DAMPING_IMPRESSIONS = 200;

const MILLION = 1_000_000;

/** What an event of today, of yesterday and so on weighs, in parts per million. */
export const decayMillionths: readonly number[] = Array.from(
  { length: RANKED_DAYS },
  (_, age) => Math.round(MILLION * 2 ** (-age / HALF_LIFE_DAYS)),
);

const DAMPING_MILLIONTHS = DAMPING_IMPRESSIONS * MILLION;
const BILLION = 1_000_000_000;

/** SQL: what an event of the day in the column `day` weighs; `today` is an expression. */
export function decaySql(today: string): string {
  return `(ARRAY[${decayMillionths.join(",")}]::bigint[])[${today} - day + 1]`;
}

/** SQL: points and showings of a group of days, in millionths, on the columns of feed_counts and `decay`. */
export const totalsSql = {
  points: `sum(decay * (${weights.views} * views + ${weights.bookings} * bookings))
    + ${weights.favorites} * greatest(0, sum(decay * (favorites - unfavorites)))`,
  shown: "greatest(sum(decay * impressions), sum(decay * views))",
  impressions: "sum(decay * impressions)",
};

/** SQL: a score in whole billionths, rounded half up, of one `listing` in the totals of its `kind`. */
export function scoreSql(listing: string, kind: string): string {
  const points = `${listing}.points * ${kind}.shown + ${DAMPING_MILLIONTHS} * ${kind}.points`;
  const shown = `(${listing}.shown + ${DAMPING_MILLIONTHS}) * ${kind}.shown`;
  return `CASE WHEN ${kind}.impressions = 0 THEN ${listing}.points * ${BILLION / MILLION}
    ELSE div(2 * ${BILLION} * (${points}) + ${shown}, 2 * ${shown}) END`;
}

/** SQL: billionths as the score that is shown. */
export function shownScoreSql(billionths: string): string {
  return `round(${billionths} * 0.000000001, 9)`;
}

/** The formula, for the API's documentation; ARCHITECTURE.md has it at length. */
export const rankingDescription =
  `score = (points + ${DAMPING_IMPRESSIONS} × mean) / (shown + ${DAMPING_IMPRESSIONS}), where points = ` +
  `${weights.views} × views + ${weights.favorites} × favorites that were not taken back + ` +
  `${weights.bookings} × bookings; shown = impressions, or views where those are more; mean = all points ` +
  `of the kind / all showings of the kind. Each event weighs 2^(−age in days / ${HALF_LIFE_DAYS}), and ` +
  `nothing after ${RANKED_DAYS} days. A kind that has no impressions goes by points alone. Ties go by ` +
  `points, then by id. For example, in a kind of two: A has today 300 impressions, 30 views, 2 favorites ` +
  `and 1 booking, so 50 points; B had 7 days ago 200 impressions and 40 views, which weigh half, so 20 ` +
  `points for 100. The mean is 70 / 400 = 0.175. A: (50 + 35) / (300 + 200) = 0.17. ` +
  `B: (20 + 35) / (100 + 200) = 0.183333333, which comes first.`;
