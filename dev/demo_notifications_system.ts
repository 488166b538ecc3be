/**
 * The whole system in this process on a moved clock, and what `deno task demo:notifications` sees of
 * it: each delivery with its commands, each release of flow control, the provider's inbox.
 *
 * @module
 */
import { createApp } from "../functions/app.ts";
import { createDatabase, createDeps } from "../functions/deps.ts";
import { createResend } from "../shared/adapters/resend.ts";
import { readConfig } from "../shared/config.ts";
import { PostgresUnavailableError } from "../shared/errors.ts";
import type { Database, LogFields } from "../shared/ports.ts";
import { VirtualClock } from "./clock.ts";
import { type Cloud, createCloud } from "./cloud.ts";
import type { FlowRelease } from "./qstash/flow_control.ts";

/** One call of QStash to a job that sends mail. */
export interface Delivery {
  generation: number;
  attempt: number;
  /** Whether the job ran; else the delivery was one too many. */
  started: boolean;
  /** Billed commands, by the app's own tally. */
  commands: number;
}

/** Commands, messages and calls since the last look. */
export interface Bill {
  commands: number;
  messages: number;
  /** Calls that a fault added: QStash does not know of them, and bills none. */
  extraCalls: number;
}

export interface System extends AsyncDisposable {
  readonly cloud: Cloud;
  /** For the proof: what the app itself uses may be away. */
  readonly sql: Database;
  readonly deliveries: Delivery[];
  readonly releases: FlowRelease[];
  /** How often a job was put off. */
  deferrals: number;
  /** While true, the app's Postgres is away. */
  isPostgresAway: boolean;
  now(): number;
  /** When something is due next, in epoch ms. */
  nextDueAt(): number | undefined;
  /** How many mails wait for flow control. */
  waiting(): number;
  /** How many messages QStash has not ended. */
  unended(): number;
  call(path: string, init?: RequestInit): Promise<{ status: number; body: Answer }>;
  tell(body: unknown): Promise<{ status: number; body: Answer }>;
  /** Deploys the app anew, with another patience for the provider. */
  deploy(options: { mailTimeoutMs: number }): void;
  bill(): Bill;
}

// deno-lint-ignore no-explicit-any -- the demo knows what it asks for
type Answer = any;

export interface SystemOptions {
  startAt: number;
  /** Mails a second: what the app keeps to, and what the provider takes. */
  perSecond: number;
}

/** Starts Redis, QStash, Postgres, the provider and the app on free ports. */
export async function startSystem({ startAt, perSecond }: SystemOptions): Promise<System> {
  const deliveries: Delivery[] = [];
  const releases: FlowRelease[] = [];
  const started = new Set<unknown>();
  const databases: Database[] = [];
  let mailTimeoutMs: number | undefined;
  const keep = (event: string, fields: LogFields = {}) => {
    if (event === "job.started") started.add(fields.requestId);
    if (event === "job.deferred") system.deferrals++;
  };
  const cloud = await createCloud({
    startAt,
    postgres: true,
    mailsPerSecond: perSecond,
    environment: { MAIL_PER_SECOND: String(perSecond) },
    app: (environment) => {
      const config = readConfig(environment);
      const database = createDatabase(config)!;
      databases.push(database);
      const app = createApp(createDeps(config, {
        database: withOutages(database, () => system.isPostgresAway),
        log: { info: keep, warn: keep, error: keep },
        mailer: createResend({ ...config.mail!, timeoutMs: mailTimeoutMs }),
      }));
      return {
        async fetch(request, bindings) {
          if (!/\/qstash\/jobs\/notification\./.test(request.url)) {
            return await app.fetch(request, bindings);
          }
          const { url, method, headers } = request;
          const body = await request.text();
          const { generation } = JSON.parse(body);
          const attempt = Number(headers.get("Upstash-Retried"));
          const response = await app.fetch(new Request(url, { method, headers, body }), bindings);
          const timing = response.headers.get("Server-Timing") ?? "";
          deliveries.push({
            generation,
            attempt,
            started: started.has(response.headers.get("X-Request-Id")),
            commands: Number(/desc="(\d+) commands"/.exec(timing)?.[1]),
          });
          return response;
        },
      };
    },
  });
  const sql = createDatabase(readConfig(cloud.environment))!;
  cloud.qstash.onRelease((release) => releases.push(release));
  const headers = { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` };
  const call = async (path: string, init: RequestInit = {}) => {
    const response = await cloud.fetch(path, { headers, ...init });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  };
  const clock = cloud.clock as VirtualClock;
  const system: System = {
    cloud,
    sql,
    deliveries,
    releases,
    deferrals: 0,
    isPostgresAway: false,
    now: () => clock.now(),
    nextDueAt: () => clock.nextDueAt(),
    waiting: () =>
      cloud.qstash.flowControls().reduce((sum, { waitListSize }) => sum + waitListSize, 0),
    unended: () => cloud.qstash.messages().filter(({ endedAt }) => endedAt === undefined).length,
    call,
    tell: (body) => call("/api/notifications", { method: "POST", body: JSON.stringify(body) }),
    deploy(options) {
      mailTimeoutMs = options.mailTimeoutMs;
      cloud.restart();
    },
    bill() {
      const { commands } = cloud.redis.meter.snapshot();
      const { byDestination, extraCalls } = cloud.qstash.meter.snapshot();
      cloud.redis.meter.reset();
      cloud.qstash.meter.reset();
      const messages = Object.values(byDestination).reduce((sum, count) => sum + count, 0);
      return { commands, messages, extraCalls };
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await Promise.all([sql, ...databases].map((database) => database.close()));
    },
  };
  return system;
}

/** The same database, which does not answer for as long as `isAway` says so. */
function withOutages(database: Database, isAway: () => boolean): Database {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isAway()) throw new PostgresUnavailableError("the demo keeps it away");
    return await work();
  };
  return {
    query: (...call) => guard(() => database.query(...call)),
    transaction: (...call) => guard(() => database.transaction(...call)),
    session: () => withOutages(database.session(), isAway),
    close: () => database.close(),
  };
}
