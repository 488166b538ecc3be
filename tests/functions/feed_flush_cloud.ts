/**
 * The whole system with a database, for what QStash and the clock bring about.
 *
 * @module
 */
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import type { AppRegistry } from "../../functions/jobs/registry.ts";
import { type Database, ImportWatch, type LogFields, readConfig } from "../../shared/mod.ts";
import { DAY } from "./feed_flush_days.ts";
import { emptyFeed } from "./feed_flush_world.ts";

const BROWSER = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" };

export interface FeedCloud extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps;
  lines: ({ event: string } & LogFields)[];
  view(id: string, session: string): Promise<number>;
  /** The day as Postgres has it. */
  day(day?: string): Promise<{ isProven: boolean; views: number }>;
  post(metric: string, body: unknown): Promise<number>;
}

export interface FeedCloudOptions {
  url: string;
  database: Database;
  /** In the place of the app's own. */
  jobs?: Partial<AppRegistry>;
}

/** The whole system, on a day that begins at 10:00. */
export async function openFeedCloud(
  { url, database, jobs }: FeedCloudOptions,
): Promise<FeedCloud> {
  await emptyFeed(database);
  await database.query("TRUNCATE dead_letters");
  const lines: FeedCloud["lines"] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ ...fields, event });
  let deps: Deps | undefined;
  const cloud = await createCloud({
    startAt: Date.parse(`${DAY}T10:00:00Z`),
    environment: { DATABASE_URL: url },
    app: (settings) => {
      deps = createDeps(
        readConfig(settings),
        { importWatch: ImportWatch.off(), log: { info: keep, warn: keep, error: keep } },
        (own) => ({ ...own, ...jobs }),
      );
      return createApp(deps);
    },
  });
  async function post(metric: string, body: unknown) {
    const response = await cloud.fetch(`/api/metrics/${metric}`, {
      method: "POST",
      headers: BROWSER,
      body: JSON.stringify(body),
    });
    await response.body?.cancel();
    return response.status;
  }
  return {
    cloud,
    deps: deps!,
    lines,
    post,
    view: (id, session) => post("views", { kind: "events", id, session: `session-${session}` }),
    async day(day = DAY) {
      const [row] = await database.query<{ proven: boolean; views: number }>(
        `SELECT proven_at IS NOT NULL AS proven,
           (SELECT coalesce(sum(views), 0)::int FROM feed_counts WHERE day = $1::date) AS views
         FROM feed_days WHERE day = $1::date`,
        [day],
      );
      return { isProven: row?.proven ?? false, views: row?.views ?? 0 };
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
    },
  };
}

/** What was logged of this. */
export const told = ({ lines }: Pick<FeedCloud, "lines">, event: string) =>
  lines.filter((line) => line.event === event);
