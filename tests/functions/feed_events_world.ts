/**
 * The app in a cloud of its own, as a browser's events meet it. Postgres is set, and never asked.
 *
 * @module
 */
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps, type Outside } from "../../functions/deps.ts";
import {
  createKeys,
  ImportWatch,
  type LogFields,
  readConfig,
  UNIQUE_SHARDS,
} from "../../shared/mod.ts";

export const BROWSER =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
export const DAY = "2026-11-21";
export const NEXT_DAY = "2026-11-22";
export const keys = createKeys("zeropoll");

export interface Line extends LogFields {
  event: string;
}

// deno-lint-ignore no-explicit-any -- a test looks into any answer
export type Answer = any;

export interface EventsWorld extends AsyncDisposable {
  cloud: Cloud;
  deps(): Deps;
  lines: Line[];
  /** Sends a body, as it is or as JSON, from a browser. */
  post(path: string, body: unknown, headers?: HeadersInit): Promise<Posted>;
  /** Asks Redis itself. */
  redis(...command: (string | number)[]): Promise<Answer>;
  /** What makes the day's views and bookings one, sorted. */
  members(day?: string): Promise<string[]>;
  /** The entries of the day's stream. */
  entries(day?: string): Promise<Answer[]>;
  /** Billed Redis commands and messages since the last call. */
  bill(): { commands: number; messages: number };
  /** The envelopes that QStash took for a job, the oldest first, and when each is due. */
  messages(job: string): Answer[];
}

export interface Posted {
  status: number;
  headers: Headers;
  body: Answer;
}

export interface EventsWorldOptions {
  startAt?: string;
  environment?: Record<string, string>;
  outside?: Partial<Outside>;
  plan?: "free" | "payg";
}

export async function createEventsWorld(options: EventsWorldOptions = {}): Promise<EventsWorld> {
  const { startAt = `${DAY}T10:00:00Z`, environment, outside, plan } = options;
  const lines: Line[] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ ...fields, event });
  let deps: Deps | undefined;
  const cloud = await createCloud({
    startAt: Date.parse(startAt),
    plan,
    anyOrigin: true,
    environment: {
      DATABASE_URL: "postgres://nobody@127.0.0.1:9/none",
      FEED_BOOKINGS: "anyone",
      ...environment,
    },
    app: (settings) => {
      deps = createDeps(readConfig(settings), {
        importWatch: ImportWatch.off(),
        log: { info: keep, warn: keep, error: keep },
        ...outside,
      });
      return createApp(deps);
    },
  });
  const redis = async (...command: (string | number)[]) => {
    const response = await fetch(cloud.environment.UPSTASH_REDIS_REST_URL, {
      method: "POST",
      headers: { authorization: `Bearer ${cloud.environment.UPSTASH_REDIS_REST_TOKEN}` },
      body: JSON.stringify(command),
    });
    const { result, error } = await response.json();
    if (error) throw new Error(error);
    return result;
  };
  return {
    cloud,
    deps: () => deps!,
    lines,
    redis,
    async post(path, body, headers = {}) {
      const response = await cloud.fetch(`/api/metrics/${path}`, {
        method: "POST",
        headers: { "user-agent": BROWSER, ...headers },
        body: typeof body === "string" || body instanceof Uint8Array
          ? body as BodyInit
          : JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    async members(day = DAY) {
      const sets = [];
      for (let shard = 0; shard < UNIQUE_SHARDS; shard++) {
        sets.push(...await redis("SMEMBERS", keys.uniqueEvents(day, shard)));
      }
      return sets.sort();
    },
    async entries(day = DAY) {
      const entries: [string, string[]][] = await redis("XRANGE", keys.eventLog(day), "-", "+");
      return entries.map(([, fields]) => JSON.parse(fields[1]));
    },
    bill() {
      const { commands } = cloud.redis.meter.snapshot();
      const { messages } = cloud.qstash.meter.snapshot();
      cloud.redis.meter.reset();
      cloud.qstash.meter.reset();
      return { commands, messages };
    },
    messages: (job) =>
      cloud.qstash.logs()
        .filter(({ url, state }) => state === "CREATED" && `${url}`.endsWith(`/qstash/jobs/${job}`))
        .map(({ body, messageId }) => ({
          ...JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(body as string))),
          dueAt: cloud.qstash.messages().find((message) => message.messageId === messageId)
            ?.nextDeliveryAt,
        })).reverse(),
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps?.database?.close();
    },
  };
}
