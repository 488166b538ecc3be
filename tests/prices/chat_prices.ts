/**
 * What a reply costs from its message to its end, on a stage whose time stands still while anything is
 * under way, so that the figures are exact. Limit checks and what is armed are rows of their own.
 *
 * @module
 */
import { sign } from "hono/jwt";
import { CommandLedger } from "../../dev/demo_chat_ledger.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { createKeys } from "../../shared/mod.ts";
import { APP, AUTH_SECRET, createFleet } from "../simulation/chat_fleet.ts";
import type { Fate } from "../simulation/chat_mortal.ts";
import { Stage } from "../simulation/chat_stage.ts";
import { onStage } from "../simulation/chat_storm.ts";
import { createRandom } from "../simulation/random.ts";
import { startDatabase } from "../support/database.ts";
import { silentLog } from "../support/silent_log.ts";
import type { Price, PriceRow } from "./price_list.ts";

const MESSAGES = "/api/chat/conversations/kitchen/messages";
const START = Date.UTC(2026, 10, 21, 12, 0, 0);
const nothing = { commands: 0, messages: 0, trips: 0 };
const calm: Fate = { strike: () => undefined, isAway: () => false, lateMs: () => 0 };

interface Chat {
  /** Moves on by ms. */
  pass(ms: number): Promise<void>;
  /** Sends a message; its stream is read to the end. Resolves to the reply's path. */
  send(text: string, mode: "direct" | "queued"): Promise<string>;
  /** Opens a stream, and reads it; leaves by the returned function. */
  follow(path: string): () => void;
  call(path: string, init?: RequestInit): Promise<Response>;
  /** What was asked since the last look. */
  bill(): Price;
}

async function inChat(work: (chat: Chat) => Promise<unknown>): Promise<Price> {
  await using postgres = await startDatabase();
  const database = createPostgres({ url: postgres.url });
  await database.query("SELECT 1");
  const stage = new Stage(START);
  const ledger = new CommandLedger(createKeys("zeropoll"));
  const random = createRandom(1);
  let ids = 0;
  try {
    const fleet = await createFleet({
      stage,
      random,
      ids: { random: () => `id${++ids}` },
      fate: calm,
      database: onStage(stage, database),
      log: silentLog,
      isolates: 1,
      around: (redis) => ledger.count(redis),
    });
    const exp = START / 1_000 + 86_400;
    const token = await sign({ sub: "ada", exp }, AUTH_SECRET, "HS256");
    const call = (path: string, init: RequestInit = {}) =>
      stage.fetch(APP + path, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${token}` },
      });
    const chat: Chat = {
      pass: (ms) => stage.advance(ms),
      async send(text, mode) {
        const body = JSON.stringify({ text, mode });
        const headers = { accept: "text/event-stream" };
        const answer = call(MESSAGES, { method: "POST", headers, body });
        await stage.advance(0);
        void answer.then((response) => response.text());
        return (await answer).headers.get("location")!.replace("/stream", "");
      },
      follow(path) {
        const leaving = new AbortController();
        const { signal } = leaving;
        call(`${path}/stream`, { signal }).then((answer) => answer.text()).catch(() => {});
        return () => leaving.abort();
      },
      call,
      bill() {
        const { commands, trips } = ledger;
        const { byDestination } = fleet.qstash.meter.snapshot();
        ledger.clear();
        fleet.qstash.meter.reset();
        return { commands, trips, messages: byDestination[`${APP}/qstash/jobs/chat.reply`] ?? 0 };
      },
    };
    await work(chat);
    const price = chat.bill();
    await fleet.close();
    return price;
  } finally {
    stage.close();
    await database.close();
  }
}

const row = (
  operation: string,
  price: Price,
  work: (chat: Chat) => Promise<unknown>,
): PriceRow => ({
  operation,
  ...price,
  run: () => Promise.resolve(),
  measure: () => inChat(work),
});

/** Long enough for the watchdog, or a job that was put off. */
const ALL_CAME_MS = 90_000;

/** Rows of the price list. */
export const chatPrices: readonly PriceRow[] = [
  row(
    "a reply of 200 tokens in its request, with its sender",
    { commands: 21, messages: 1, trips: 17 },
    async ({ send, pass }) => {
      await send("/tokens 200", "direct");
      await pass(ALL_CAME_MS);
    },
  ),
  row(
    "a reply of 200 tokens by a job, with one viewer",
    { commands: 23, messages: 1, trips: 19 },
    async ({ send, pass }) => {
      await send("/tokens 200", "queued");
      await pass(ALL_CAME_MS);
    },
  ),
  row(
    "a viewer of a reply in the making comes back",
    { commands: 2, messages: 0, trips: 2 },
    async ({ send, follow, pass, bill }) => {
      // What it says meanwhile is the reply's: it stalls.
      const path = await send("/tokens 20 /pace 1", "direct");
      await pass(1_700);
      const leave = follow(path);
      await pass(100);
      leave();
      bill();
      follow(path);
      await pass(100);
    },
  ),
  row(
    "stopping a reply, its end included",
    { commands: 4, messages: 0, trips: 3 },
    async ({ send, call, pass, bill }) => {
      const path = await send("/tokens 200", "direct");
      await pass(1_990);
      bill();
      void call(path, { method: "DELETE" });
      await pass(20);
    },
  ),
  row(
    "an hour of an open page, its reply finished",
    nothing,
    async ({ send, pass, follow, bill }) => {
      const path = await send("/tokens 20", "direct");
      await pass(ALL_CAME_MS);
      bill();
      follow(path);
      await pass(3_600_000);
    },
  ),
];
