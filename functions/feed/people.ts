/**
 * What the feed holds of people: hashes that stand for them. Counts stay, and say nothing of anybody.
 *
 * @module
 */
import {
  type Config,
  createIdentities,
  DAY_MS,
  dayOf,
  type PeopleContribution,
} from "../../shared/mod.ts";

export function createFeedPeople(
  { identitySecret }: Pick<Config, "identitySecret">,
): PeopleContribution {
  const identities = identitySecret === undefined ? undefined : createIdentities(identitySecret);
  // A user's is the same on every day.
  const personOf = async (user: string, now: number) =>
    await identities?.ofPerson(dayOf(now), { user }) ?? "";
  return {
    tables: { feed_favorites: ["person"], feed_audit_words: ["person"] },
    keys: ["uniqueEvents", "eventLog", "approximateViews"],

    async export({ sql, clock }, { user }) {
      const favorites = await sql?.query(
        `SELECT kind, listing, favorited,
           to_timestamp(changed_at / 1000.0) AS at
         FROM feed_favorites WHERE person = $1 ORDER BY changed_at`,
        [await personOf(user, clock.now())],
      );
      return { favorites: favorites ?? [] };
    },

    async erase({ sql, clock }, { user }) {
      const [gone] = await sql?.query<{ favorites: number }>(
        `WITH words AS (DELETE FROM feed_audit_words WHERE person = $1),
         gone AS (DELETE FROM feed_favorites WHERE person = $1 RETURNING 1)
         SELECT count(*)::int AS favorites FROM gone`,
        [await personOf(user, clock.now())],
      ) ?? [];
      return { favorites: gone?.favorites ?? 0 };
    },

    remains: (now) => [
      {
        what: "that a hash saw, saved or booked something, in the days that Redis keeps",
        until: now + 8 * DAY_MS + 3_600_000,
        because: "a set is read whole: taking one out would change what was counted",
      },
      {
        what: "views by address, as hashes under a key of their day",
        until: now + 8 * DAY_MS + 3_600_000,
        because: "nobody can tell whose they are, nor can we",
      },
    ],
  };
}
