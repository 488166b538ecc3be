import assert from "node:assert/strict";
import { skippedBy } from "./report.ts";

const REDIS = "redis-server is not on PATH (apt-get install redis-server)";
const POSTGRES = "postgresql is not installed (apt-get install postgresql)";

const titles = [
  { title: "a view counts", is: undefined },
  { title: `a view counts (skipped: ${REDIS})`, is: { name: "a view counts", reason: REDIS } },
  {
    title: `Postgres (long) (skipped: ${POSTGRES}): a view counts (twice)`,
    is: { name: "Postgres (long): a view counts (twice)", reason: POSTGRES },
  },
  {
    title: `redis (skipped: ${REDIS}), Postgres (skipped: ${POSTGRES}): it counts`,
    is: { name: "redis, Postgres: it counts", reason: `${REDIS}; ${POSTGRES}` },
  },
  {
    title: `one (skipped: ${REDIS}), two (skipped: ${REDIS}): it counts`,
    is: { name: "one, two: it counts", reason: REDIS },
  },
  { title: "cut off (skipped: because", is: { name: "cut off", reason: "because" } },
];

for (const { title, is } of titles) {
  Deno.test(`a name and the reason in it: ${title}`, () => {
    assert.deepEqual(skippedBy(title), is);
  });
}
