import assert from "node:assert/strict";
import { createWorld } from "../core/jobs/world.ts";
import { measure, priceList } from "./price_list.ts";

for (const row of priceList) {
  const { operation, commands, messages, trips } = row;
  Deno.test(`price: ${operation}: ${commands} commands, ${messages} messages, ${trips} trips`, async () => {
    await using world = await createWorld();
    assert.deepEqual(await measure(row, world), { commands, messages, trips });
  });
}
