/**
 * The whole system with a mail provider and a Postgres, on a clock that a test moves.
 *
 * @module
 */
import { type Cloud, type CloudOptions, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { type Database, ImportWatch, type LogFields, readConfig } from "../../shared/mod.ts";

export const NOON = Date.parse("2026-11-21T12:00:00Z");
export const RESET = "https://market.example/reset/4f7c2a";
export const TABLES =
  "notifications, mail_events, mail_suppressions, notification_windows, notification_items";

// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = any;

export interface NotificationsWorld extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps;
  sql: Database;
  lines: (LogFields & { event: string })[];
  /** Posts a notification; answers 202 unless the test is about another. */
  tell(
    event: string,
    more?: Record<string, unknown>,
  ): Promise<{ response: Response; body: Answer }>;
  api(method: string, path: string): Promise<{ response: Response; body: Answer }>;
  /** Billed commands since the last look. */
  commands(): number;
}

export interface NotificationsWorldOptions {
  startAt?: number;
  plan?: CloudOptions["plan"];
  environment?: Record<string, string>;
}

/** What an event takes, as its sample has it. */
const samples: Record<string, unknown> = {
  "user.reset.start": { url: RESET },
  "message.new": { from: "Ada", text: "Is it free?", url: "https://market.example/messages/7" },
};

/** Empties the tables, and starts the app on them; `url` is what the app connects to. */
export async function createNotificationsWorld(
  sql: Database,
  url: string,
  { startAt = NOON, environment, plan }: NotificationsWorldOptions = {},
): Promise<NotificationsWorld> {
  await sql.query(`TRUNCATE ${TABLES}, dead_letters, effects`);
  const lines: NotificationsWorld["lines"] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ ...fields, event });
  let deps: Deps | undefined;
  const cloud = await createCloud({
    startAt,
    plan,
    environment: { DATABASE_URL: url, ...environment },
    app: (settings) => {
      deps = createDeps(readConfig(settings), {
        importWatch: ImportWatch.off(),
        log: { info: keep, warn: keep, error: keep },
      });
      return createApp(deps);
    },
  });
  const headers = { Authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` };
  const read = async (response: Response) => {
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return { response, body: isJson ? JSON.parse(text) : text };
  };
  let seen = 0;
  return {
    cloud,
    deps: deps!,
    sql,
    lines,
    tell: async (event, more = {}) =>
      await read(
        await cloud.fetch("/api/notifications", {
          method: "POST",
          headers,
          body: JSON.stringify({
            event,
            to: { email: "ada@example.com", name: "Ada" },
            data: samples[event],
            ...more,
          }),
        }),
      ),
    api: async (method, path) => await read(await cloud.fetch(path, { method, headers })),
    commands: () => {
      const { commands } = cloud.redis.meter.snapshot();
      const since = commands - seen;
      seen = commands;
      return since;
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps?.database?.close();
    },
  };
}
