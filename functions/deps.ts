/**
 * The composition root: settings in, every part of the app out.
 *
 * Built once for each isolate; `forRequest` gives a request its own view, which shares every
 * client and counts apart. Nothing here opens a connection.
 *
 * @module
 */
import { createConsoleLog } from "../shared/adapters/console_log.ts";
import { createOpenAi } from "../shared/adapters/openai.ts";
import { createPostgres, type PostgresOptions } from "../shared/adapters/postgres.ts";
import { createQstash } from "../shared/adapters/qstash.ts";
import { createDeliveryVerifier } from "../shared/adapters/qstash_verifier.ts";
import { createResend } from "../shared/adapters/resend.ts";
import { systemClock, systemIds, systemSleep } from "../shared/adapters/system.ts";
import { createUpstashCounter } from "../shared/adapters/upstash_ratelimit.ts";
import { createUpstashRedis } from "../shared/adapters/upstash_redis.ts";
import { createUserTokens } from "../shared/adapters/user_tokens.ts";
import {
  ArmedSlots,
  type Clock,
  type Config,
  ConfigError,
  createIdentities,
  createJobs,
  createKeys,
  createLimits,
  createPostgresDeadLetters,
  createRedisDeadLetters,
  type Database,
  type DeadLetters,
  type DeliveryVerifier,
  Hands,
  type Identities,
  type Ids,
  ImportWatch,
  type Jobs,
  type JobsDependencies,
  jobsWithoutKeys,
  type Keys,
  type Limits,
  type Llm,
  type Log,
  type Mailer,
  originOf,
  type PeopleContributions,
  type Queue,
  type Redis,
  type RedisTally,
  RegisteredListings,
  type Registry,
  SecretKeys,
  type Sleep,
  type UserTokens,
  withFields,
} from "../shared/mod.ts";
import { BodyMemory } from "./middleware/body_memory.ts";
import { Spool } from "./feed/events/spool.ts";
import { newStaleFeed, type StaleFeed } from "./feed/reading/stale.ts";
import { type AppRegistry, createRegistry } from "./jobs/registry.ts";
import { type ArmedName, createSchedules } from "./jobs/schedules.ts";
import { type LimitName, limitPolicies, withOpenLimits } from "./limits/services.ts";
import { OpenStreams } from "./middleware/open_streams.ts";
import { createPeople } from "./people_table.ts";
import { type KnownTables, newKnownTables } from "./ops/tables.ts";
import type { Catalogs } from "./profiles/catalogs.ts";

/** What the app asks of the outside; any of it may be replaced. */
export interface Outside {
  clock: Clock;
  sleep: Sleep;
  ids: Ids;
  log: Log;
  redis: Redis;
  queue: Queue;
  verifier: DeliveryVerifier;
  /** Absent without `DATABASE_URL`; what needs it is off then. */
  database?: Database;
  /** Absent without `AUTH_SECRET` or `AUTH_JWKS_URL`. */
  userTokens?: UserTokens;
  /** Absent without `RESEND_API_KEY`. */
  mailer?: Mailer;
  /** Absent without `OPENAI_API_KEY`. */
  llm?: Llm;
  /** Who knows what users' songs, films and games are; there is none by default. */
  catalogs?: Catalogs;
  /** What is known of the import of dead letters; a test may know that there is nothing to arm. */
  importWatch?: ImportWatch;
}

/** What an isolate keeps from one request to the next: plain data, as workerd shares nothing else. */
export interface Memory {
  /** What is known to be armed. */
  armed: ArmedSlots;
  /** The listings whose views are counted by HyperLogLog. */
  registered: RegisteredListings;
  /** Events that wait for the end of their second, while Redis is away. */
  spool: Spool;
  /** What is known of who asked for a limit, and the units that were taken for them. */
  hands: Hands;
  /** What is known of the import of dead letters. */
  importWatch: ImportWatch;
  /** The table of limits, as the settings have it. */
  policies: typeof limitPolicies;
  /** Whether Postgres has the app's tables, as far as is known. */
  tables: KnownTables;
  /** What was said in the log, and need not be said again. */
  said: Set<string>;
  /** What was answered last, for when Postgres is away. */
  stale: StaleFeed;
  /** Streams that are open, by user and by address. */
  openStreams: OpenStreams;
  /** The bodies that are read at this moment. */
  bodies: BodyMemory;
  /** What secrets in messages are sealed under. */
  secrets: SecretKeys;
  /** What every feature holds of people. */
  people: PeopleContributions;
  /** Absent without `IDENTITY_SECRET`. */
  identities?: Identities;
}

/** Every part of the app; on jobs of its own, where it is given them. */
export interface Deps<R extends Registry = AppRegistry> extends Outside {
  config: Config;
  keys: Keys;
  deadLetters: DeadLetters;
  jobs: Jobs<R>;
  limits: Limits<LimitName>;
  secrets: SecretKeys;
  people: PeopleContributions;
  memory: Memory;
  /**
   * Sees to it that the jobs of these schedules run for the slots of the moment `at` (epoch ms;
   * default: now), or throws when that of the first will not.
   */
  arm(names: readonly ArmedName[], at?: number): Promise<void>;
}

/**
 * Puts the app together. `outside` replaces adapters, `registry` the app's own jobs, which a function
 * is handed; both for tests.
 */
export function createDeps<R extends Registry = AppRegistry>(
  config: Config,
  outside: Partial<Outside> = {},
  registry?: R | ((own: AppRegistry) => R),
): Deps<R> {
  const { clock = systemClock, sleep = systemSleep } = outside;
  const mailer = outside.mailer ?? (config.mail && createResend(config.mail));
  const llm = outside.llm ?? (config.llm && createOpenAi(config.llm));
  const people = createPeople(config);
  const own = createRegistry({ config, mailer, llm, sleep, catalogs: outside.catalogs, people });
  const jobs = typeof registry === "function" ? registry(own) : registry ?? own as unknown as R;
  const secrets = new SecretKeys(config.secretKeys);
  const open = jobsWithoutKeys(jobs, secrets).join(", ");
  if (open !== "") {
    const message = `is missing, for ${open}: make a key with openssl rand -base64 32`;
    throw new ConfigError([{ setting: "SECRET_KEYS", message }]);
  }
  return compose(config, jobs, {
    clock,
    sleep,
    ids: systemIds,
    log: createConsoleLog({ clock }),
    redis: outside.redis ?? createUpstashRedis({ ...config.redis, clock }),
    queue: outside.queue ??
      createQstash({ url: config.queue.url, token: config.queue.token, clock }),
    verifier: createDeliveryVerifier({ ...config.queue, clock }),
    database: createDatabase(config),
    userTokens: config.userTokens && createUserTokens(config.userTokens, clock),
    mailer,
    llm,
    ...outside,
  }, {
    armed: new ArmedSlots(sleep),
    importWatch: outside.importWatch ?? new ImportWatch(),
    registered: new RegisteredListings(),
    spool: new Spool(),
    hands: new Hands(sleep, clock),
    policies: withOpenLimits(limitPolicies, config.openLimits),
    tables: newKnownTables(),
    said: new Set(),
    stale: newStaleFeed(),
    people,
    openStreams: new OpenStreams(clock, config.streams),
    bodies: new BodyMemory(clock),
    secrets,
    ...(config.identitySecret && { identities: createIdentities(config.identitySecret) }),
  });
}

/** Says in the log what of the settings should be changed; once for each isolate. */
export function warnOfSettings({ config, log }: Pick<Deps, "config" | "log">): void {
  for (const { setting, message } of config.warnings) {
    log.warn("setting.warned", { setting, warning: message });
  }
}

/** Postgres as it is set, if it is; `scope` says how long a connection may live. */
export function createDatabase(
  { databaseUrl }: Config,
  scope: PostgresOptions["scope"] = "isolate",
): Database | undefined {
  return databaseUrl === undefined ? undefined : createPostgres({ url: databaseUrl, scope });
}

/**
 * One request's view: Redis counts into `tally`, every log line has the request's id, and what may
 * outlive the answer goes through `defer`.
 */
export function forRequest<R extends Registry>(
  deps: Deps<R>,
  tally: RedisTally,
  requestId: string,
  defer?: JobsDependencies["defer"],
): Deps<R> {
  return compose(
    deps.config,
    deps.jobs.registry,
    {
      ...deps,
      redis: deps.redis.tallied(tally),
      database: deps.database?.session(),
      log: withFields(deps.log, { requestId }),
    },
    deps.memory,
    { tally, defer },
  );
}

function compose<R extends Registry>(
  config: Config,
  registry: R,
  outside: Outside,
  memory: Memory,
  { tally, defer }: { tally?: RedisTally; defer?: JobsDependencies["defer"] } = {},
): Deps<R> {
  const { clock, sleep, ids, log, redis, queue, verifier, database, userTokens, mailer, llm } =
    outside;
  const keys = createKeys(config.namespace);
  const deadLetters = database
    ? createPostgresDeadLetters(database, clock)
    : createRedisDeadLetters(redis, keys, clock);
  const { publicUrl } = config;
  const { secrets } = memory;
  const schedules = createSchedules(config);
  const arm = async (names: readonly string[], at?: number) => {
    const named = names.map((name) => {
      if (!Object.hasOwn(schedules.armed, name)) throw new TypeError(`Cannot arm ${name}`);
      return [name, schedules.armed[name as ArmedName]];
    });
    await jobs.arm(memory.armed, Object.fromEntries(named), at);
  };
  const limits = createLimits(memory.policies, {
    redis,
    counter: createUpstashCounter(redis, { tally }),
    clock,
    log,
    keys,
    hands: memory.hands,
    tally,
  });
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
    origin: originOf(config.namespace, config.redis.url),
    redeliveries: config.queue.redeliveries,
    importWatch: memory.importWatch,
    defer,
    limits,
    secrets,
    arm,
  });
  return {
    config,
    clock,
    sleep,
    ids,
    log,
    redis,
    queue,
    verifier,
    database,
    userTokens,
    mailer,
    llm,
    keys,
    deadLetters,
    jobs,
    limits,
    secrets,
    people: memory.people,
    memory,
    arm,
  };
}
