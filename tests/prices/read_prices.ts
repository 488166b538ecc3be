/**
 * What reading the feed costs, and saying what listings there are: nothing of Redis.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { World } from "../core/jobs/world.ts";
import type { PriceRow } from "./price_list.ts";

const nothing = { commands: 0, messages: 0, trips: 0 };

async function ask({ cloud }: World, path: string, init?: RequestInit) {
  const response = await cloud.fetch(path, init);
  assert.equal(response.status, 200, await response.text());
}

/** Rows of the price list. */
export const readPrices: readonly PriceRow[] = [
  {
    operation: "counts of up to 100 listings",
    ...nothing,
    postgres: true,
    run: async (world) => {
      await ask(world, "/api/metrics/locations/42");
      await ask(world, "/api/metrics/events?id=1&id=two");
    },
  },
  {
    operation: "a page of the feed",
    ...nothing,
    postgres: true,
    run: (world) => ask(world, "/api/feed/locations"),
  },
  {
    operation: "the feed's dashboard",
    ...nothing,
    postgres: true,
    run: (world) =>
      ask(world, "/admin/analytics/feed", {
        headers: {
          accept: "text/html",
          authorization: `Bearer ${world.cloud.environment.OPERATOR_TOKENS}`,
        },
      }),
  },
];
