/**
 * What browsers are told with every answer, the first page, and what a session's cookie is called.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import worker from "../../functions/worker.ts";
import { readConfig } from "../../shared/mod.ts";
import { silentLog } from "../support/silent_log.ts";
import { createAppWorld } from "./app_world.ts";
import { asPage, cookieOf, operatorWorld, signIn, TOKEN } from "./operator_world.ts";

const settings = {
  PUBLIC_URL: "https://app.example",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  QSTASH_TOKEN: "token",
  QSTASH_CURRENT_SIGNING_KEY: "sig_current",
  QSTASH_NEXT_SIGNING_KEY: "sig_next",
};
const HSTS = "Strict-Transport-Security";
const paths = [
  "/",
  "/health",
  "/docs",
  "/openapi.json",
  "/admin",
  "/chat",
  "/client.js",
  "/nowhere",
];

Deno.test("this repository's entries tell browsers to stay on https, with every answer", async () => {
  const context = { waitUntil() {}, passThroughOnException() {}, props: {} };
  for (const path of paths) {
    const request = new Request(`https://app.example${path}`);
    const { headers } = await worker.fetch(request, settings, context);
    assert.equal(headers.get(HSTS), "max-age=31536000", path);
  }
});

for (
  const [what, url, options] of [
    ["an app that somebody else mounts", "https://app.example", {}],
    ["a host that is no https", "http://app.example", { isOwnHost: true }],
  ] as const
) {
  Deno.test(`${what} says nothing of https: it is not ours to say`, async () => {
    const deps = createDeps(readConfig({ ...settings, PUBLIC_URL: url }), { log: silentLog });
    const app = createApp(deps, options);
    for (const path of paths) assert.equal((await app.request(path)).headers.get(HSTS), null);
  });
}

Deno.test("no answer may be framed, whatever policy it has of its own", async () => {
  await using world = operatorWorld();
  const Authorization = `Bearer ${TOKEN}`;
  const routes = world.app.routes.filter(({ method, path }) => method === "GET" && path !== "/*");
  for (const { path } of routes) {
    const callers: Record<string, string>[] = [
      {},
      asPage,
      { Authorization },
      { Authorization, ...asPage },
    ];
    for (const headers of callers) {
      const { response } = await world.request(path.replace(/:\w+/g, "nobody"), { headers });
      const policy = response.headers.get("Content-Security-Policy") ?? "";
      assert.match(policy, /frame-ancestors '(none|self)'/, path);
      assert.match(policy, /default-src 'none'/, path);
    }
  }
});

const cookies: [url: string, name: string][] = [
  ["https://app.example", "__Host-zeropoll_operator"],
  ["https://app.example/jobs", "zeropoll_operator"],
  ["http://127.0.0.1:8787", "zeropoll_operator"],
];
for (const [url, name] of cookies) {
  Deno.test(`at ${url} the session's cookie is ${name}, and opens the dashboards`, async () => {
    const environment = { PUBLIC_URL: url, OPERATOR_TOKENS: TOKEN };
    await using world = createAppWorld({ environment });
    const origin = { Origin: new URL(url).origin };
    const cookie = cookieOf(await signIn(world, { token: TOKEN }, origin));
    assert.equal(cookie.split("=")[0], name);
    const status = async (Cookie: string) =>
      (await world.request("/admin", { headers: { Cookie } })).response.status;
    assert.equal(await status(cookie), 200);
    const other = name.startsWith("__Host-") ? "zeropoll_operator" : "__Host-zeropoll_operator";
    assert.equal(await status(cookie.replace(name, other)), 401, "another host could have set it");
  });
}

Deno.test("the first page leads on, below the path that the app is published at, and loads nothing", async () => {
  await using world = createAppWorld({ environment: { PUBLIC_URL: "https://app.example/jobs" } });
  const { response, body: page } = await world.request("/", { headers: asPage });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("Content-Type")!, /^text\/html/);
  for (const path of ["/docs", "/openapi.json", "/admin", "/chat", "/health"]) {
    assert.match(page, new RegExp(`href="/jobs${path}"`));
    assert.notEqual((await world.request(path)).response.status, 404);
  }
  assert(!/<script|<link|<img|@import|url\(/.test(page));
});

Deno.test("a program that asks for the first page is given the links as JSON", async () => {
  await using world = createAppWorld();
  const { response, body } = await world.request("/");
  assert.equal(response.status, 200);
  assert.deepEqual(body.links.map(({ path }: { path: string }) => path), [
    "/docs",
    "/openapi.json",
    "/admin",
    "/chat",
    "/health",
  ]);
  const head = await world.app.request("/", { method: "HEAD" });
  assert.equal(head.status, 200);
});
