/**
 * The whole system with a language model and a Postgres, on a clock that a test moves.
 *
 * @module
 */
import { type Cloud, type CloudOptions, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { type Database, ImportWatch, type LogFields, readConfig } from "../../shared/mod.ts";
import { userToken } from "./limits_world.ts";

export const NOON = Date.parse("2026-11-21T12:00:00Z");
/** As `userToken` signs. */
const AUTH_SECRET = "users-of-the-tests-0123456789";

// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = any;

/** One event of a stream. */
export interface Told {
  id?: string;
  event: string;
  data: Answer;
}

/** A stream that is read while the clock moves. */
export interface Viewer {
  status: number;
  told: Told[];
  /** The text that it holds, after resets. */
  text(): string;
  /** Resolves when the stream has ended. */
  ended: Promise<void>;
  leave(): Promise<void>;
}

export interface ChatWorld extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps;
  lines: (LogFields & { event: string })[];
  call(
    method: string,
    path: string,
    options?: { as?: string; body?: unknown },
  ): Promise<{ response: Response; body: Answer }>;
  /** Opens a stream. */
  view(
    path: string,
    options?: { as?: string; body?: unknown; method?: string; lastEventId?: string },
  ): Promise<Viewer>;
  /** Moves the clock step by step until it comes true: what streams over HTTP does so in real time. */
  until(isTrue: () => boolean | Promise<boolean>): Promise<void>;
  /** The same until all of these have ended. */
  ended(...viewers: Viewer[]): Promise<void>;
  commands(): number;
}

export interface ChatWorldOptions {
  environment?: Record<string, string>;
  cloud?: Partial<CloudOptions>;
}

const STEP_MS = 20;

/** Empties the tables, and starts the app on them; `url` is what the app connects to. */
export async function createChatWorld(
  sql: Database,
  url: string,
  { environment, cloud: more }: ChatWorldOptions = {},
): Promise<ChatWorld> {
  await sql.query(
    "TRUNCATE chat_conversations, chat_messages, chat_replies, profile_sentiments, dead_letters, effects",
  );
  const lines: ChatWorld["lines"] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ ...fields, event });
  let deps: Deps | undefined;
  const cloud = await createCloud({
    startAt: NOON,
    environment: { DATABASE_URL: url, AUTH_SECRET, ...environment },
    app: (settings) => {
      deps = createDeps(readConfig(settings), {
        importWatch: ImportWatch.off(),
        log: { info: keep, warn: keep, error: keep },
      });
      return createApp(deps);
    },
    ...more,
  });
  const headersOf = async (as: string) => ({
    authorization: `Bearer ${await userToken(as)}`,
  });
  async function until(isTrue: () => boolean | Promise<boolean>) {
    const deadline = performance.now() + 120_000;
    while (!await isTrue()) {
      if (performance.now() > deadline) throw new Error("It did not come to that");
      await cloud.advance(STEP_MS);
      // Lets what is on its way over HTTP arrive.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  let seen = 0;
  const viewers = new Set<Viewer>();
  return {
    cloud,
    deps: deps!,
    lines,
    async call(method, path, { as = "ada", body } = {}) {
      const response = await cloud.fetch(path, {
        method,
        headers: await headersOf(as),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json");
      return { response, body: isJson ? JSON.parse(text) : text };
    },
    async view(path, { as = "ada", body, method = body ? "POST" : "GET", lastEventId } = {}) {
      const controller = new AbortController();
      const response = await cloud.fetch(path, {
        method,
        headers: {
          ...await headersOf(as),
          accept: "text/event-stream",
          ...(lastEventId && { "last-event-id": lastEventId }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: controller.signal,
      });
      const told: Told[] = [];
      const viewer: Viewer = {
        status: response.status,
        told,
        text: () => textOf(told),
        ended: readEvents(response, told).catch(() => {/* It left. */}),
        async leave() {
          controller.abort();
          await viewer.ended;
        },
      };
      viewers.add(viewer);
      return viewer;
    },
    until,
    async ended(...viewers) {
      const open = new Set(viewers);
      for (const viewer of viewers) void viewer.ended.then(() => open.delete(viewer));
      await until(() => open.size === 0);
    },
    commands() {
      const { commands } = cloud.redis.meter.snapshot();
      const since = commands - seen;
      seen = commands;
      return since;
    },
    async [Symbol.asyncDispose]() {
      for (const viewer of viewers) await viewer.leave();
      await cloud.close();
      await deps?.database?.close();
    },
  };
}

function textOf(told: readonly Told[]): string {
  let text = "";
  for (const { event, data } of told) {
    if (event === "reset") text = "";
    else if (event === "text") text += data.text;
  }
  return text;
}

async function readEvents(response: Response, told: Told[]): Promise<void> {
  let rest = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      const event = field("event");
      if (event) told.push({ id: field("id"), event, data: JSON.parse(field("data")!) });
    }
  }
}
