/**
 * What it costs to show what is kept of a person, and to erase it.
 *
 * @module
 */
import type { World } from "../core/jobs/world.ts";
import type { PriceRow } from "./price_list.ts";

function ask(world: World, method: "GET" | "DELETE"): Promise<Response> {
  return world.cloud.fetch("/api/people/ada?address=ada@example.com", {
    method,
    headers: { Authorization: `Bearer ${world.cloud.environment.OPERATOR_TOKENS}` },
  });
}

export const peoplePrices: readonly PriceRow[] = [
  {
    operation: "a person's data, shown",
    commands: 1,
    messages: 0,
    trips: 1,
    postgres: true,
    run: (world) => ask(world, "GET"),
  },
  {
    operation: "a person, erased",
    commands: 12,
    messages: 1,
    trips: 12,
    postgres: true,
    run: async (world) => {
      await ask(world, "DELETE");
      await world.cloud.settle();
    },
  },
];
