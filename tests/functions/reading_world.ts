/**
 * A cloud on a Postgres that may go away, for the tests of what is read from it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { rankKind } from "../../functions/feed/ranking/ranking.ts";
import { type Database, ImportWatch, readConfig } from "../../shared/mod.ts";
import { type Gate, startGate } from "../support/gate.ts";
import type { TestPostgres } from "../support/postgres_engines.ts";
import { silentLog } from "../support/silent_log.ts";
import { forgetAll, NOW } from "./ranked_by_hand.ts";

export interface ReadingWorld extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps;
  /** Past the gate: for the test itself. */
  sql: Database;
  /** Between the app and Postgres. */
  gate: Gate;
  /** Asks, and holds the answer to 0 Redis commands. */
  get(path: string, headers?: Record<string, string>): Promise<Read>;
  /** Calls as a backend. */
  post(path: string, body: unknown, token?: string): Promise<Read>;
  /** Ranks the kind once more. */
  rank(kind?: "locations" | "events" | "services"): Promise<void>;
}

export interface Read {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any -- a test looks into any answer
  body: any;
}

/** Makes the world at {@link NOW}, with empty tables; `wrap` may change how the app sees Postgres. */
export async function createReadingWorld(
  engine: TestPostgres,
  { wrap, environment }: {
    wrap?: (deps: Deps, cloud: () => Cloud) => Database;
    /** Default: every id is ranked, as the tests of the order itself need it. */
    environment?: Record<string, string>;
  } = {},
): Promise<ReadingWorld> {
  const sql = engine.database();
  await forgetAll(sql);
  const gate = startGate(engine.url());
  let deps: Deps | undefined;
  const cloud: Cloud = await createCloud({
    startAt: NOW,
    environment: { DATABASE_URL: gate.url, ...environment ?? { FEED_RANK: "all" } },
    app: (environment) => {
      const config = readConfig(environment);
      deps = createDeps(config, { importWatch: ImportWatch.off(), log: silentLog });
      if (wrap) {
        deps = createDeps(config, {
          importWatch: ImportWatch.off(),
          log: silentLog,
          database: wrap(deps, () => cloud),
        });
      }
      return createApp(deps);
    },
  });
  let runs = 0;
  const ask = async (path: string, init: RequestInit): Promise<Read> => {
    const response = await cloud.fetch(path, init);
    const text = await response.text();
    assert.match(response.headers.get("server-timing") ?? "", /desc="0 commands"/);
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  return {
    cloud,
    deps: deps!,
    sql,
    gate,
    get: (path, headers) => ask(path, { headers }),
    post: (path, body, token = cloud.environment.SERVICE_TOKENS) =>
      ask(path, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    async rank(kind = "locations") {
      await rankKind(sql, kind, { run: `by the test ${++runs}`, now: cloud.clock.now() });
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
      await gate[Symbol.asyncDispose]();
    },
  };
}
