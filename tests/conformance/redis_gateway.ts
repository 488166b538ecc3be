/**
 * The gateway over real HTTP on both engines, with the unmodified SDK on top.
 *
 * A file's tests share one gateway for each engine, so each test keeps to keys of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { WallClock } from "../../dev/clock.ts";
import type { Engine } from "../../dev/redis/engines/engine.ts";
import { type MeterSnapshot, type Price, priced } from "../../dev/redis/meter.ts";
import { createRedisServer } from "../../dev/redis/server.ts";
import { listen } from "../../dev/server.ts";
import { engines, type EngineUnderTest } from "./redis_engines.ts";

/** A gateway that listens, and a client of it. */
export interface Gateway {
  readonly engine: Engine["name"];
  readonly url: string;
  readonly token: string;
  readonly redis: Redis;
  /** All that was billed so far, by command. */
  billed(): Pick<MeterSnapshot, "commands" | "reads" | "writes" | "byCommand">;
  /** What `work` was billed. */
  priced(work: () => Promise<unknown>): Promise<Price>;
}

/** A row: its name, the calls, what they give in all. `key` is the row's own. */
export type SdkCall = readonly [
  name: string,
  run: (redis: Redis, key: string) => Promise<unknown>,
  gives: unknown,
];

export interface SdkSuiteOptions {
  /** Runs on this engine alone. */
  only?: Engine["name"];
  /** Why the other one cannot. */
  because?: string;
}

/** One test for each call and engine. */
export function onEachEngine(
  family: string,
  calls: readonly SdkCall[],
  { only, because }: SdkSuiteOptions = {},
): void {
  for (const [index, [name, run, gives]] of calls.entries()) {
    testOnEachEngine(`${family}: ${name}`, async ({ redis }) => {
      assert.deepEqual(await run(redis, `${family}/${index}/`), gives);
    }, only === undefined ? engines : engines.filter((each) => each.name === only));
  }
  // A family that one engine lacks by its version is no hole in this machine's set-up.
  if (only !== undefined) assert.ok(because, "say why the other engine is left out");
}

/** One test on each engine. */
export function testOnEachEngine(
  name: string,
  run: (gateway: Gateway) => Promise<void>,
  chosen: readonly EngineUnderTest[] = engines,
): void {
  for (const under of chosen) {
    Deno.test({
      ...under.options(`${under.name}: ${name}`),
      fn: async () => await run((await gatewayOf(under)).gateway),
    });
  }
}

/** One test with both engines side by side; it needs the real one. */
export function testOnBothEngines(name: string, run: (both: Gateway[]) => Promise<void>): void {
  Deno.test({
    ...engines[1].options(name),
    fn: async () => {
      const both = await Promise.all(engines.map((under) => gatewayOf(under)));
      await run(both.map(({ gateway }) => gateway));
    },
  });
}

interface RunningGateway {
  readonly gateway: Gateway;
  stop(): Promise<void>;
}

const running = new Map<Engine["name"], Promise<RunningGateway>>();

Deno.test.afterAll(async () => {
  for (const each of running.values()) await (await each).stop();
  running.clear();
});

function gatewayOf(under: EngineUnderTest): Promise<RunningGateway> {
  const started = running.get(under.name) ?? startGateway(under);
  running.set(under.name, started);
  return started;
}

async function startGateway(under: EngineUnderTest): Promise<RunningGateway> {
  const { redisUrl, stop } = await under.startGround();
  const server = await createRedisServer({ clock: new WallClock(), redisUrl });
  const listening = listen(server.fetch);
  const { url } = listening;
  return {
    gateway: {
      engine: under.name,
      url,
      token: server.token,
      redis: new Redis({ url, token: server.token, enableTelemetry: false }),
      billed: () => {
        const { commands, reads, writes, byCommand } = server.meter.lifetime();
        return { commands, reads, writes, byCommand };
      },
      priced: (work) => priced({ redis: server }, work),
    },
    stop: async () => {
      await listening.close();
      await server.close();
      await stop();
    },
  };
}
