/**
 * The whole system in this process, for tests: Redis, QStash, mail, a language model and an app on
 * loopback, on one clock.
 *
 * Nothing is delivered until the clock moves; then everything due is, in order, at once. While
 * a cloud with a virtual clock is open, this process's `Date` follows it, since the SDKs read that.
 *
 * @module
 */
import { installClock, VirtualClock, WallClock } from "./clock.ts";
import type { DevClock } from "./clock.ts";
import { createMigratedPostgres } from "./database.ts";
import type { GuardOptions } from "./guard.ts";
import { createLlmServer, type LlmServer } from "./llm/server.ts";
import { createMailServer, type MailServer } from "./mail/server.ts";
import { parseDuration } from "./qstash/durations.ts";
import {
  createQstashServer,
  type QstashServer,
  type QstashServerOptions,
} from "./qstash/server.ts";
import { createRedisServer, type RedisServer } from "./redis/server.ts";
import { listen, type Listening } from "./server.ts";

/** Anything that answers requests: a Hono app, or a plain function in an object. */
export interface App {
  fetch(
    request: Request,
    bindings?: { clientAddress: string },
  ): Response | Promise<Response>;
}

export interface CloudOptions {
  /** Makes the app from its settings (the vendors' names, `PUBLIC_URL`, tokens). */
  app: (environment: Record<string, string>) => App;
  /** `wall` for a part that cannot follow a virtual clock, such as a real Redis. Default: `virtual`. */
  clock?: "virtual" | "wall";
  /** When a virtual clock starts, in epoch ms. Default: now. */
  startAt?: number;
  /** A real Redis instead of the embedded engine; needs the wall's clock. */
  redisUrl?: string;
  /** The QStash plan whose limits hold. Default: `payg`. */
  plan?: QstashServerOptions["plan"];
  /** Makes the ids of QStash's messages. Default: random. */
  newMessageId?: QstashServerOptions["newMessageId"];
  /** Requests that the mail provider takes in a second. Default: 2. */
  mailsPerSecond?: number;
  /** How fast the language model speaks. Default: 50. */
  tokensPerSecond?: number;
  /** A Postgres as well (PGlite, in memory, migrated). Default: false. */
  postgres?: boolean;
  /** Lets pages of any origin reach the app, for a test of whom the app itself lets in. Default: false. */
  anyOrigin?: boolean;
  /** Settings to add, or to replace. */
  environment?: Record<string, string>;
}

/** A running cloud; close it, or declare it with `await using`. */
export interface Cloud extends AsyncDisposable {
  readonly clock: DevClock;
  readonly redis: RedisServer;
  readonly qstash: QstashServer;
  readonly mail: MailServer;
  readonly llm: LlmServer;
  /** The app's settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the app listens. */
  readonly url: string;
  /** Calls the app over HTTP; `path` starts with a slash. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Moves the clock by ms, or by a duration as in `90s`, `10m`, `1d12h`, and delivers what is due. */
  advance(time: number | string): Promise<void>;
  /** Delivers what is due at this moment. */
  settle(): Promise<void>;
  /** Puts another app, made anew from the same settings, in the place of this one: a deploy. */
  restart(app?: CloudOptions["app"]): void;
  close(): Promise<void>;
}

/** The tokens and secrets of a cloud: known to all, good for loopback alone. */
export const cloudSecrets = {
  SERVICE_TOKENS: "dev-service-token",
  OPERATOR_TOKENS: "dev-operator-token",
  IDENTITY_SECRET: "dev-identity-secret",
  SECRET_KEYS: "dev-secret-key-for-loopback-alone",
  WEBHOOK_SECRET_GITHUB: "dev-github-secret",
  WEBHOOK_SECRET_STANDARD: "whsec_ZGV2LXN0YW5kYXJkLXdlYmhvb2stc2VjcmV0",
  WEBHOOK_SECRET_RESEND: "whsec_ZGV2LXJlc2VuZC13ZWJob29rLXNlY3JldC0x",
  WEBHOOK_SECRET_SUPABASE: "dev-supabase-secret",
  WEBHOOK_SECRET_PAYLOAD: "whsec_ZGV2LXBheWxvYWQtd2ViaG9vay1zZWNyZXQtMQ==",
};

/** Signs users' tokens in dev, where nothing else is set. A cloud has no users unless it is given it. */
export const DEVELOPMENT_AUTH_SECRET = "dev-auth-secret-0123456789";

/** Who writes, where nothing else is set. */
export const DEVELOPMENT_MAIL_FROM = "Zeropoll <mail@zeropoll.example>";

/** Starts a cloud on free ports. */
export async function createCloud(options: CloudOptions): Promise<Cloud> {
  const { clock: kind = "virtual", redisUrl, plan } = options;
  if (kind === "virtual" && redisUrl !== undefined) {
    throw new TypeError("Cannot put a real Redis on a virtual clock: it keeps its own time");
  }
  const clock = kind === "virtual" ? new VirtualClock(options.startAt) : new WallClock();
  const uninstall = kind === "virtual" ? installClock(clock) : () => {};
  const postgres = options.postgres ? await createMigratedPostgres() : undefined;
  const redis = await createRedisServer({ clock, redisUrl });
  const qstash = createQstashServer({ clock, plan, newMessageId: options.newMessageId });
  const servers: Listening[] = [];
  const serve = (server: { fetch: Parameters<typeof listen>[0] }, guard?: GuardOptions) => {
    const listening = listen((request, connection) => server.fetch(request, connection), guard);
    servers.push(listening);
    return listening.url;
  };
  let app: App = { fetch: () => new Response("starting", { status: 503 }) };
  const url = serve({
    fetch: (request, { remoteAddr }) =>
      app.fetch(request, { clientAddress: (remoteAddr as Deno.NetAddr).hostname }),
  }, { embeddable: true, anyOrigin: options.anyOrigin });
  const secrets = { ...cloudSecrets, ...options.environment };
  const mail = createMailServer({
    clock,
    ratePerSecond: options.mailsPerSecond,
    webhook: { url: `${url}/hooks/resend`, secret: secrets.WEBHOOK_SECRET_RESEND },
  });
  const llm = createLlmServer({ clock, tokensPerSecond: options.tokensPerSecond });
  const environment = {
    PUBLIC_URL: url,
    UPSTASH_REDIS_REST_URL: serve(redis),
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    // A busy machine is no outage: what runs beside us is only slow.
    REDIS_TIMEOUT_MS: "20000",
    QSTASH_URL: serve(qstash),
    QSTASH_TOKEN: qstash.token,
    QSTASH_CURRENT_SIGNING_KEY: qstash.signingKeys.current,
    QSTASH_NEXT_SIGNING_KEY: qstash.signingKeys.next,
    RESEND_API_KEY: mail.token,
    RESEND_BASE_URL: serve(mail),
    MAIL_FROM: DEVELOPMENT_MAIL_FROM,
    OPENAI_API_KEY: llm.token,
    OPENAI_BASE_URL: `${serve(llm)}/v1`,
    ...(postgres && { DATABASE_URL: postgres.url }),
    ...cloudSecrets,
    ...options.environment,
  };
  app = options.app(environment);
  const close = async () => {
    await qstash.close();
    await redis.close();
    await mail.close();
    await llm.close();
    await Promise.all(servers.map((server) => server.close()));
    await postgres?.close();
    uninstall();
  };
  return {
    clock,
    redis,
    qstash,
    mail,
    llm,
    environment,
    url,
    fetch: (path, init) => fetch(`${url}${path}`, init),
    advance: (time) => clock.advance(typeof time === "number" ? time : parseDuration(time)),
    settle: () => clock.advance(0),
    restart: (make = options.app) => {
      app = make(environment);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
