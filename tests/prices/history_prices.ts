/**
 * What the chat's history costs: one command for a page that is cached, none for all that Postgres
 * answers by itself.
 *
 * @module
 */
import assert from "node:assert/strict";
import { addMessage } from "../../functions/chat/history/message_store.ts";
import type { World } from "../core/jobs/world.ts";
import { AUTH_SECRET, userToken } from "../functions/limits_world.ts";
import type { PriceRow } from "./price_list.ts";

const nothing = { commands: 0, messages: 0, trips: 0 };
const LIST = "/api/chat/conversations";
const setting = { postgres: true, environment: { AUTH_SECRET } } as const;

async function call({ cloud }: World, path: string, method = "GET") {
  const response = await cloud.fetch(path, {
    method,
    headers: { authorization: `Bearer ${await userToken("ada")}` },
  });
  const text = await response.text();
  assert.equal(response.status, method === "DELETE" ? 204 : 200, text);
  return text;
}

async function say({ deps }: World) {
  for (let number = 1; number <= 60; number++) {
    await addMessage(deps.database!, {
      conversation: "c1",
      user: "ada",
      text: `message ${number}`,
      id: `m${number}`,
      at: deps.clock.now(),
    });
  }
}

/** Rows of the price list. */
export const historyPrices: readonly PriceRow[] = [
  {
    operation: "a page of history, cached",
    commands: 1,
    messages: 0,
    trips: 1,
    ...setting,
    prepare: async (world) => {
      await say(world);
      await call(world, `${LIST}/c1/messages`);
    },
    run: (world) => call(world, `${LIST}/c1/messages`),
  },
  {
    operation: "a page of history, not cached",
    commands: 2,
    messages: 0,
    trips: 2,
    ...setting,
    prepare: say,
    run: (world) => call(world, `${LIST}/c1/messages`),
  },
  {
    operation: "an older or newer page, the list of conversations, an export",
    ...nothing,
    ...setting,
    prepare: async (world) => {
      await say(world);
      return JSON.parse(await call(world, `${LIST}/c1/messages`));
    },
    run: async (world, prepared) => {
      const { before, after } = prepared as { before: string; after: string };
      await call(world, `${LIST}/c1/messages?before=${before}`);
      await call(world, `${LIST}/c1/messages?after=${after}`);
      await call(world, LIST);
      await call(world, `${LIST}/c1/export`);
      await call(world, "/api/chat/search?q=mess&keep=false");
    },
  },
  {
    operation: "a search, kept among the recent ones",
    commands: 3,
    messages: 0,
    trips: 1,
    ...setting,
    prepare: say,
    run: (world) => call(world, "/api/chat/search?q=message"),
  },
  {
    operation: "the recent searches",
    commands: 1,
    messages: 0,
    trips: 1,
    ...setting,
    run: (world) => call(world, "/api/chat/searches"),
  },
  {
    operation: "deleting a conversation",
    commands: 1,
    messages: 0,
    trips: 1,
    ...setting,
    prepare: say,
    run: (world) => call(world, `${LIST}/c1`, "DELETE"),
  },
];
