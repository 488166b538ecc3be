/**
 * Random traffic of every kind under every fault, by seed; what must hold all the same.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHarness, HOUR_MS, type Received } from "./harness.ts";

const SEEDS = 25;
const MESSAGES = 120;
const RATE = 4;
const PERIOD_MS = 10_000;
const PARALLELISM = 3;
const TIMEOUT_MS = 30_000;

/** A small generator of the same numbers for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Call extends Received {
  endedAt: number;
  kind: string;
}

for (let seed = 1; seed <= SEEDS; seed++) {
  Deno.test(`seed ${seed}: all messages end, in their order and within their limits`, async () => {
    const random = createRandom(seed);
    const chance = (probability: number) => random() < probability;
    const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)];
    const { clock, qstash, json, answer } = createHarness();
    const calls: Call[] = [];

    answer(async (received) => {
      const kind = new URL(received.url).pathname.split("/")[1];
      const call: Call = { ...received, kind, endedAt: Infinity };
      calls.push(call);
      if (chance(0.5)) await clock.sleep(Math.floor(random() * 40_000));
      else if (chance(0.1)) await new Promise((resolve) => setTimeout(resolve, 1));
      call.endedAt = clock.now();
      if (chance(0.05)) throw new TypeError("connection refused");
      const headers: Record<string, string> = chance(0.2) ? { "retry-after": "3" } : {};
      return new Response(null, { status: pick([200, 200, 200, 500, 503]), headers });
    });
    const strikes = { times: 1e9, matches: () => chance(0.05) };
    const { faults } = qstash;
    faults.add({ kind: "duplicate", ...strikes });
    faults.add({ kind: "overlapping", ...strikes });
    faults.add({ kind: "lost", ...strikes });
    // Neither may strike a queue: that would be another order.
    const unordered = ({ url }: { url: string }) => !url.includes("/queue/") && chance(0.05);
    faults.add({ kind: "late", ms: 20_000, times: 1e9, matches: unordered });
    faults.add({ kind: "reordered", count: 3, times: 1e9, matches: unordered });

    for (let index = 0; index < MESSAGES; index++) {
      const kind = pick(["plain", "queue", "rate", "parallel"]);
      const url = `https://app.test/${kind}/${index}`;
      const headers: Record<string, string> = {
        "upstash-retries": String(pick([0, 1, 3])),
        "upstash-retry-delay": "2000",
        "upstash-timeout": `${TIMEOUT_MS / 1000}s`,
        "upstash-label": kind,
      };
      if (kind === "plain") headers["upstash-delay"] = `${Math.floor(random() * 100)}s`;
      if (kind === "rate") {
        headers["upstash-flow-control-key"] = "rate";
        headers["upstash-flow-control-value"] = `rate=${RATE}, period=10s`;
      }
      if (kind === "parallel") {
        headers["upstash-flow-control-key"] = "parallel";
        headers["upstash-flow-control-value"] = `parallelism=${PARALLELISM}`;
      }
      if (chance(0.3)) headers["upstash-callback"] = "https://app.test/callback";
      if (chance(0.3)) headers["upstash-failure-callback"] = "https://app.test/failure";
      const path = kind === "queue" ? "/v2/enqueue/q/" : "/v2/publish/";
      const { messageId } = await json("POST", path + url, { headers });
      if (chance(0.1)) await json("DELETE", `/v2/messages?messageIds=${messageId}`);
      if (chance(0.2)) await clock.advance(Math.floor(random() * 20_000));
    }
    await clock.advance(48 * HOUR_MS);

    assert.equal(clock.nextDueAt(), undefined, "nothing is left to do");
    const ends = qstash.logs()
      .filter(({ state }) => ["DELIVERED", "FAILED", "CANCELED"].includes(String(state)))
      .map(({ messageId }) => messageId);
    const created = qstash.logs().filter(({ state }) => state === "CREATED").length;
    assert.equal(ends.length, created, "each message ends");
    assert.equal(new Set(ends).size, created, "and only once");
    assert.equal((await json("GET", "/v2/globalParallelism")).parallelismCount, 0);
    for (const { waitListSize, parallelismCount } of qstash.flowControls()) {
      assert.deepEqual([waitListSize, parallelismCount], [0, 0]);
    }
    assert.equal(qstash.queues().every(({ lag }) => lag === 0), true);

    // Extra calls of duplicates and overlaps are beyond QStash's own order and limits.
    const own = ownCalls(calls);
    const ordered = own.filter(({ kind }) => kind === "queue")
      .map(({ url }) => Number(url.split("/").at(-1)));
    assert.deepEqual(ordered, ordered.toSorted((left, right) => left - right), "FIFO");
    assertRate(own.filter(({ kind }) => kind === "rate"));
    assertParallelism(own.filter(({ kind }) => kind === "parallel"));
  });
}

/** The first call of each attempt. */
function ownCalls(calls: readonly Call[]): Call[] {
  const seen = new Set<string>();
  return calls.filter(({ headers }) => {
    const attempt = `${headers.get("upstash-message-id")} ${headers.get("upstash-retried")}`;
    if (seen.has(attempt)) return false;
    seen.add(attempt);
    return true;
  });
}

/** Fixed windows: no stretch of one period holds more than the end of one and the start of the next. */
function assertRate(calls: readonly Call[]): void {
  for (const { at } of calls) {
    const within = calls.filter((other) => other.at >= at && other.at < at + PERIOD_MS);
    // What "late" and "reordered" held back comes on top: it took its place when it was due.
    assert.ok(within.length <= 2 * RATE + 6, `${within.length} in a period`);
  }
}

/** A call counts until its answer, or until QStash has stopped to wait for it. */
function assertParallelism(calls: readonly Call[]): void {
  const endOf = ({ at, endedAt }: Call) => Math.min(endedAt, at + TIMEOUT_MS);
  for (const { at } of calls) {
    const running = calls.filter((other) => other.at <= at && at < endOf(other));
    assert.ok(running.length <= PARALLELISM, `${running.length} side by side`);
  }
}
