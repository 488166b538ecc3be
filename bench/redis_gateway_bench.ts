/**
 * Commands a second through dev/redis over loopback, from 8 connections in a thread of their own.
 *
 * `deno run -A bench/redis_gateway_bench.ts [seconds] [redis://…]`; the embedded engine without a
 * URL. Server and load share the machine, so read it as a lower bound.
 *
 * @module
 */
import { WallClock } from "../dev/clock.ts";
import { createRedisServer } from "../dev/redis/server.ts";
import { listen } from "../dev/server.ts";

interface Load {
  port: number;
  token: string;
  path: string;
  body: string;
  seconds: number;
}

const CONNECTIONS = 8;
const PIPELINE_LENGTH = 50;
const increment = "return redis.call('INCR', KEYS[1])";
const pipeline = Array.from({ length: PIPELINE_LENGTH }, (_, n) => ["SET", `k${n}`, "value"]);

const loads: [name: string, path: string, body: unknown, commands: number][] = [
  ["SET", "/", ["SET", "k", "value"], 1],
  ["GET", "/", ["GET", "k"], 1],
  ["EVAL", "/", ["EVAL", increment, 1, "n"], 1],
  ["EVAL, keys locked", "/", ["EVAL", `#!lua flags=allow-key-locking\n${increment}`, 1, "n"], 1],
  [`pipeline of ${PIPELINE_LENGTH}`, "/pipeline", pipeline, PIPELINE_LENGTH],
  [`transaction of ${PIPELINE_LENGTH}`, "/multi-exec", pipeline, PIPELINE_LENGTH],
];

/** Sends the same request over and over on one connection; resolves to how often it was answered. */
async function hammer({ port, token, path, body, seconds }: Load): Promise<number> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = new TextEncoder().encode(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(64 * 1024);
  const end = performance.now() + seconds * 1000;
  let answered = 0;
  while (performance.now() < end) {
    await connection.write(request);
    let text = "";
    for (let needed = Infinity; text.length < needed;) {
      const length = await connection.read(chunk);
      if (length === null) throw new Error("The server closed the connection");
      text += decoder.decode(chunk.subarray(0, length));
      const head = text.indexOf("\r\n\r\n");
      if (head !== -1) needed = head + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1]);
    }
    if (!text.startsWith("HTTP/1.1 200")) throw new Error(`Unexpected answer: ${text}`);
    answered++;
  }
  connection.close();
  return answered;
}

async function measure(worker: Worker, load: Load): Promise<number> {
  const result = new Promise<number>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  });
  worker.postMessage(load);
  return await result / load.seconds;
}

async function main(): Promise<void> {
  const seconds = Number(Deno.args[0] ?? 3);
  const redisUrl = Deno.args[1];
  const server = await createRedisServer({ clock: new WallClock(), redisUrl });
  const listening = listen(server.fetch);
  const worker = new Worker(new URL(import.meta.url), { type: "module" });
  console.log(`engine: ${server.engine.name}, ${CONNECTIONS} connections, ${seconds} s each`);
  for (const [name, path, body, commands] of loads) {
    const load = { port: listening.port, token: server.token, path, body: JSON.stringify(body) };
    await measure(worker, { ...load, seconds: 0.5 });
    const requests = await measure(worker, { ...load, seconds });
    console.log(
      `${name.padEnd(20)} ${Math.round(requests)} requests/s, ` +
        `${Math.round(requests * commands)} commands/s`,
    );
  }
  worker.terminate();
  await server.close();
  await listening.close();
}

// In a worker `import.meta.main` is true as well.
if (!("WorkerGlobalScope" in globalThis)) await main();
else {
  const self = globalThis as unknown as Worker;
  self.onmessage = async ({ data }: MessageEvent<Load>) => {
    const answered = await Promise.all(Array.from({ length: CONNECTIONS }, () => hammer(data)));
    self.postMessage(answered.reduce((total, each) => total + each, 0));
  };
}
