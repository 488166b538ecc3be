import assert from "node:assert/strict";
import * as z from "zod";
import { createCloud } from "../../../dev/cloud.ts";
import { createApp } from "../../../functions/app.ts";
import { createDeps, type Deps } from "../../../functions/deps.ts";
import { defineJob, defineRegistry, readConfig, RequestError } from "../../../shared/mod.ts";
import { silentLog } from "../../support/silent_log.ts";

const rows = [
  {
    name: "sooner than the backoff is not listened to: an outage would use up every attempt",
    backoff: { first: 60_000, factor: 5 },
    retryAfterMs: 5_000,
    waits: [60, 300],
  },
  {
    name: "later than the backoff is waited for",
    backoff: { first: 1_000 },
    retryAfterMs: 90_000,
    waits: [90, 90],
  },
  {
    name: "sooner than QStash's own backoff is not listened to",
    backoff: undefined,
    retryAfterMs: 5_000,
    waits: [12, 148],
  },
];
for (const { name, backoff, retryAfterMs, waits } of rows) {
  Deno.test(`an error that says when to try again, ${name}`, async () => {
    const startedAt = Date.parse("2026-11-21T12:00:00Z");
    const attempts: number[] = [];
    const registry = defineRegistry({
      "work.fail": defineJob({
        name: "work.fail",
        input: z.object({}),
        retries: 2,
        backoff,
        run() {
          attempts.push((Date.now() - startedAt) / 1_000);
          throw new RequestError("redis_unavailable", "away", { retryable: true, retryAfterMs });
        },
      }),
    });
    let deps: Deps<typeof registry> | undefined;
    await using cloud = await createCloud({
      startAt: startedAt,
      app: (environment) =>
        createApp(deps = createDeps(readConfig(environment), { log: silentLog }, registry)),
    });
    await deps!.jobs.enqueue("work.fail", {});
    await cloud.advance("1h");
    const seen = attempts.slice(1).map((at, index) => Math.round(at - attempts[index]));
    assert.deepEqual(seen, waits);
  });
}
