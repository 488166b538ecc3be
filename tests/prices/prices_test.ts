import assert from "node:assert/strict";
import { measure, priceList } from "./price_list.ts";

for (const row of priceList) {
  const { operation, commands, messages, trips } = row;
  Deno.test(`price: ${operation}: ${commands} commands, ${messages} messages, ${trips} trips`, async () => {
    assert.deepEqual(await measure(row), { commands, messages, trips });
  });
}
