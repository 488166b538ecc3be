/**
 * A day's closing and a flush that comes late, on isolates whose clocks differ.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { readConfig } from "../../shared/mod.ts";
import { BROWSER } from "../functions/feed_events_world.ts";
import { startDatabase } from "../support/database.ts";
import { silentLog } from "../support/silent_log.ts";

Deno.test({
  name:
    "a flush that comes just after its day was proven, by a clock that is behind, leaves it proven",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using postgres = await startDatabase();
    const database = createPostgres({ url: postgres.url });
    let skewMs = 0;
    await using cloud = await createCloud({
      startAt: Date.parse("2026-11-21T23:59:00Z"),
      environment: { DATABASE_URL: postgres.url },
      app: (environment) => {
        const clock = { now: () => Date.now() + skewMs };
        const app = createApp(
          createDeps(readConfig(environment), { clock, database, log: silentLog }),
        );
        return {
          fetch: (request, bindings) => {
            skewMs = request.url.endsWith("/feed.flush") ? -1_000 : 0;
            return app.fetch(request, bindings);
          },
        };
      },
    });
    cloud.qstash.faults.add({
      kind: "late",
      ms: 600_500,
      matches: ({ url }) => url.endsWith("/feed.flush"),
    });
    const answer = await cloud.fetch("/api/metrics/views", {
      method: "POST",
      headers: { "user-agent": BROWSER },
      body: JSON.stringify({ kind: "events", id: 1, session: "session-1" }),
    });
    assert.equal(answer.status, 200);
    const isProven = async () => {
      const [day] = await database.query<{ proven_at: Date | null }>(
        "SELECT proven_at FROM feed_days WHERE day = '2026-11-21'",
      );
      return day?.proven_at instanceof Date;
    };
    // The closing is due at 00:10:00, the flush half a second later.
    await cloud.advance(11 * 60_000 + 100);
    assert.equal(await isProven(), true);
    await cloud.advance("1h");
    const flushes = await database.query("SELECT job FROM feed_flushes");
    assert.ok(flushes.length > 1, "the flush came");
    assert.equal(await isProven(), true);
    await database.close();
  },
});
