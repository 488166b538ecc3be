/**
 * Limits, on every runtime: what requests of one isolate share is plain data.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Cloud } from "../../dev/cloud.ts";
import { authorized, type PlatformCase, until } from "./calls.ts";

/** Redis in another process did not answer within the limiter's 300 ms: the machine is busy. */
class Busy extends Error {}

/** Runs it again, with somebody else, where the machine was too busy to tell. */
async function undisturbed(work: (somebody: string) => Promise<void>): Promise<void> {
  await until(async () => {
    try {
      await work(crypto.randomUUID());
      return true;
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      return false;
    }
  }, (isDone) => isDone);
}

async function check(cloud: Cloud, identifier: string, weight = 1) {
  const response = await cloud.fetch("/api/limits/steam/check", {
    method: "POST",
    headers: authorized(cloud),
    body: JSON.stringify({ identifier, weight }),
  });
  const body = await response.json();
  if (body.code === "limit_unavailable") throw new Busy();
  return { status: response.status, headers: response.headers, body };
}

export const limitCases: readonly PlatformCase[] = [
  {
    name: "checks at once share their asks, and none is refused that fits",
    run: (cloud) =>
      undisturbed(async (somebody) => {
        const before = cloud.redis.meter.lifetime().requests;
        const answers = await Promise.all(Array.from({ length: 80 }, () => check(cloud, somebody)));
        for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
        const requests = cloud.redis.meter.lifetime().requests - before;
        assert.ok(requests < 40, `${requests} requests for 80 checks`);
      }),
  },
  {
    name: "a limit that is used up answers 429 until it is reset",
    run: (cloud) =>
      undisturbed(async (somebodyElse) => {
        const somebody = `${somebodyElse}:ü/?`;
        assert.equal((await check(cloud, somebody, 200)).status, 200);
        const refused = await check(cloud, somebody, 200);
        assert.equal(refused.status, 429);
        assert.deepEqual(refused.body["violated-policies"], ["steam"]);
        assert.equal(refused.headers.get("ratelimit-policy"), '"steam";q=200;w=60');
        assert.ok(Number(refused.headers.get("retry-after")) >= 1);
        const path = `/api/limits/steam/${encodeURIComponent(somebody)}`;
        const reset = await cloud.fetch(path, { method: "DELETE", headers: authorized(cloud) });
        assert.equal(reset.status, 204);
        assert.equal((await check(cloud, somebody, 200)).status, 200);
      }),
  },
];
