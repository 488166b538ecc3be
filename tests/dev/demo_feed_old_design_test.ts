import assert from "node:assert/strict";
import {
  billEvents,
  billFlush,
  COUNT_SCRIPT,
  oldEvents,
  SCAN_COUNT,
  scanPages,
} from "../../dev/demo_feed_old_design.ts";
import { planDay } from "../../dev/demo_feed_plan.ts";
import { type Rest, withRest } from "./redis/rest.ts";

const WEEK_SECONDS = 604_800;
const DAY_SECONDS = 86_400;

Deno.test("what the old design is said to cost is what the meter counts when it runs", () =>
  withRest(async (rest) => {
    const plan = planDay({ events: 600, seed: 3, run: 1 });
    for (const { counter, marker } of oldEvents(plan)) {
      if (marker !== undefined) {
        const isFirst = await rest.run("SET", marker, 1, "NX", "EX", DAY_SECONDS) === "OK";
        if (!isFirst) continue;
      }
      await rest.run("EVAL", COUNT_SCRIPT, 1, `feed:${counter}`, WEEK_SECONDS);
    }
    const { bill, counters, markers } = billEvents(oldEvents(plan));
    assert.deepEqual(rest.server.meter.snapshot().byCommand, bill);
    assert.equal(await rest.run("DBSIZE"), counters + markers);

    rest.server.meter.reset();
    const pages = await flush(rest);
    assert.equal(pages.reduce((sum, page) => sum + page), counters);
    assert.equal(pages.length, Math.ceil((counters + markers) / SCAN_COUNT));
    assert.deepEqual(rest.server.meter.snapshot().byCommand, billFlush(pages));
  }));

/** As it was run each day, but that nothing goes while SCAN looks; how many counters each page held. */
async function flush({ run }: Rest): Promise<number[]> {
  const pages: string[][] = [];
  let cursor = "0";
  do {
    const reply = await run("SCAN", cursor, "MATCH", "feed:*", "COUNT", SCAN_COUNT);
    const [next, keys] = reply as [string, string[]];
    pages.push(keys);
    cursor = next;
  } while (cursor !== "0");
  for (const keys of pages.filter(({ length }) => length > 0)) {
    await run("MGET", ...keys);
    await run("DEL", ...keys);
  }
  return pages.map(({ length }) => length);
}

Deno.test("the pages of a SCAN hold every counter, spread over all keys", () => {
  const pages = scanPages({ counters: 1_000, markers: 9_000 });
  assert.equal(pages.length, 100);
  assert.equal(pages.reduce((sum, page) => sum + page), 1_000);
  assert.ok(Math.max(...pages) < 30, "as many everywhere, more or less");
});
