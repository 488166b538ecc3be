import assert from "node:assert/strict";
import { closeDatabase } from "./one_database.ts";
import { measure, priceList } from "./price_list.ts";

Deno.test.afterAll(closeDatabase);

/** The README's table: a row may name several operations of the same price. */
function publishedRows(readme: string) {
  const [, table] = /\| operation +\|.*\n\|[-| ]+\n((?:\|.*\n)+)/.exec(readme)!;
  return table.trim().split("\n").flatMap((line) => {
    const [names, ...prices] = line.split("|").slice(1, -1).map((cell) => cell.trim());
    const [commands, messages, trips] = prices.map((cell) => cell === "–" ? 0 : Number(cell));
    return names.split("; ").map((operation) => ({ operation, commands, messages, trips }));
  });
}

Deno.test("every price that the README publishes is a row of the list, and equal to it", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const published = publishedRows(readme);
  assert.ok(published.length > 10);
  for (const { operation, ...price } of published) {
    const row = priceList.find((row) =>
      row.operation === operation || row.operation === `a ${operation}`
    );
    assert.ok(row, `"${operation}" is measured`);
    const { commands, messages, trips } = row;
    assert.deepEqual({ commands, messages, trips }, price, operation);
  }
});

for (const row of priceList) {
  const { operation, commands, messages, trips } = row;
  Deno.test(`price: ${operation}: ${commands} commands, ${messages} messages, ${trips} trips`, async () => {
    assert.deepEqual(await measure(row), { commands, messages, trips });
  });
}
