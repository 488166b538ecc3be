/**
 * Profiles out: 1 command for one that is cached, else 2 and a look into Postgres.
 *
 * A job that changes a profile puts the new one into the cache while it holds the row's lock; a reader
 * puts in what it read only where there is none. So what is older never takes the place of what is
 * newer. With Redis away Postgres answers; with Postgres away, whoever is cached.
 *
 * @module
 */
import {
  AppError,
  type Keys,
  type Log,
  type Redis,
  type RedisCommand,
  type Sql,
} from "../../../shared/mod.ts";
import { ProfileView } from "../contracts.ts";
import { readProfile } from "./profile_store.ts";

const CACHED_SECONDS = 86_400;

interface CacheParts {
  redis: Redis;
  keys: Keys;
}

/** Puts a profile that was changed into the cache. One command. */
export async function cacheProfile({ redis, keys }: CacheParts, view: ProfileView): Promise<void> {
  await redis.run(cacheCommand(keys, view));
}

/** The user's profile, if there is one. */
export async function profileOf(
  { redis, keys, log, sql }: CacheParts & { log: Log; sql(): Sql },
  user: string,
): Promise<ProfileView | undefined> {
  const withoutRedis = (error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    log.warn("profile.not_cached", { because: error.code });
    return undefined;
  };
  const cached = await redis.run(["GET", keys.profile(user)]).catch(withoutRedis);
  const known = parsed(cached);
  if (known) return known;
  const view = await readProfile(sql(), user);
  // Undefined is no answer of Redis: who cannot read cannot write either.
  if (view && cached !== undefined) {
    await redis.run(cacheCommand(keys, view, cached === null ? ["NX"] : [])).catch(withoutRedis);
  }
  return view;
}

function cacheCommand(keys: Keys, view: ProfileView, flags: string[] = []): RedisCommand {
  return ["SET", keys.profile(view.user), JSON.stringify(view), "EX", CACHED_SECONDS, ...flags];
}

/** What an earlier version wrote in another shape is read anew. */
function parsed(cached: unknown): ProfileView | undefined {
  if (typeof cached !== "string") return undefined;
  try {
    return ProfileView.safeParse(JSON.parse(cached)).data;
  } catch {
    return undefined;
  }
}
