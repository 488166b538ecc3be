import assert from "node:assert/strict";
import { WallClock } from "../../../dev/clock.ts";
import { createQstashServer } from "../../../dev/qstash/server.ts";
import { listen } from "../../../dev/server.ts";

const HOUR_MS = 3_600_000;

async function withServer(
  handler: (request: Request, index: number) => Response | Promise<Response>,
  test: (tools: {
    clock: WallClock;
    qstash: ReturnType<typeof createQstashServer>;
    publish(headers?: Record<string, string>): Promise<Response>;
    delivered(count: number): Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  let count = 0;
  const waiting: { count: number; resolve: () => void }[] = [];
  const endpoint = listen(async (request) => {
    const index = count++;
    await request.arrayBuffer();
    for (const { count: wanted, resolve } of waiting) if (count >= wanted) resolve();
    return await handler(request, index);
  });
  const clock = new WallClock();
  const qstash = createQstashServer({ clock });
  const server = listen(qstash.fetch);
  try {
    await test({
      clock,
      qstash,
      publish: (headers = {}) =>
        fetch(`${server.url}/v2/publish/${endpoint.url}/job`, {
          method: "POST",
          headers: { authorization: `Bearer ${qstash.token}`, ...headers },
        }),
      delivered: (wanted) =>
        count >= wanted ? Promise.resolve() : new Promise((resolve) => {
          waiting.push({ count: wanted, resolve });
        }),
    });
  } finally {
    await qstash.close();
    await server.close();
    await endpoint.close();
  }
}

Deno.test("on the wall's clock a message is delivered by itself, a delayed one when time is skipped", async () => {
  await withServer(() => new Response(), async ({ publish, delivered, clock }) => {
    await (await publish()).json();
    await delivered(1);
    await (await publish({ "upstash-delay": "1h" })).json();
    await clock.advance(HOUR_MS);
    await delivered(2);
    assert.ok(clock.offsetMs >= HOUR_MS);
  });
});

Deno.test("on the wall's clock a timeout ends the connection, and the message is retried", async () => {
  const aborted = Promise.withResolvers<void>();
  const handler = (request: Request, index: number) => {
    if (index > 0) return new Response();
    request.signal.addEventListener("abort", () => aborted.resolve());
    return new Promise<Response>(() => {});
  };
  await withServer(handler, async ({ publish, delivered, clock }) => {
    await (await publish({ "upstash-timeout": "1m", "upstash-retry-delay": "5000" })).json();
    await delivered(1);
    await clock.advance(60_000);
    await aborted.promise;
    await clock.advance(5000);
    await delivered(2);
  });
});

Deno.test({
  name: "a closed server leaves no timer, no connection and no call behind",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: async () => {
    const hanging = () => new Promise<Response>(() => {});
    await withServer(hanging, async ({ publish, delivered }) => {
      await (await publish()).json();
      await (await publish({ "upstash-delay": "1h" })).json();
      await (await publish({ "upstash-cron": "0 0 1 1 *" })).json();
      await delivered(1);
    });
  },
});

Deno.test("a leap of the wall's clock delivers by due time, and makes up for one tick of a schedule", async () => {
  const order: string[] = [];
  const handler = (request: Request) => {
    order.push(request.headers.get("upstash-schedule-id") ?? request.headers.get("x-name") ?? "");
    return new Response();
  };
  await withServer(handler, async ({ publish, delivered, clock, qstash }) => {
    const at = new Date(clock.now()).getUTCMinutes();
    const cron = `${(at + 30) % 60} * * * *`;
    await publish({ "upstash-cron": cron, "upstash-schedule-id": "hourly" });
    await publish({ "upstash-delay": "20h", "upstash-forward-x-name": "late" });
    await publish({ "upstash-delay": "10h", "upstash-forward-x-name": "early" });
    await clock.advance(24 * HOUR_MS);
    await delivered(3);
    assert.deepEqual(qstash.meter.snapshot().publishes, 3);
    const [schedule] = qstash.schedules();
    assert.ok(Number(schedule.nextScheduleTime) > clock.now(), "the next tick lies ahead");
    assert.deepEqual([...order].sort(), ["early", "hourly", "late"]);
  });
});
