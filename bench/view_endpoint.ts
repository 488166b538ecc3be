/**
 * `POST /api/metrics/views` beside a bare hono handler that makes the same one Redis call:
 * requests a second, p50 and p99, in pairs that take turns in one run, on Deno and in workerd.
 *
 * `deno run -A bench/view_endpoint.ts [pairs, default 6] [seconds of each, default 2]`. All of it
 * is on one machine, and workerd behind wrangler's proxy, so read the ratios, not the figures.
 *
 * @module
 */
import { WallClock } from "../dev/clock.ts";
import { cloudSecrets } from "../dev/cloud.ts";
import { createQstashServer } from "../dev/qstash/server.ts";
import { createRedisServer } from "../dev/redis/server.ts";
import { listen } from "../dev/server.ts";
import { startWorker } from "../tests/support/workerd.ts";

interface Load {
  port: number;
  connections: number;
  seconds: number;
}

/** One measurement: requests a second, and how long one took, in ms. */
interface Measured {
  "requests/s": number;
  p50: number;
  p99: number;
}

/** Something that counts views on a port. */
interface Endpoint {
  port: number;
  close(): Promise<void>;
}

const root = new URL("..", import.meta.url).pathname;
const LISTINGS = 500;
const VISITORS = 5_000;

async function main(): Promise<void> {
  const pairs = bounded(Deno.args[0] ?? "6", 50);
  const seconds = bounded(Deno.args[1] ?? "2", 30);
  const clock = new WallClock();
  const redis = await createRedisServer({ clock });
  const qstash = createQstashServer({ clock });
  const [redisAt, qstashAt] = [listen(redis.fetch), listen(qstash.fetch)];
  const bare = { REDIS_URL: redisAt.url, REDIS_TOKEN: redis.token };
  const whole = {
    ...cloudSecrets,
    // All come from one address.
    OPEN_LIMITS: "events=off",
    PUBLIC_URL: "http://127.0.0.1:9",
    UPSTASH_REDIS_REST_URL: redisAt.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    QSTASH_URL: qstashAt.url,
    QSTASH_TOKEN: qstash.token,
    QSTASH_CURRENT_SIGNING_KEY: qstash.signingKeys.current,
    QSTASH_NEXT_SIGNING_KEY: qstash.signingKeys.next,
    // Never connected to: a view asks Redis alone.
    DATABASE_URL: "postgres://nobody@127.0.0.1:9/none",
  };
  const worker = new Worker(new URL(import.meta.url), { type: "module" });
  const measure = (load: Load) => inThread(worker, load);
  console.log(`${pairs} pairs of ${seconds} s each, ${redis.engine.name} behind dev/redis`);
  for (const runtime of ["Deno", "workerd"] as const) {
    const start = runtime === "Deno" ? startInDeno : startInWorkerd;
    const endpoints = [await start("bare", bare), await start("whole", whole)];
    for (const connections of [1, 8]) {
      const load = (endpoint: Endpoint, seconds: number) =>
        measure({ port: endpoint.port, connections, seconds });
      for (const endpoint of endpoints) await load(endpoint, 1);
      const results: [bare: Measured, whole: Measured][] = [];
      for (let pair = 0; pair < pairs; pair++) {
        // Whoever goes first takes turns as well.
        const order = pair % 2 === 0 ? [0, 1] : [1, 0];
        const result: Measured[] = [];
        for (const which of order) result[which] = await load(endpoints[which], seconds);
        results.push(result as [Measured, Measured]);
      }
      print(`${runtime}, ${connections} at once`, results);
    }
    for (const endpoint of endpoints) await endpoint.close();
  }
  worker.terminate();
  await Promise.all([redisAt.close(), qstashAt.close()]);
  await redis.close();
  await qstash.close();
}

function print(title: string, results: readonly [bare: Measured, whole: Measured][]): void {
  console.log(`\n${title}`);
  const rows = (["requests/s", "p50", "p99"] as const).map((figure) => {
    const ratios = results.map(([bare, whole]) => whole[figure] / bare[figure]);
    const unit = figure === "requests/s" ? "" : " ms";
    const of = (which: 0 | 1) => {
      const middle = median(results.map((pair) => pair[which][figure]));
      return `${unit ? middle.toFixed(2) : Math.round(middle)}${unit}`;
    };
    return [figure, {
      bare: of(0),
      "the endpoint": of(1),
      ratio: median(ratios).toFixed(2),
      "from … to": `${Math.min(...ratios).toFixed(2)} … ${Math.max(...ratios).toFixed(2)}`,
    }];
  });
  console.table(Object.fromEntries(rows));
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function startInDeno(what: "bare" | "whole", settings: Record<string, string>) {
  const probe = listen(() => new Response());
  await probe.close();
  const entry = what === "bare" ? "bench/bare_view.ts" : "functions/main.ts";
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", entry],
    cwd: root,
    clearEnv: true,
    env: { ...settings, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${probe.port}`, NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await answers(probe.port);
  return {
    port: probe.port,
    close: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

async function startInWorkerd(what: "bare" | "whole", settings: Record<string, string>) {
  if (what === "whole") return endpointOf(await startWorker(settings));
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-bench-" });
  const config = `${folder}/wrangler.toml`;
  const kept = (await Deno.readTextFile(`${root}wrangler.toml`))
    .replace(/^main = .*$/m, `main = "${root}bench/bare_view.ts"`);
  await Deno.writeTextFile(config, kept);
  const worker = endpointOf(await startWorker(settings, config));
  return {
    ...worker,
    close: async () => {
      await worker.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function endpointOf({ url, close }: { url: string; close(): Promise<void> }): Endpoint {
  return { port: Number(new URL(url).port), close };
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      return void await (await fetch(`http://127.0.0.1:${port}/`)).body?.cancel();
    } catch {
      // Not yet.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`Cannot measure: nothing answers on port ${port}`);
}

function inThread(worker: Worker, load: Load): Promise<Measured> {
  const result = new Promise<Measured>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  });
  worker.postMessage(load);
  return result;
}

function bounded(text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`Cannot measure: got ${text}, which is no whole number from 1 to ${most}`);
}

/** Sends views on one connection, each once the last is answered; how long each took, in ms. */
async function hammer({ port, seconds }: Load): Promise<number[]> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  const chunk = new Uint8Array(16 * 1_024);
  const took: number[] = [];
  const end = performance.now() + seconds * 1_000;
  for (let startedAt = performance.now(); startedAt < end;) {
    const body = JSON.stringify({
      kind: "locations",
      id: Math.floor(Math.random() * LISTINGS),
      session: `visitor-${Math.floor(Math.random() * VISITORS)}`,
    });
    await connection.write(encoder.encode(
      "POST /api/metrics/views HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\r\n" +
        `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ));
    let text = "";
    while (!isWhole(text)) {
      const length = await connection.read(chunk);
      if (length === null) throw new Error("The server closed the connection");
      text += decoder.decode(chunk.subarray(0, length));
    }
    if (!text.startsWith("HTTP/1.1 200")) throw new Error(`Unexpected answer: ${text}`);
    const now = performance.now();
    took.push(now - startedAt);
    startedAt = now;
  }
  connection.close();
  return took;
}

function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  return length === undefined
    ? text.endsWith("0\r\n\r\n")
    : text.length >= head + 4 + Number(length);
}

// In a worker `import.meta.main` is true as well.
if (!("WorkerGlobalScope" in globalThis)) await main();
else {
  const self = globalThis as unknown as Worker;
  self.onmessage = async ({ data }: MessageEvent<Load>) => {
    const runs = await Promise.all(Array.from({ length: data.connections }, () => hammer(data)));
    const took = runs.flat().sort((one, other) => one - other);
    self.postMessage({
      "requests/s": took.length / data.seconds,
      p50: took[Math.floor(took.length * 0.5)],
      p99: took[Math.floor(took.length * 0.99)],
    });
  };
}
