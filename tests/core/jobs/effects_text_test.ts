import assert from "node:assert/strict";
import { applyOnce } from "../../../shared/core/jobs/effects.ts";
import { postgresEngines } from "../../support/postgres_engines.ts";

const [engine] = postgresEngines();
const results: unknown[] = [
  { text: "a\0b" },
  ["cut\ud83d"],
  { "zeropoll.json": "1" },
  "\\u0000",
  { a: "é 😀" },
];
for (const [index, result] of results.entries()) {
  Deno.test(`a transaction that resolves to ${JSON.stringify(result)} does so again`, async () => {
    const sql = engine.database();
    const now = Date.now();
    const effect = { job: `texts${index}`, name: "main", now, forgottenBefore: now - 1_000 };
    await sql.query("DELETE FROM effects WHERE job = $1", [effect.job]);
    const work = () => Promise.resolve(result);
    assert.deepEqual(await applyOnce(sql, effect, work), result);
    const again = () => Promise.reject(new Error("it ran twice"));
    assert.deepEqual(await applyOnce(sql, effect, again), result);
  });
}
