/**
 * Every endpoint of the documentation, with each of its texts, parameters and headers in turn replaced
 * by what JSON, Postgres or a clock cannot hold: no answer is a failure of ours.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cloudSecrets, createCloud } from "../../dev/cloud.ts";
import { createApp, operations } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import type { Operation } from "../../functions/ops/operation.ts";
import { readConfig } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { silentLog } from "../support/silent_log.ts";
import { hmac, toHex } from "./app_world.ts";
import { AUTH_SECRET, userToken } from "./limits_world.ts";
import { signStandard } from "./standard_signature.ts";

/** As JSON text; each takes the place of one value of a sample. */
const values = [
  '"a\\u0000b"',
  '"\\ud83d"',
  "9007199254740993",
  "-1",
  "1e999",
  "null",
  "[null]",
  '{"__proto__":{"a":1}}',
  '"9999-12-31T23:59:59Z"',
  '"0000-01-01T00:00:00Z"',
  '"999999999d"',
  `"${"😀".repeat(300)}"`,
  `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
];
const inUrl = [
  "a%00b",
  "%ED%A0%BD",
  "%",
  "%E9",
  "1e99",
  "-1",
  "9".repeat(30),
  "%F0%9F%98%80".repeat(99),
];

/** Bodies that some samples have not, so that their handlers are reached. */
const samples: Record<string, unknown> = {
  "/hooks/github": {
    ref: "refs/heads/main",
    after: "9b1c",
    repository: { full_name: "octo/hello" },
    pusher: { name: "mona" },
    commits: [{ id: "1", message: "Fix", author: { name: "Mona" }, added: ["a"] }],
  },
  "/hooks/standard": { type: "debug.echo", data: { message: "x" } },
  "/api/jobs/:name": { input: { message: "x" }, delay: "1s", dedupeId: "d" },
  "/api/jobs": { jobs: [{ job: "debug.echo", input: { message: "x" } }] },
  "/api/groups": {
    jobs: [{ job: "debug.echo", input: { message: "x" } }],
    then: { job: "debug.echo", input: { message: "x" } },
  },
};

const [engine] = postgresEngines();

const groups = Map.groupBy(operations, ({ path }) => path.split("/").slice(0, 3).join("/"));
for (const [prefix, own] of groups) {
  Deno.test(`nothing that comes in below ${prefix} is a failure of ours`, async () => {
    let deps: Deps | undefined;
    await using cloud = await createCloud({
      environment: { DATABASE_URL: engine.url(), AUTH_SECRET, SITE_URL: "https://market.example" },
      app: (settings) => {
        deps = createDeps(readConfig(settings), { log: silentLog });
        return createApp(deps);
      },
    });
    const failed: string[] = [];
    for (const operation of own) {
      for (const { path, body, more } of requestsOf(operation)) {
        const headers = operation.caller === "webhook"
          ? await signedHeaders(operation.path, body ?? "{}", cloud.clock.now())
          : await headersOf(operation, cloud.environment);
        const init = { method: operation.method, headers: { ...headers, ...more }, body };
        const response = await cloud.fetch(path, { ...init, redirect: "manual" });
        await response.body?.cancel();
        // What is refused in words (off, away, in a wrong state) is no failure.
        if (response.status !== 500) continue;
        failed.push(`${operation.method} ${path.slice(0, 90)} ${body?.slice(0, 300) ?? ""}`);
      }
    }
    await deps?.database?.close();
    assert.deepEqual(failed, []);
  });
}

interface Attempt {
  path: string;
  body?: string;
  more?: Record<string, string>;
}

function* requestsOf({ method, path, parameters = [], sample }: Operation): Generator<Attempt> {
  const body = method === "POST" ? samples[path] ?? sample : undefined;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  const known: Record<string, string> = { name: "debug.echo", kind: "events", service: "spotify" };
  const pathWith = (given: Record<string, string>) =>
    path.replace(/:(\w+)/g, (_, name) => given[name] ?? known[name] ?? "abcdefghijklmnopqrst");
  const json = body === undefined ? undefined : JSON.stringify(body);
  for (const name of names) {
    for (const text of inUrl) yield { path: pathWith({ [name]: text }), body: json };
  }
  for (const { name } of parameters.filter(({ in: where }) => where === "query")) {
    for (const text of inUrl) yield { path: `${pathWith({})}?${name}=${text}`, body: json };
  }
  for (const { name } of parameters.filter(({ in: where }) => where === "header")) {
    if (name === "Authorization") continue;
    for (const text of ["\xe9\xff", "9".repeat(30), "x".repeat(3_000)]) {
      yield { path: pathWith({}), body: json, more: { [name]: text } };
    }
  }
  if (body === undefined) {
    yield { path: pathWith({}) };
    return;
  }
  for (const changed of changedOf(body)) yield { path: pathWith({}), body: changed };
}

/** The body's JSON, each time with another value in the place of one of its own. */
function* changedOf(body: unknown): Generator<string> {
  const places: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    if (path.length > 0) places.push(path);
    if (typeof value !== "object" || value === null) return;
    for (const [name, below] of Object.entries(value)) walk(below, [...path, name]);
  };
  walk(body, []);
  const text = (value: unknown, at: (string | number)[], given: string): string => {
    if (at.length === 0) return given;
    const [name, ...rest] = at;
    const parts = Object.entries(value as Record<string, unknown>).map(([key, below]) => {
      const shown = key === String(name) ? text(below, rest, given) : JSON.stringify(below);
      return Array.isArray(value) ? shown : `${JSON.stringify(key)}:${shown}`;
    });
    return Array.isArray(value) ? `[${parts}]` : `{${parts}}`;
  };
  for (const place of places) for (const given of values) yield text(body, place, given);
}

async function headersOf(
  { caller }: Operation,
  environment: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const token = caller === "backend"
    ? environment.SERVICE_TOKENS
    : caller === "operator"
    ? environment.OPERATOR_TOKENS
    : await userToken("ada");
  return { "content-type": "application/json", authorization: `Bearer ${token}` };
}

async function signedHeaders(
  path: string,
  body: string,
  atMs: number,
): Promise<Record<string, string>> {
  const { WEBHOOK_SECRET_GITHUB, WEBHOOK_SECRET_SUPABASE, ...standard } = cloudSecrets;
  if (path === "/hooks/supabase") return { authorization: `Bearer ${WEBHOOK_SECRET_SUPABASE}` };
  if (path === "/hooks/github") {
    const signature = toHex(await hmac(WEBHOOK_SECRET_GITHUB, body));
    const id = crypto.randomUUID();
    return {
      "x-github-event": "push",
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${signature}`,
    };
  }
  const [secret, prefix] = path === "/hooks/resend"
    ? [standard.WEBHOOK_SECRET_RESEND, "svix" as const]
    : path === "/hooks/payload"
    ? [standard.WEBHOOK_SECRET_PAYLOAD, undefined]
    : [standard.WEBHOOK_SECRET_STANDARD, undefined];
  return (await signStandard({ secret, atMs, prefix, body })).headers;
}
