/**
 * The two engines that every conformance test runs on.
 *
 * The real one is a redis-server of our own, or else the one at `REDIS_URL`, which must be empty
 * because tests flush it. Where there is neither, its tests are skipped and say so.
 *
 * @module
 */

import type { Engine } from "../../dev/redis/engines/engine.ts";
import { createEmbeddedEngine } from "../../dev/redis/engines/embedded.ts";
import { createRespEngine } from "../../dev/redis/engines/resp.ts";
import { commandOf } from "../../dev/redis/engines/resp_protocol.ts";
import { findRedisServer, noRedisServer, startRedisServer } from "../support/redis_server.ts";

/** An engine that runs, and what else must end with it. */
export interface RunningEngine extends AsyncDisposable {
  readonly engine: Engine;
}

/** One of the two. */
export interface EngineUnderTest {
  readonly name: Engine["name"];
  /** Why it cannot be had on this machine, if so. */
  readonly missing?: string;
  start(): Promise<RunningEngine>;
}

/** Both, the embedded one first. */
export const engines: readonly EngineUnderTest[] = [
  { name: "embedded", start: async () => running(await createEmbeddedEngine(), async () => {}) },
  { name: "redis", missing: missingServer(), start: startReal },
];

/** A test's name with the engine it runs on, and why it is skipped, if so. */
export function testName(name: string, { name: engine, missing }: EngineUnderTest): string {
  return `${engine}: ${name}${missing === undefined ? "" : ` (skipped: ${missing})`}`;
}

function missingServer(): string | undefined {
  if (findRedisServer() !== undefined || Deno.env.get("REDIS_URL")) return undefined;
  return `${noRedisServer} and REDIS_URL is not set`;
}

async function startReal(): Promise<RunningEngine> {
  if (findRedisServer() !== undefined) {
    const server = await startRedisServer();
    return running(await createRespEngine(server.url), server.stop);
  }
  const engine = await createRespEngine(Deno.env.get("REDIS_URL") ?? "");
  const { reply } = await engine.run(commandOf("DBSIZE"));
  if (reply.type !== "integer" || reply.value !== 0n) {
    await engine.close();
    throw new Error("Cannot test on REDIS_URL: its database is not empty, and tests flush it");
  }
  return running(engine, async () => {
    for (const words of [["FLUSHDB"], ["SCRIPT", "FLUSH"], ["FUNCTION", "FLUSH"]]) {
      await engine.run(commandOf(...words));
    }
  });
}

function running(engine: Engine, stop: () => Promise<void>): RunningEngine {
  return {
    engine,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await engine.close();
    },
  };
}
