/**
 * Deliveries a second through dev/qstash on a virtual clock: in process, and over HTTP to a
 * real endpoint. Publishing is timed apart.
 *
 * `deno run -A bench/qstash_deliveries.ts [messages, default 5000]`
 *
 * @module
 */
import { VirtualClock } from "../dev/clock.ts";
import { createQstashServer, type QstashServerOptions } from "../dev/qstash/server.ts";
import { listen } from "../dev/server.ts";

const MAX_MESSAGES = 100_000;
const messages = Math.min(Number(Deno.args[0] ?? 5_000), MAX_MESSAGES);
if (!Number.isInteger(messages) || messages < 1) {
  throw new RangeError(`Cannot measure: messages must be a positive integer, got ${Deno.args[0]}`);
}

const endpoint = listen(() => new Response("ok"));
const rows = [
  {
    transport: "in process",
    ...await measure("https://app.test/job", { transport: () => Promise.resolve(new Response()) }),
  },
  { transport: "HTTP, a connection each", ...await measure(`${endpoint.url}/job`, {}) },
];
await endpoint.close();
console.table(rows);

async function measure(url: string, options: Partial<QstashServerOptions>) {
  const clock = new VirtualClock();
  const qstash = createQstashServer({ clock, ...options });
  const body = JSON.stringify({ job: "bench", input: "x".repeat(200) });
  const publishing = performance.now();
  for (let index = 0; index < messages; index++) {
    const response = await qstash.fetch(
      new Request(`http://qstash/v2/publish/${url}`, {
        method: "POST",
        headers: { authorization: `Bearer ${qstash.token}` },
        body,
      }),
    );
    await response.body?.cancel();
  }
  const publishMs = performance.now() - publishing;
  const delivering = performance.now();
  await clock.advance(0);
  const deliverMs = performance.now() - delivering;
  const delivered = qstash.meter.snapshot().messages;
  await qstash.close();
  return {
    delivered,
    "publishes/s": Math.round(messages / publishMs * 1000),
    "deliveries/s": Math.round(delivered / deliverMs * 1000),
  };
}
