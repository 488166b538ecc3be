/**
 * The whole system with users who write, listen, watch and play, at the start of a day.
 *
 * @module
 */
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps, type Outside } from "../../functions/deps.ts";
import {
  createKeys,
  type Database,
  ImportWatch,
  type LogFields,
  readConfig,
} from "../../shared/mod.ts";
import type { TestPostgres } from "../support/postgres_engines.ts";
import { userToken } from "./limits_world.ts";

export const DAY = "2026-11-21";
export const START = Date.parse(`${DAY}T10:00:00Z`);
export const keys = createKeys("zeropoll");
/** The secret that `userToken` signs with. */
const AUTH_SECRET = "users-of-the-tests-0123456789";

// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = any;

export interface ProfilesWorld extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps;
  sql: Database;
  lines: (LogFields & { event: string })[];
  /** Calls the app; `as` is a backend, a user's id, or nobody. */
  call(method: string, path: string, as?: string, body?: unknown): Promise<{
    status: number;
    body: Answer;
  }>;
  /** Activities of these, as a backend sends them. */
  act(...activities: Record<string, unknown>[]): Promise<Answer>;
  /** The user writes this now, as the chat stores it, and the hour is armed. */
  say(user: string, text: string): Promise<void>;
  /** Runs a job to its end, and resolves to its result. */
  run(job: string, input: unknown): Promise<Answer>;
  /** Billed Redis commands and messages since the last call. */
  bill(): { commands: number; messages: number };
  rows(query: string): Promise<Record<string, unknown>[]>;
}

export interface ProfilesOptions {
  environment?: Record<string, string>;
  outside?: Partial<Outside>;
  /** In the place of the engine's own: a way to it that may be shut. */
  url?: string;
}

/** Empties the tables, and starts the app on them. */
export async function createProfilesWorld(
  engine: TestPostgres,
  { environment, outside, url = engine.url() }: ProfilesOptions = {},
): Promise<ProfilesWorld> {
  const sql = engine.database();
  await sql.query(
    `TRUNCATE chat_conversations, chat_messages, chat_replies, profile_activities, profile_items,
       profile_sentiments, profile_summaries, profiles, dead_letters, effects`,
  );
  const lines: ProfilesWorld["lines"] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ ...fields, event });
  let deps: Deps | undefined;
  const cloud = await createCloud({
    startAt: START,
    environment: { DATABASE_URL: url, AUTH_SECRET, LEAST_ACTIVE_USERS: "2", ...environment },
    app: (settings) => {
      const log = { info: keep, warn: keep, error: keep };
      deps = createDeps(readConfig(settings), { importWatch: ImportWatch.off(), log, ...outside });
      return createApp(deps);
    },
  });
  let messages = 0;
  const world: ProfilesWorld = {
    cloud,
    deps: deps!,
    sql,
    lines,
    async call(method, path, as, body) {
      const token = as === "backend" ? cloud.environment.SERVICE_TOKENS : as && await userToken(as);
      const response = await cloud.fetch(path, {
        method,
        headers: { ...(token && { authorization: `Bearer ${token}` }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    },
    async act(...activities) {
      const { status, body } = await world.call("POST", "/api/activity", "backend", { activities });
      if (status !== 200) throw new Error(JSON.stringify(body));
      return body;
    },
    async say(user, text) {
      const at = new Date(cloud.clock.now()).toISOString();
      await deps!.arm(["sentiment.hourly"]);
      await sql.query(
        `INSERT INTO chat_conversations (id, user_id, created_at, updated_at)
         VALUES ($1, $1, $2::text::timestamptz, $2::text::timestamptz) ON CONFLICT DO NOTHING`,
        [user, at],
      );
      await sql.query(
        `INSERT INTO chat_messages (id, conversation, user_id, role, text, created_at)
         VALUES ($1, $2, $2, 'user', $3, $4::text::timestamptz)`,
        [`message-${++messages}`, user, text, at],
      );
    },
    async run(job, input) {
      const { id } = await deps!.jobs.enqueueUnchecked(job, input);
      await cloud.settle();
      const view = await deps!.jobs.state(id);
      if (view.state !== "succeeded") throw new Error(JSON.stringify(view));
      return view.result;
    },
    bill() {
      const bill = {
        commands: cloud.redis.meter.snapshot().commands,
        messages: cloud.qstash.meter.snapshot().messages,
      };
      cloud.redis.meter.reset();
      cloud.qstash.meter.reset();
      return bill;
    },
    rows: (query) => sql.query(query),
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
    },
  };
  return world;
}

/** Names of users. */
export const people = (count: number) =>
  Array.from({ length: count }, (_, index) => `user-${String(index).padStart(4, "0")}`);
