/**
 * `deno task prices`: prints the price list as measured, and ends with 1 where it is not held.
 *
 * The table goes to stdout, row by row; how far it is goes to stderr.
 *
 * @module
 */
import { closeDatabase } from "./one_database.ts";
import { measure, priceList } from "./price_list.ts";
import { createProgress } from "./progress.ts";

const widest = Math.max(...priceList.map(({ operation }) => operation.length));
const line = (operation: string, ...cells: (string | number)[]) =>
  console.log(operation.padEnd(widest), ...cells.map((cell) => String(cell).padStart(9)));

line("operation", "commands", "messages", "trips");
const progress = createProgress(priceList.length);
let held = true;
for (const row of priceList) {
  progress.begins(row.operation);
  const price = await measure(row);
  const differs = (["commands", "messages", "trips"] as const).some((part) =>
    price[part] !== row[part]
  );
  progress.clear();
  line(row.operation, price.commands, price.messages, price.trips, differs ? "≠ listed" : "");
  held &&= !differs;
}
await closeDatabase();
progress.ends();
Deno.exit(held ? 0 : 1);
