/**
 * The parts that stand in for the vendors on this machine, and the settings that point the app
 * at them. A part whose real one is set in the environment is not started.
 *
 * @module
 */
import type { DevClock } from "./clock.ts";
import { cloudSecrets, DEVELOPMENT_MAIL_FROM } from "./cloud.ts";
import { createLlmServer } from "./llm/server.ts";
import { createMailServer } from "./mail/server.ts";
import { createPostgres } from "../shared/adapters/postgres.ts";
import { migrate } from "../shared/migrations/migrate.ts";
import { warningsOf } from "./database.ts";
import { planTitles, readPlan } from "./plan.ts";
import { createPostgresServer } from "./postgres/server.ts";
import { createQstashServer } from "./qstash/server.ts";
import { planLimits } from "./redis/limits.ts";
import { createRedisServer } from "./redis/server.ts";
import { listen, type Listening } from "./server.ts";

/** A row of the table that `deno task dev` prints. */
export interface Part {
  name: string;
  /** Where it answers. */
  url: string;
  /** The port that was tried first and is taken, if one was. */
  takenPort?: number;
  token: string;
  standsInFor: string;
  /** Which settings put the real one in its place. */
  realOne: string;
}

export interface LocalCloud {
  readonly parts: readonly Part[];
  /** Resolves once the part that takes longest, Postgres, takes connections and has its tables. */
  readonly ready: Promise<void>;
  /** What is not as it should be with the real parts: a Postgres without its tables. */
  warnings(): Promise<string[]>;
  /** The settings of the app that point at the parts; the vendors' own names. */
  settings(): Record<string, string>;
  /** The page of dev/qstash, when it runs. */
  readonly messagesUrl?: string;
  /** The inbox of dev/mail, when it runs. */
  readonly inboxUrl?: string;
  /** Whose time cannot be moved: a Redis server keeps its own. */
  readonly realTime?: string;
  close(): Promise<void>;
}

type AllowHosts = readonly string[] | undefined;
type Environment = Readonly<Record<string, string | undefined>>;

const REDIS_PORT = 8079;
const QSTASH_PORT = 8080;
const POSTGRES_PORT = 5433;
const MAIL_PORT = 8025;
const LLM_PORT = 8090;

export interface LocalCloudOptions {
  /** Where the app will listen, without a trailing slash; dev/mail tells it what became of mails. */
  appUrl?: string;
  /** Names that the servers may be called by, beside the loopback ones. Default: none. */
  allowHosts?: readonly string[];
}

/** Starts dev/redis, dev/qstash, dev/postgres, dev/mail and dev/llm, each where no real one is set. */
export async function startLocalCloud(
  environment: Environment,
  clock: DevClock,
  { appUrl, allowHosts }: LocalCloudOptions = {},
): Promise<LocalCloud> {
  const postgres = environment.DATABASE_URL ? undefined : startPostgres();
  const redis = environment.UPSTASH_REDIS_REST_URL
    ? undefined
    : await startRedis(environment, clock, allowHosts);
  const qstash = environment.QSTASH_URL ? undefined : startQstash(environment, clock, allowHosts);
  const mail = environment.RESEND_API_KEY
    ? undefined
    : startMail(environment, clock, { appUrl, allowHosts });
  // Not for a key alone: one that lies about for other tools must not be billed by this.
  const llm = environment.OPENAI_BASE_URL ? undefined : startLlm(clock, allowHosts);
  return {
    parts: [
      redis?.part ?? {
        name: "redis",
        url: environment.UPSTASH_REDIS_REST_URL!,
        token: "yours",
        standsInFor: "the real one, as set",
        realOne: "unset UPSTASH_REDIS_REST_URL to go back",
      },
      qstash?.part ?? {
        name: "qstash",
        url: environment.QSTASH_URL!,
        token: "yours",
        standsInFor: "the real one, as set",
        realOne: "unset QSTASH_URL to go back",
      },
      postgres?.part ?? {
        name: "postgres",
        url: "as set in DATABASE_URL",
        token: "yours",
        standsInFor: "the real one, as set; deno task migrate makes its tables",
        realOne: "unset DATABASE_URL to go back",
      },
      mail?.part ?? {
        name: "mail",
        url: environment.RESEND_BASE_URL || "https://api.resend.com",
        token: "yours",
        standsInFor: "the real one, as set: mail goes out",
        realOne: "unset RESEND_API_KEY to go back",
      },
      llm?.part ?? {
        name: "llm",
        url: environment.OPENAI_BASE_URL!,
        token: environment.OPENAI_API_KEY ? "yours" : "none: chat is off without OPENAI_API_KEY",
        standsInFor: "the real one, as set: answers may cost",
        realOne: "unset OPENAI_BASE_URL to go back",
      },
    ],
    ready: postgres?.ready ?? Promise.resolve(),
    warnings: () =>
      environment.DATABASE_URL ? warningsOf(environment.DATABASE_URL) : Promise.resolve([]),
    settings: () => ({
      ...redis?.settings(),
      ...qstash?.settings(),
      ...postgres?.settings(),
      ...mail?.settings(),
      ...llm?.settings(),
    }),
    messagesUrl: qstash?.part.url,
    inboxUrl: mail?.part.url,
    realTime: redis?.realTime ?? (redis ? undefined : "the Redis that is set keeps real time"),
    close: async () => {
      await Promise.all([redis, qstash, postgres, mail, llm].map((part) => part?.close()));
    },
  };
}

async function startRedis(
  environment: Environment,
  clock: DevClock,
  allowHosts: AllowHosts,
) {
  const redisUrl = environment.REDIS_URL || undefined;
  const plan = readPlan(environment);
  const server = await createRedisServer({ clock, redisUrl, limits: plan && planLimits[plan] });
  // Loads the embedded script engine: else the app's first check of a limit waits for it. Not metered.
  const evaluate = ["EVAL", "return 1", "0"].map((word) => new TextEncoder().encode(word));
  if (!redisUrl) await server.engine.run(evaluate);
  const listening = listen(server.fetch, { port: REDIS_PORT, allowHosts });
  const engine = redisUrl ? `the Redis at ${hostOf(redisUrl)}` : "embedded engine";
  return {
    part: {
      name: "redis",
      ...placeOf(listening, REDIS_PORT),
      token: server.token,
      standsInFor: `Upstash Redis (${engine}${plan ? `; ${planTitles[plan]}` : ""})`,
      realOne: "set UPSTASH_REDIS_REST_URL and _TOKEN" +
        (redisUrl ? "" : "; REDIS_URL for a server"),
    },
    settings: () => ({
      UPSTASH_REDIS_REST_URL: listening.url,
      UPSTASH_REDIS_REST_TOKEN: server.token,
    }),
    realTime: redisUrl ? `${engine} keeps real time` : undefined,
    close: async () => {
      await listening.close();
      await server.close();
    },
  };
}

function startQstash(environment: Environment, clock: DevClock, allowHosts: AllowHosts) {
  const plan = readPlan(environment);
  const server = createQstashServer({ clock, plan, allowHosts });
  const listening = listen(server.fetch, { port: QSTASH_PORT, allowHosts });
  return {
    part: {
      name: "qstash",
      ...placeOf(listening, QSTASH_PORT),
      token: server.token,
      standsInFor: plan ? `QStash (${planTitles[plan]})` : "QStash",
      realOne: "set QSTASH_URL, QSTASH_TOKEN and both signing keys; PUBLIC_URL",
    },
    settings: () => ({
      QSTASH_URL: listening.url,
      QSTASH_TOKEN: server.token,
      QSTASH_CURRENT_SIGNING_KEY: server.signingKeys.current,
      QSTASH_NEXT_SIGNING_KEY: server.signingKeys.next,
    }),
    close: async () => {
      await listening.close();
      await server.close();
    },
  };
}

function startMail(
  environment: Environment,
  clock: DevClock,
  { appUrl, allowHosts }: LocalCloudOptions,
) {
  const secret = environment.WEBHOOK_SECRET_RESEND || cloudSecrets.WEBHOOK_SECRET_RESEND;
  const perSecond = environment.MAIL_PER_SECOND ?? "";
  const server = createMailServer({
    clock,
    allowHosts,
    // The setting says what the account may do; a wrong one is the app's to refuse.
    ratePerSecond: /^[1-9]\d{0,3}$/.test(perSecond) ? Number(perSecond) : undefined,
    webhook: appUrl === undefined ? undefined : { url: `${appUrl}/hooks/resend`, secret },
  });
  const listening = listen(server.fetch, { port: MAIL_PORT, allowHosts });
  return {
    part: {
      name: "mail",
      ...placeOf(listening, MAIL_PORT),
      token: server.token,
      standsInFor: "Resend; its address is the inbox",
      realOne: "set RESEND_API_KEY and MAIL_FROM",
    },
    settings: () => ({
      RESEND_API_KEY: server.token,
      RESEND_BASE_URL: listening.url,
      MAIL_FROM: environment.MAIL_FROM || DEVELOPMENT_MAIL_FROM,
    }),
    close: async () => {
      await server.close();
      await listening.close();
    },
  };
}

function startLlm(clock: DevClock, allowHosts: AllowHosts) {
  const server = createLlmServer({ clock });
  const listening = listen(server.fetch, { port: LLM_PORT, allowHosts });
  return {
    part: {
      name: "llm",
      ...placeOf(listening, LLM_PORT),
      token: server.token,
      standsInFor: "OpenAI's chat completions, scripted",
      realOne: "set OPENAI_BASE_URL and OPENAI_API_KEY",
    },
    settings: () => ({
      OPENAI_API_KEY: server.token,
      OPENAI_BASE_URL: `${listening.url}/v1`,
    }),
    close: async () => {
      await server.close();
      await listening.close();
    },
  };
}

/** Takes a port at once and starts behind it, so that the app need not wait. */
function startPostgres() {
  const probe = listen(() => new Response(), { port: POSTGRES_PORT });
  const { port } = probe;
  const starting = probe.close().then(() => createPostgresServer({ port }));
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  const ready = starting.then(async (server) => {
    if (server.port !== port) throw new Error(`Cannot start Postgres: port ${port} was taken`);
    const database = createPostgres({ url });
    await migrate(database);
    await database.close();
  });
  // Whoever waits for it is told; until then it is nobody's fault.
  ready.catch(() => {});
  return {
    part: {
      name: "postgres",
      url,
      takenPort: port === POSTGRES_PORT ? undefined : POSTGRES_PORT,
      token: "the password in its URL",
      standsInFor: "Postgres (PGlite, in memory, migrated)",
      realOne: "set DATABASE_URL",
    },
    ready,
    settings: () => ({ DATABASE_URL: url }),
    close: async () => {
      const server = await starting.catch(() => undefined);
      await server?.close();
    },
  };
}

function placeOf({ url, port }: Listening, wantedPort: number) {
  return { url, takenPort: port === wantedPort ? undefined : wantedPort };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "REDIS_URL";
}
