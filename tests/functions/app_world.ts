/**
 * The app on a local QStash and a Redis that a test may script, for the tests of its edges.
 *
 * @module
 */
import { VirtualClock } from "../../dev/clock.ts";
import { createQstashServer, type QstashServer } from "../../dev/qstash/server.ts";
import { listen } from "../../dev/server.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Outside } from "../../functions/deps.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { ImportWatch, type LogFields, readConfig } from "../../shared/mod.ts";

export const SERVICE_TOKEN = "token-of-a-backend";
export const GITHUB_SECRET = "It's a Secret to Everybody";
export const STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const PUBLIC_URL = "https://app.example";

/** One line that the app logged. */
export interface Line extends LogFields {
  level: string;
  event: string;
}

export interface AppWorld extends AsyncDisposable {
  app: ReturnType<typeof createApp>;
  clock: VirtualClock;
  qstash: QstashServer;
  lines: Line[];
  /** What the app sent to Redis, one command or pipeline each. */
  sentToRedis: unknown[];
  /** Sends a request and reads its JSON answer. */
  request(path: string, init?: RequestInit): Promise<{ response: Response; body: Answer }>;
}

// deno-lint-ignore no-explicit-any -- a test looks into any answer
export type Answer = any;

export interface AppWorldOptions {
  environment?: Record<string, string>;
  outside?: Partial<Outside>;
  /** What Redis answers. Default: `{"result":null}`, or as many as a pipeline asks for. */
  redisFetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Makes the app; nothing is delivered until the clock moves. */
export function createAppWorld(options: AppWorldOptions = {}): AppWorld {
  const clock = new VirtualClock();
  const qstash = createQstashServer({ clock, plan: "free" });
  const server = listen((request, connection) => qstash.fetch(request, connection));
  const lines: Line[] = [];
  const sentToRedis: unknown[] = [];
  const config = readConfig({
    PUBLIC_URL,
    UPSTASH_REDIS_REST_URL: "https://redis.example",
    UPSTASH_REDIS_REST_TOKEN: "redis-token",
    QSTASH_URL: server.url,
    QSTASH_TOKEN: qstash.token,
    QSTASH_CURRENT_SIGNING_KEY: qstash.signingKeys.current,
    QSTASH_NEXT_SIGNING_KEY: qstash.signingKeys.next,
    SERVICE_TOKENS: `another-token, ${SERVICE_TOKEN}`,
    WEBHOOK_SECRET_GITHUB: GITHUB_SECRET,
    WEBHOOK_SECRET_STANDARD: STANDARD_SECRET,
    ...options.environment,
  });
  const keep = (level: string) => (event: string, fields: LogFields = {}) => {
    lines.push({ ...fields, level, event });
  };
  const redis = createUpstashRedis({
    ...config.redis,
    clock,
    fetch: (url, init) => {
      const sent = JSON.parse(String(init.body));
      sentToRedis.push(sent);
      if (options.redisFetch) return options.redisFetch(url, init);
      const isOne = new URL(url).pathname === "/";
      return Promise.resolve(
        Response.json(isOne ? { result: null } : sent.map(() => ({ result: null }))),
      );
    },
  });
  const app = createApp(
    createDeps(config, {
      importWatch: ImportWatch.off(),
      clock,
      redis,
      log: { info: keep("info"), warn: keep("warn"), error: keep("error") },
      ...options.outside,
    }),
  );
  return {
    app,
    clock,
    qstash,
    lines,
    sentToRedis,
    async request(path, init) {
      const response = await app.request(path, init);
      const text = await response.clone().text();
      const isJson = response.headers.get("content-type")?.includes("json");
      return { response, body: isJson ? JSON.parse(text) : text };
    },
    async [Symbol.asyncDispose]() {
      await qstash.close();
      await server.close();
    },
  };
}

/** The HMAC-SHA256 of `message`, as bytes. */
export async function hmac(secret: string | Uint8Array, message: string): Promise<Uint8Array> {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey(
    "raw",
    bytes as BufferSource,
    algorithm,
    false,
    ["sign"],
  );
  return new Uint8Array(
    await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(message)),
  );
}

export const toHex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const toBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
