/**
 * What a lost reply does to a client: the unmodified SDK sends the command again, ours does not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { RedisUnavailableError } from "../../shared/errors.ts";
import { WallClock } from "../../dev/clock.ts";
import { type Rest, withRest } from "../dev/redis/rest.ts";

const sdkOf = ({ url, server: { token } }: Rest, retry?: { retries: number }) =>
  new Redis({ url, token, enableTelemetry: false, retry });

Deno.test("the SDK's default retry applies an INCR twice when the reply to the first is lost", () =>
  withRest(async (rest) => {
    rest.server.faults.add({ kind: "dropReply" });
    assert.equal(await sdkOf(rest).incr("n"), 2, "the caller asked once");
    assert.equal(rest.server.meter.snapshot().byCommand.INCR, 2);
  }));

Deno.test("our adapter applies it once, and says that it does not know", () =>
  withRest(async ({ url, server, run }) => {
    const redis = createUpstashRedis({ url, token: server.token, clock: new WallClock() });
    server.faults.add({ kind: "dropReply" });
    await assert.rejects(redis.run(["INCR", "n"]), RedisUnavailableError);
    assert.equal(await run("GET", "n"), "1");
  }));

Deno.test("the SDK retries what never ran, and the caller does not notice", () =>
  withRest(async (rest) => {
    rest.server.faults.add({ kind: "disconnect" });
    assert.equal(await sdkOf(rest).incr("n"), 1);
  }));

Deno.test("the SDK gives up after its retries, with the connection's own error", () =>
  withRest(async (rest) => {
    rest.server.faults.add({ kind: "disconnect", times: 9 });
    await assert.rejects(sdkOf(rest, { retries: 1 }).incr("n"), TypeError);
    assert.deepEqual(rest.server.faults.list(), [{ kind: "disconnect", left: 7 }]);
  }));

Deno.test("the SDK never retries an answer, whatever its status", () =>
  withRest(async (rest) => {
    rest.server.faults.add({ kind: "refuse", times: 9 });
    await assert.rejects(sdkOf(rest).incr("n"), /unavailable/);
    assert.deepEqual(rest.server.faults.list(), [{ kind: "refuse", left: 8 }]);
  }));
