/**
 * The composition root: settings in, every part of the app out.
 *
 * Built once for each isolate; `forRequest` gives a request its own view, which shares every
 * client and counts apart. Nothing here opens a connection.
 *
 * @module
 */
import { createConsoleLog } from "../shared/adapters/console_log.ts";
import { createPostgres, type PostgresOptions } from "../shared/adapters/postgres.ts";
import { createQstash } from "../shared/adapters/qstash.ts";
import { createDeliveryVerifier } from "../shared/adapters/qstash_verifier.ts";
import { systemClock, systemIds } from "../shared/adapters/system.ts";
import { createUpstashRedis } from "../shared/adapters/upstash_redis.ts";
import { createUserTokens } from "../shared/adapters/user_tokens.ts";
import {
  ArmedSlots,
  type Clock,
  type Config,
  createJobs,
  createKeys,
  createPostgresDeadLetters,
  createRedisDeadLetters,
  type Database,
  type DeadLetters,
  type DeliveryVerifier,
  type Ids,
  type Jobs,
  type Keys,
  type Log,
  type Queue,
  type Redis,
  type RedisTally,
  type Registry,
  type UserTokens,
  withFields,
} from "../shared/mod.ts";
import { type AppRegistry, registry as appRegistry } from "./jobs/registry.ts";
import { type ArmedName, createSchedules } from "./jobs/schedules.ts";

/** What the app asks of the outside; any of it may be replaced. */
export interface Outside {
  clock: Clock;
  ids: Ids;
  log: Log;
  redis: Redis;
  queue: Queue;
  verifier: DeliveryVerifier;
  /** Absent without `DATABASE_URL`; what needs it is off then. */
  database?: Database;
  /** Absent without `AUTH_SECRET` or `AUTH_JWKS_URL`. */
  userTokens?: UserTokens;
}

/** Every part of the app; on jobs of its own, where it is given them. */
export interface Deps<R extends Registry = AppRegistry> extends Outside {
  config: Config;
  keys: Keys;
  deadLetters: DeadLetters;
  jobs: Jobs<R>;
  /** What this isolate knows to be armed. */
  armed: ArmedSlots;
  /** Sees to it that an armed schedule's job runs for this moment's slot. */
  arm(name: ArmedName): Promise<void>;
}

/** Puts the app together. `outside` replaces adapters, `registry` the app's own jobs; both for tests. */
export function createDeps<R extends Registry = AppRegistry>(
  config: Config,
  outside: Partial<Outside> = {},
  registry = appRegistry as unknown as R,
): Deps<R> {
  const { clock = systemClock } = outside;
  return compose(config, registry, {
    clock,
    ids: systemIds,
    log: createConsoleLog({ clock }),
    redis: outside.redis ?? createUpstashRedis({ ...config.redis, clock }),
    queue: outside.queue ??
      createQstash({ url: config.queue.url, token: config.queue.token, clock }),
    verifier: createDeliveryVerifier(config.queue),
    database: createDatabase(config),
    userTokens: config.userTokens && createUserTokens(config.userTokens, clock),
    ...outside,
  }, new ArmedSlots());
}

/** Postgres as it is set, if it is; `scope` says how long a connection may live. */
export function createDatabase(
  { databaseUrl }: Config,
  scope: PostgresOptions["scope"] = "isolate",
): Database | undefined {
  return databaseUrl === undefined ? undefined : createPostgres({ url: databaseUrl, scope });
}

/** One request's view: Redis counts into `tally`, and every log line has the request's id. */
export function forRequest<R extends Registry>(
  deps: Deps<R>,
  tally: RedisTally,
  requestId: string,
): Deps<R> {
  return compose(deps.config, deps.jobs.registry, {
    ...deps,
    redis: deps.redis.tallied(tally),
    database: deps.database?.session(),
    log: withFields(deps.log, { requestId }),
  }, deps.armed);
}

function compose<R extends Registry>(
  config: Config,
  registry: R,
  outside: Outside,
  armed: ArmedSlots,
): Deps<R> {
  const { clock, ids, log, redis, queue, verifier, database, userTokens } = outside;
  const keys = createKeys(config.namespace);
  const deadLetters = database
    ? createPostgresDeadLetters(database, clock)
    : createRedisDeadLetters(redis, keys, clock);
  const { publicUrl } = config;
  const jobs = createJobs({
    registry,
    redis,
    queue,
    sql: database,
    deadLetters,
    clock,
    ids,
    log,
    keys,
    publicUrl,
  });
  const schedules = createSchedules(config);
  return {
    config,
    clock,
    ids,
    log,
    redis,
    queue,
    verifier,
    database,
    userTokens,
    keys,
    deadLetters,
    jobs,
    armed,
    arm: (name) => jobs.arm(armed, name, schedules.armed[name]),
  };
}
