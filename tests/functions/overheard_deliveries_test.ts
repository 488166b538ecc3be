/**
 * Deliveries seen by somebody else, and sent again with headers that nobody signs changed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/mod.ts";
import { createWorld, type World } from "../core/jobs/world.ts";
import { silentLog } from "../support/silent_log.ts";

interface SeenDelivery {
  path: string;
  headers: Headers;
  body: string;
}

/** A cloud whose deliveries somebody reads along. */
async function overheard() {
  const seen: SeenDelivery[] = [];
  const cloud = await createCloud({
    app: (settings) => {
      const app = createApp(createDeps(readConfig(settings), { log: silentLog }));
      return {
        async fetch(request) {
          const path = new URL(request.url).pathname;
          if (path.startsWith("/qstash/") && !request.headers.has("x-replayed")) {
            seen.push({ path, headers: request.headers, body: await request.clone().text() });
          }
          return await app.fetch(request);
        },
      };
    },
  });
  const replay = async (delivery: SeenDelivery, headers: Record<string, string>) => {
    const changed = new Headers({ ...Object.fromEntries(delivery.headers), "x-replayed": "1" });
    for (const [name, value] of Object.entries(headers)) changed.set(name, value);
    changed.delete("content-length");
    return await cloud.fetch(delivery.path, {
      method: "POST",
      headers: changed,
      body: delivery.body,
    });
  };
  return { cloud, seen, replay, [Symbol.asyncDispose]: () => cloud.close() };
}

const changes: Record<string, string>[] = [
  { "Upstash-Retried": "1" },
  { "Upstash-Retried": "99" },
  { "Upstash-Retried": "-1" },
  { "Upstash-Retried": "1.5" },
  { "Upstash-Retried": "1e999" },
  { "Upstash-Retried": "NaN" },
  { "Upstash-Message-Id": "msg_other" },
  { "Upstash-Message-Id": "" },
  { "Upstash-Schedule-Id": "zeropoll.other" },
];
for (const headers of changes) {
  Deno.test(`a settled job's delivery, replayed with ${JSON.stringify(headers)}, runs nothing`, async () => {
    await using overhearing = await overheard();
    const { cloud, seen, replay } = overhearing;
    const enqueued = await cloud.fetch("/api/jobs/debug.echo", {
      method: "POST",
      headers: { Authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
      body: JSON.stringify({ input: { message: "x" } }),
    });
    const { id } = await enqueued.json();
    await cloud.settle();
    const key = (name: string) => `zeropoll:job:${id}:${name}`;
    const look = async () => {
      const answer = await fetch(
        `${cloud.environment.UPSTASH_REDIS_REST_URL}/mget/${key("claim")}/${key("outcome")}`,
        { headers: { authorization: `Bearer ${cloud.environment.UPSTASH_REDIS_REST_TOKEN}` } },
      );
      return (await answer.json()).result;
    };
    const before = await look();
    const answer = await replay(seen[0], headers);
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).state, "succeeded");
    assert.deepEqual(await look(), before);
  });
}

Deno.test("an attempt that is no number does not break the claim", async () => {
  await using overhearing = await overheard();
  const { cloud, seen, replay } = overhearing;
  await cloud.fetch("/api/jobs/debug.echo", {
    method: "POST",
    headers: { Authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
    body: JSON.stringify({ input: { message: "x", failures: 2 } }),
  });
  await cloud.settle();
  for (const retried of ["1e999", "1.5", "-1"]) {
    const answer = await replay(seen[0], { "Upstash-Retried": retried });
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).state, "superseded", "the run that failed is not repeated");
  }
  await cloud.advance("10m");
  assert.equal(cloud.qstash.messages()[0].state, "DELIVERED");
});

async function tickedWorld(): Promise<{ world: World; ticks: SeenDelivery[] }> {
  const ticks: SeenDelivery[] = [];
  // A signature is good for 5 minutes: the tick is half a minute away.
  const world = await createWorld({ startAt: Date.UTC(2026, 0, 1, 0, 59, 30) });
  const app = createApp(world.deps);
  world.cloud.restart(() => ({
    async fetch(request) {
      const path = new URL(request.url).pathname;
      if (!request.headers.has("x-replayed")) {
        ticks.push({ path, headers: request.headers, body: await request.clone().text() });
      }
      return await app.fetch(request);
    },
  }));
  const plan = await world.jobs.planSchedules({
    fixed: { hourly: { cron: "0 * * * *", job: "work.do", input: {} } },
  }, "zeropoll");
  await world.jobs.applySchedules(plan);
  return { world, ticks };
}

Deno.test("a schedule's tick, replayed under another message's id, runs nothing", async () => {
  const { world, ticks } = await tickedWorld();
  await using _ = world;
  await world.cloud.advance("1m");
  assert.equal(world.seen.length, 1);
  const [tick] = ticks;
  for (const id of ["msg_other", "", tick.headers.get("upstash-message-id")!]) {
    const headers = new Headers({ ...Object.fromEntries(tick.headers), "x-replayed": "1" });
    headers.set("upstash-message-id", id);
    headers.delete("content-length");
    await (await world.cloud.fetch(tick.path, { method: "POST", headers, body: tick.body })).text();
  }
  assert.equal(world.seen.length, 1);
  await world.cloud.advance("1h");
  assert.equal(world.seen.length, 2, "the next tick runs");
});
