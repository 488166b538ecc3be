/**
 * What Redis and Postgres hold under today's settings.
 *
 * @module
 */
import { addDays, createKeys, dayOf, type Redis, UNIQUE_SHARDS } from "../../shared/mod.ts";
import type { Loss, SettingCheck } from "./loss.ts";

const KEPT_DAYS = 8;

/** Another first part of every key, or another Redis: 9 commands. */
export const checkNamespace: SettingCheck = async ({ deps, next }) => {
  const { config, redis, clock } = deps;
  const isMoved = config.redis.url !== next.redis.url;
  if (!isMoved && config.namespace === next.namespace) return [];
  const setting = isMoved ? "UPSTASH_REDIS_REST_URL" : "NAMESPACE";
  const today = dayOf(clock.now());
  const days = Array.from({ length: KEPT_DAYS }, (_, age) => addDays(today, -age));
  const held = await daysHeld(redis, config.namespace, days);
  const losses: Loss[] = [];
  if (held.length > 0) {
    losses.push({
      what: `${setting}: views, impressions, favorites and bookings of ${held.join(", ")}`,
      lost:
        "what was not flushed before the change is not flushed after it; where only NAMESPACE " +
        "changed, the flushes that wait become dead letters, and Redis forgets the day after a week",
      todo:
        "right before the change run feed.flush for each of these days, today last, best shortly " +
        "after midnight UTC; what comes between that flush and the change is lost",
    });
  }
  losses.push({
    what: `${setting}: what Redis remembers of jobs`,
    lost:
      "states, results, steps that were kept and claims: a job that is on its way may repeat a " +
      "step; groups that wait for a child never send their follow-up; limits start anew",
    todo: "stop enqueueing, and wait until what runs has ended",
  }, {
    what: `${setting}: dead letters, where there is no DATABASE_URL`,
    lost: "they stand under the old keys for 30 days",
    todo: "replay or copy them first, or set DATABASE_URL before",
  });
  if (!isMoved) {
    losses.push({
      what: "NAMESPACE: QStash's schedules and flow-control keys, which begin with it",
      lost:
        "schedules of the old name go on beside the new ones; waiting mail keeps the old key, so " +
        "for a while twice the rate may be sent",
      todo:
        "remove the old ones (deno task schedules under the old NAMESPACE lists them), then apply",
    });
  }
  return deps.database ? losses.filter(({ what }) => !what.includes("no DATABASE_URL")) : losses;
};

/** The days of which something is counted; 9 keys to a command. */
async function daysHeld(redis: Redis, namespace: string, days: readonly string[]) {
  const keys = createKeys(namespace);
  const counts = await redis.pipeline(
    days.map((day) =>
      [
        "EXISTS",
        keys.eventLog(day),
        keys.approximateListings(day),
        ...Array.from({ length: UNIQUE_SHARDS }, (_, shard) => keys.uniqueEvents(day, shard)),
      ] as const
    ),
  ) as number[];
  return days.filter((_, index) => counts[index] > 0);
}

/** Another Postgres, or none. */
export const checkDatabase: SettingCheck = async ({ deps, next }) => {
  const { config, database, deadLetters } = deps;
  if (config.databaseUrl === next.databaseUrl) return [];
  if (!database) {
    const { letters } = await deadLetters.list();
    return letters.length === 0 ? [] : [{
      what: `DATABASE_URL: ${letters.length} or more dead letters in Redis`,
      lost: "with a Postgres letters are read there alone; these stay in Redis for 30 days, unseen",
      todo: "replay them before the change",
    }];
  }
  return [{
    what: next.databaseUrl === undefined
      ? "DATABASE_URL: it is taken away"
      : "DATABASE_URL: another Postgres",
    lost:
      "counts, rankings, listings, conversations, profiles, the log of mails, suppressions (people " +
      "who unsubscribed get mail again), dead letters, and the ledger: a transaction of a job that " +
      "is on its way may be applied twice",
    todo: "where it is only another address of the same database, nothing; else copy all tables " +
      "(pg_dump) while nothing runs, then run deno task migrate",
  }];
};

/** How unique views are counted. */
export const checkUniques: SettingCheck = ({ deps: { config, clock }, next }) => {
  if (config.feed.uniques === next.feed.uniques) return [];
  return [{
    what: `FEED_UNIQUES: the views of ${dayOf(clock.now())}`,
    lost:
      "people who were counted one way count again the other way on this day; Postgres keeps the " +
      "larger of both counts, and the day's proof may fail",
    todo: "change it shortly after midnight UTC, when yesterday is closed",
  }];
};
