/**
 * The app on a Postgres that may go away and a Redis that may fail, with conversations in it.
 *
 * @module
 */
import {
  addMessage,
  forgetCachedPage,
  type NewMessage,
} from "../../functions/chat/history/message_store.ts";
import { endReply, openReply, takeReply } from "../../functions/chat/replies/reply_store.ts";
import type { Database, Sql } from "../../shared/mod.ts";
import { type Gate, startGate } from "../support/gate.ts";
import type { TestPostgres } from "../support/postgres_engines.ts";
import { createLimitsWorld, type LimitsWorld, userToken } from "./limits_world.ts";

export interface HistoryWorld extends LimitsWorld {
  /** Past the gate: for the test itself. */
  sql: Database;
  /** Between the app and Postgres. */
  gate: Gate;
  /** As the app stores a message that a user sends, without the reply. */
  say(text: string, more?: Partial<NewMessage>): Promise<string>;
  /** The same, with its answer stored. */
  exchange(text: string, answer: string, more?: Partial<NewMessage>): Promise<void>;
}

/** Makes the world, with empty tables. */
export async function createHistoryWorld(engine: TestPostgres): Promise<HistoryWorld> {
  const sql = engine.database();
  await sql.query("TRUNCATE chat_conversations CASCADE");
  const gate = startGate(engine.url());
  const world = await createLimitsWorld({ environment: { DATABASE_URL: gate.url } });
  let made = 0;
  const add = async (text: string, more: Partial<NewMessage>) => {
    await world.cloud.clock.advance(1_000);
    const id = `m${++made}`;
    const at = world.cloud.clock.now();
    const message = { conversation: "c1", user: "ada", text, id, at, ...more };
    await addMessage(sql, message);
    return message;
  };
  return {
    ...world,
    async call(method, path, { as, headers } = {}) {
      const bearer = as === "backend"
        ? world.cloud.environment.SERVICE_TOKENS
        : as && await userToken(as);
      const response = await world.cloud.fetch(path, {
        method,
        headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), ...headers },
      });
      const text = await response.text();
      const isJson = /\/(problem\+)?json/.test(response.headers.get("content-type") ?? "");
      const { status, headers: answered } = response;
      return { status, headers: answered, body: isJson && text !== "" ? JSON.parse(text) : text };
    },
    sql,
    gate,
    async say(text, more = {}) {
      const { conversation, id } = await add(text, more);
      const { redis, keys, log } = world.deps();
      await forgetCachedPage({ redis, keys, log }, conversation);
      return id;
    },
    async exchange(text, answer, more = {}) {
      const { conversation, user, id: question, at } = await add(text, more);
      const id = `r${made}`;
      await openReply(sql, { id, conversation, user, question, at });
      await takeReply(sql, id, at);
      await endReply(sql, { id, epoch: 1 }, { state: "done", text: answer, now: at });
    },
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await world.deps().database?.close();
      await gate[Symbol.asyncDispose]();
    },
  };
}

/** Registers tests, each in a world of its own. */
export function historyTests(engine: TestPostgres) {
  return (name: string, fn: (world: HistoryWorld) => Promise<void>) =>
    engine.test(name, async () => {
      await using world = await createHistoryWorld(engine);
      await fn(world);
    });
}

/** Every message that pages in this direction have, from the page at `path` on. */
export async function turnPages(
  { call }: LimitsWorld,
  path: string,
  direction: "before" | "after",
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<string[]> {
  const texts: string[] = [];
  const url = new URL(path, "http://any");
  while (texts.length < 10_000) {
    const { status, body } = await call("GET", url.pathname + url.search, { as: "ada" });
    if (status !== 200) throw new Error(JSON.stringify(body));
    const page = body.messages.map(({ text }: { text: string }) => text);
    if (direction === "before") texts.unshift(...page);
    else texts.push(...page);
    const isLast = direction === "before" ? !body.before : !body.hasNewer;
    if (isLast) return texts;
    url.searchParams.set(direction, body[direction]);
    await between();
  }
  throw new Error("the pages never end");
}

/** Resolves once a statement of another connection waits for a lock. */
export async function someoneWaits(sql: Sql): Promise<void> {
  for (;;) {
    const [{ waiting }] = await sql.query<{ waiting: number }>(
      "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    );
    if (waiting > 0) return;
  }
}
