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
import { long } from "../support/long.ts";
import { findRedisServer, startRedisServer } from "../support/redis_server.ts";

/** An engine that runs; `await using` ends it and what it stands on. */
export interface RunningEngine extends AsyncDisposable {
  readonly engine: Engine;
}

/** What an engine stands on: an empty server, or nothing. */
export interface Ground {
  readonly redisUrl?: string;
  /** Ends the server, or empties the one that is not ours. */
  stop(): Promise<void>;
}

/** One of the two. */
export interface EngineUnderTest {
  readonly name: Engine["name"];
  /** For `Deno.test`: a test's name on it, and whether it is left out. */
  options(name: string): { name: string; ignore: boolean };
  startGround(): Promise<Ground>;
}

/** Both, the embedded one first. */
export const engines: readonly EngineUnderTest[] = [
  {
    name: "embedded",
    options: (name) => ({ name, ignore: false }),
    startGround: () => Promise.resolve({ stop: () => Promise.resolve() }),
  },
  {
    name: "redis",
    // A server at REDIS_URL is one too.
    options: (name) => Deno.env.get("REDIS_URL") ? long(name) : long(name, "redis-server"),
    startGround: startServer,
  },
];

/** Starts `under` with no data. */
export async function startEngine(under: EngineUnderTest): Promise<RunningEngine> {
  const { redisUrl, stop } = await under.startGround();
  const engine = redisUrl === undefined
    ? await createEmbeddedEngine()
    : await createRespEngine(redisUrl);
  return {
    engine,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await engine.close();
    },
  };
}

async function startServer(): Promise<Ground> {
  const given = Deno.env.get("REDIS_URL");
  if (findRedisServer() !== undefined || given === undefined) {
    const server = await startRedisServer();
    return { redisUrl: server.url, stop: server.stop };
  }
  const engine = await createRespEngine(given);
  const { reply } = await engine.run(commandOf("DBSIZE"));
  if (reply.type !== "integer" || reply.value !== 0n) {
    await engine.close();
    throw new Error("Cannot test on REDIS_URL: its database is not empty, and tests flush it");
  }
  return {
    redisUrl: given,
    stop: async () => {
      for (const words of [["FLUSHDB"], ["SCRIPT", "FLUSH"], ["FUNCTION", "FLUSH"]]) {
        await engine.run(commandOf(...words));
      }
      await engine.close();
    },
  };
}
