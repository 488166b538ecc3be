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
import { ImportWatch } from "../shared/mod.ts";
import { PostgresUnavailableError } from "../shared/errors.ts";
import type { Database, LogFields } from "../shared/ports.ts";
import { VirtualClock } from "./clock.ts";
import { type Cloud, createCloud } from "./cloud.ts";
import type { FlowRelease } from "./qstash/flow_control.ts";

/** One call of QStash to a job that sends mail. */
export interface Delivery {
  /** Of the job, and of QStash's message. */
  id: string;
  messageId: string;
  generation: number;
  attempt: number;
  /** How it went; absent where it was one too many, and the job did not run. */
  end?: "succeeded" | "failed" | "deferred";
}

/** What the meters counted since the last look. */
export interface Metered {
  /** Billed commands of Redis. */
  commands: number;
  /** Of these, those of requests that were no delivery of mail, by the app's own tally. */
  commandsElsewhere: number;
  /** Billed messages of QStash to the jobs that send. */
  messages: number;
  /** Calls that a fault added: QStash does not know of them, and bills none. */
  extraCalls: number;
}

/** A command that Redis was sent for a job. */
export interface JobCommand {
  /** The job's id. */
  id: string;
  /** Its name, and what of the job it is about: `SET claim`. */
  name: string;
  /** What it wrote, if it wrote. */
  value?: string;
  /** Sent again by the app's client, because the answer to it did not come. */
  isRepeat: boolean;
}

/** What was seen since the last round began. */
export interface Seen {
  deliveries: Delivery[];
  commands: JobCommand[];
  releases: FlowRelease[];
  commandsElsewhere: number;
}

export interface System extends AsyncDisposable {
  readonly cloud: Cloud;
  /** For the proof: what the app itself uses may be away. */
  readonly sql: Database;
  readonly seen: Seen;
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
  /** What was billed since it was asked last. */
  metered(): Metered;
  /** Begins anew with what is seen. */
  forget(): void;
}

// deno-lint-ignore no-explicit-any -- the demo knows what it asks for
type Answer = any;

export interface SystemOptions {
  startAt: number;
  /** Mails a second: what the app keeps to, and what the provider takes. */
  perSecond: number;
}

const JOB_EVENT = /^job\.(succeeded|failed|deferred)$/;
const SEND_JOB = /\/qstash\/jobs\/notification\.(urgent|bulk)$/;

/** Starts Redis, QStash, Postgres, the provider and the app on free ports. */
export async function startSystem({ startAt, perSecond }: SystemOptions): Promise<System> {
  const seen: Seen = { deliveries: [], commands: [], releases: [], commandsElsewhere: 0 };
  const ends = new Map<unknown, Delivery["end"]>();
  const databases: Database[] = [];
  let mailTimeoutMs: number | undefined;
  const keep = (event: string, { requestId }: LogFields = {}) => {
    const end = JOB_EVENT.exec(event)?.[1];
    if (end !== undefined) ends.set(requestId, end as Delivery["end"]);
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
      const app = createApp(
        createDeps(config, {
          importWatch: ImportWatch.off(),
          database: withOutages(database, () => system.isPostgresAway),
          log: { info: keep, warn: keep, error: keep },
          mailer: createResend({ ...config.mail!, timeoutMs: mailTimeoutMs }),
        }),
      );
      return {
        async fetch(request, bindings) {
          if (!SEND_JOB.test(request.url)) {
            const response = await app.fetch(request, bindings);
            seen.commandsElsewhere += commandsOf(response);
            return response;
          }
          const { url, method, headers } = request;
          const body = await request.text();
          const { id, generation } = JSON.parse(body);
          const attempt = Number(headers.get("Upstash-Retried"));
          const response = await app.fetch(new Request(url, { method, headers, body }), bindings);
          seen.deliveries.push({
            id,
            messageId: headers.get("Upstash-Message-Id") ?? "",
            generation,
            attempt,
            end: ends.get(response.headers.get("X-Request-Id")),
          });
          return response;
        },
      };
    },
  });
  const { redis } = cloud;
  const { fetch: answer } = redis;
  redis.fetch = async (request) => {
    const copy = request.clone();
    const response = await answer(request);
    if (response.status === 200) seen.commands.push(...await jobCommandsIn(copy));
    return response;
  };
  const sql = createDatabase(readConfig(cloud.environment))!;
  cloud.qstash.onRelease((release) => seen.releases.push(release));
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
    seen,
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
    metered() {
      const { commands } = cloud.redis.meter.snapshot();
      const { byDestination, extraCalls } = cloud.qstash.meter.snapshot();
      cloud.redis.meter.reset();
      cloud.qstash.meter.reset();
      const messages = Object.entries(byDestination)
        .filter(([url]) => SEND_JOB.test(url))
        .reduce((sum, [, count]) => sum + count, 0);
      return { commands, commandsElsewhere: seen.commandsElsewhere, messages, extraCalls };
    },
    forget() {
      Object.assign(seen, { deliveries: [], commands: [], releases: [], commandsElsewhere: 0 });
      system.metered();
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

/** The commands of a request to Redis that are about a job, by their keys. */
async function jobCommandsIn(request: Request): Promise<JobCommand[]> {
  const sent = await request.json().catch(() => []) as unknown[];
  const commands = Array.isArray(sent[0]) ? sent as unknown[][] : [sent];
  const isRepeat = request.headers.has("upstash-telemetry-retry");
  return commands.flatMap(([name, key, value]) => {
    const [, id, about] = /:job:([^:]+):(.+)$/.exec(String(key)) ?? [];
    if (id === undefined) return [];
    const written = name === "SET" ? String(value) : undefined;
    return [{ id, name: `${name} ${about}`, value: written, isRepeat }];
  });
}

/** What the app says that a request cost. */
function commandsOf(response: Response): number {
  const timing = response.headers.get("Server-Timing") ?? "";
  return Number(/desc="(\d+) commands"/.exec(timing)?.[1] ?? 0);
}
