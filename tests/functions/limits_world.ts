/**
 * The app in a cloud of its own, at the start of a minute, with users' tokens.
 *
 * @module
 */
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { createKeys, ImportWatch, type LogFields, readConfig } from "../../shared/mod.ts";
import { hmac } from "./app_world.ts";

export const MINUTE_MS = 60_000;
export const START = Date.parse("2026-11-21T10:00:00Z");
export const keys = createKeys("zeropoll");
export const AUTH_SECRET = "users-of-the-tests-0123456789";

// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = any;

export interface LimitsWorld extends AsyncDisposable {
  cloud: Cloud;
  /** The isolate that answers now. */
  deps(): Deps;
  lines: (LogFields & { event: string })[];
  /** Calls the app; `as` is a backend, a user's id, or nobody. */
  call(
    method: string,
    path: string,
    options?: { as?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<{ status: number; headers: Headers; body: Answer }>;
  /** Billed Redis commands since the last call. */
  commands(): number;
  /** Asks Redis itself; not billed to the test. */
  redis(...command: (string | number)[]): Promise<Answer>;
}

export async function createLimitsWorld(
  options: {
    environment?: Record<string, string>;
    wall?: { redisUrl?: string };
    /** With the limiter's own 300 ms, on a machine that may be busy. Default: false. */
    hurried?: boolean;
  } = {},
): Promise<LimitsWorld> {
  const lines: LimitsWorld["lines"] = [];
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ ...fields, event });
  let deps: Deps | undefined;
  const cloud = await createCloud({
    anyOrigin: true,
    ...(options.wall ? { clock: "wall", ...options.wall } : { startAt: START }),
    environment: {
      AUTH_SECRET,
      ...(options.hurried && { REDIS_TIMEOUT_MS: "0" }),
      ...options.environment,
    },
    app: (environment) => {
      deps = createDeps(readConfig(environment), {
        importWatch: ImportWatch.off(),
        log: { info: keep, warn: keep, error: keep },
      });
      return createApp(deps);
    },
  });
  let billed = 0;
  return {
    cloud,
    deps: () => deps!,
    lines,
    async call(method, path, { as, body, headers } = {}) {
      const token = as === undefined || as === "backend"
        ? as && cloud.environment.SERVICE_TOKENS
        : await userToken(as);
      const response = await cloud.fetch(path, {
        method,
        headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        redirect: "manual",
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json");
      const { status, headers: answered } = response;
      return { status, headers: answered, body: isJson ? JSON.parse(text) : text };
    },
    commands() {
      const { commands } = cloud.redis.meter.lifetime();
      const since = commands - billed;
      billed = commands;
      return since;
    },
    async redis(...command) {
      const before = cloud.redis.meter.lifetime().commands;
      const response = await fetch(cloud.environment.UPSTASH_REDIS_REST_URL, {
        method: "POST",
        headers: { authorization: `Bearer ${cloud.environment.UPSTASH_REDIS_REST_TOKEN}` },
        body: JSON.stringify(command),
      });
      const { result, error } = await response.json();
      billed += cloud.redis.meter.lifetime().commands - before;
      if (error) throw new Error(error);
      return result;
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
    },
  };
}

/** A token of HS256, good for a day. */
export async function userToken(user: string): Promise<string> {
  const text = (value: unknown) => base64url(new TextEncoder().encode(JSON.stringify(value)));
  const exp = Math.floor(Date.now() / 1_000) + 86_400;
  const signed = `${text({ alg: "HS256", typ: "JWT" })}.${text({ sub: user, exp })}`;
  return `${signed}.${base64url(await hmac(AUTH_SECRET, signed))}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
