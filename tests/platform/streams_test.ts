import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { listen } from "../../dev/server.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { systemClock, systemSleep } from "../../shared/adapters/system.ts";
import { createKeys } from "../../shared/core/keys.ts";
import { createReplyWriter } from "../../shared/mod.ts";
import { startBareWorker } from "../support/bare_workerd.ts";
import { collectGarbage } from "../support/collect_garbage.ts";
import { readEvents } from "../support/event_source.ts";
import { needs, titled } from "../support/needs.ts";
import { silentLog } from "../support/silent_log.ts";
import { createStreamApp } from "../support/stream_app.ts";

type Start = (environment: Record<string, string>) => Promise<{ url: string; close(): unknown }>;

const platforms: { name: string; start: Start; ignore?: boolean; reason?: string }[] = [
  {
    name: "Deno",
    start: (environment) => {
      const app = createStreamApp(environment, { log: silentLog });
      return Promise.resolve(listen((request) => app.fetch(request)));
    },
  },
  {
    name: "workerd",
    start: (environment) => startBareWorker("tests/support/stream_worker.ts", environment),
    ...needs("workerd"),
  },
];

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail("it never came to be");
}

for (const { name, start, ignore = false, reason } of platforms) {
  Deno.test({
    name: titled(
      `${name}: two viewers are told a reply as it is said, and one that leaves is let go of`,
      { reason },
    ),
    ignore,
    fn: async () => {
      await using cloud = await createCloud({
        clock: "wall",
        app: () => ({ fetch: () => new Response(null, { status: 404 }) }),
      });
      const server = await start({ ...cloud.environment });
      const redis = createUpstashRedis({
        url: cloud.environment.UPSTASH_REDIS_REST_URL,
        token: cloud.redis.token,
        clock: systemClock,
      });
      const keys = createKeys(cloud.environment.NAMESPACE ?? "zeropoll");
      const parts = { redis, keys, clock: systemClock, sleep: systemSleep, log: silentLog };
      const writer = createReplyWriter(parts, { reply: "r1", epoch: 1, batchMs: 100 });

      const following = async () => await (await fetch(`${server.url}/following`)).json();
      const leaving = new AbortController();
      const stays = readEvents(await fetch(`${server.url}/stream/r1`));
      const leaves = readEvents(
        await fetch(`${server.url}/stream/r1`, { signal: leaving.signal }),
      );
      for (const viewer of [stays, leaves]) await viewer.next();
      // The snapshot is read once the subscription stands.
      await eventually(() => Promise.resolve(cloud.redis.meter.snapshot().byCommand.GET === 2));
      writer.write("Hello, ");
      for (const viewer of [stays, leaves]) {
        assert.deepEqual((await viewer.next()).value, {
          id: "1:7",
          event: "text",
          data: '{"text":"Hello, "}',
        });
      }
      leaving.abort();
      // workerd notices a client that left by the next thing that it is sent.
      await eventually(async () => {
        writer.write(".");
        return await following() === 1;
      });

      writer.write("world");
      await writer.end("done");
      let said = "Hello, ";
      let last: string | undefined;
      for await (const { event, data } of stays) {
        last = event;
        if (event === "text") said += JSON.parse(data!).text;
      }
      assert.equal(said, writer.text);
      assert.equal(last, "end");
      assert.equal(await following(), 0);
      const resumed = await fetch(`${server.url}/stream/r1`, {
        headers: { "last-event-id": "1:5" },
      });
      const rest = await Array.fromAsync(readEvents(resumed));
      assert.deepEqual(rest.map(({ id, event }) => [id, event]), [
        [undefined, undefined],
        [`1:${writer.text.length}`, "text"],
        [`1:${writer.text.length}`, "end"],
      ]);
      await server.close();
    },
  });
}

for (const { name, start, ignore = false, reason } of platforms) {
  Deno.test({
    name: titled(`${name}: viewers that come and leave end their subscriptions, all of them`, {
      reason,
    }),
    ignore,
    fn: async () => {
      await using cloud = await createCloud({
        clock: "wall",
        app: () => ({ fetch: () => new Response(null, { status: 404 }) }),
      });
      const server = await start({ ...cloud.environment });
      const redis = createUpstashRedis({
        url: cloud.environment.UPSTASH_REDIS_REST_URL,
        token: cloud.redis.token,
        clock: systemClock,
      });
      const channel = createKeys(cloud.environment.NAMESPACE ?? "zeropoll").replyChannel("r1");
      const listening = async () => (await redis.run(["PUBSUB", "NUMSUB", channel]) as number[])[1];
      let said = "";
      for (let round = 1; round <= 2; round++) {
        const viewers = [];
        for (let index = 0; index < 20; index++) {
          const response = await fetch(`${server.url}/stream/r1`);
          const reader = response.body!.getReader();
          await reader.read();
          viewers.push(reader);
        }
        await eventually(async () => await listening() === viewers.length);
        await collectGarbage();
        for (const viewer of viewers) await viewer.cancel();
        await eventually(async () => {
          // workerd notices a client that left by the next thing that it is sent.
          said += ".";
          const frame = { epoch: 1, at: 0, text: said };
          await redis.run(["PUBLISH", channel, JSON.stringify(frame)]);
          return await listening() === 0;
        });
      }
      await server.close();
    },
  });
}
