/**
 * The app as a process of its own, on dev's servers in this one: for benches of the chat.
 *
 * @module
 */
import { sign } from "hono/jwt";
import { WallClock } from "../dev/clock.ts";
import { cloudSecrets } from "../dev/cloud.ts";
import { createMigratedPostgres } from "../dev/database.ts";
import { createLlmServer } from "../dev/llm/server.ts";
import { createQstashServer } from "../dev/qstash/server.ts";
import { createRedisServer } from "../dev/redis/server.ts";
import { listen } from "../dev/server.ts";

const AUTH_SECRET = "users-of-the-bench-0123456789abcdef";

export interface ChatSystem extends AsyncDisposable {
  app: string;
  /** The provider: its base URL and key. */
  model: { url: string; key: string };
  /** Headers of this user. */
  as(user: string): Promise<Record<string, string>>;
  /** Memory of the app's process, in MB. */
  memory(): number;
}

/** Starts them all on free ports. */
export async function startChatSystem(): Promise<ChatSystem> {
  const clock = new WallClock();
  const postgres = await createMigratedPostgres();
  const redis = await createRedisServer({ clock });
  const qstash = createQstashServer({ clock });
  const llm = createLlmServer({ clock, requestsPerMinute: 100_000 });
  const [redisAt, qstashAt, llmAt] = [redis, qstash, llm].map(({ fetch }) =>
    listen((request) => fetch(request))
  );
  const probe = listen(() => new Response());
  await probe.close();
  const app = `http://127.0.0.1:${probe.port}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "functions/main.ts"],
    cwd: new URL("..", import.meta.url).pathname,
    clearEnv: true,
    env: {
      ...cloudSecrets,
      // Viewers share a few users.
      OPEN_LIMITS: "streams=off,history=off",
      PUBLIC_URL: app,
      UPSTASH_REDIS_REST_URL: redisAt.url,
      UPSTASH_REDIS_REST_TOKEN: redis.token,
      QSTASH_URL: qstashAt.url,
      QSTASH_TOKEN: qstash.token,
      QSTASH_CURRENT_SIGNING_KEY: qstash.signingKeys.current,
      QSTASH_NEXT_SIGNING_KEY: qstash.signingKeys.next,
      OPENAI_API_KEY: llm.token,
      OPENAI_BASE_URL: `${llmAt.url}/v1`,
      DATABASE_URL: postgres.url,
      AUTH_SECRET,
      STREAMS_PER_USER: "10000",
      STREAMS_PER_ADDRESS: "100000",
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${probe.port}`,
      NO_COLOR: "1",
    },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await answers(`${app}/health`);
  return {
    app,
    model: { url: `${llmAt.url}/v1`, key: llm.token },
    async as(user) {
      const exp = Math.floor(Date.now() / 1_000) + 3_600;
      return { authorization: `Bearer ${await sign({ sub: user, exp }, AUTH_SECRET, "HS256")}` };
    },
    memory() {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1_024);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await Promise.all([redisAt, qstashAt, llmAt].map((server) => server.close()));
      await qstash.close();
      await llm.close();
      await redis.close();
      await postgres.close();
    },
  };
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      return void await (await fetch(url)).body?.cancel();
    } catch {
      // Not yet.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`Cannot measure: nothing answers at ${url}`);
}
