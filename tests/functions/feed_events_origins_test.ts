/**
 * Which pages may send events and read counts, as a browser would ask.
 *
 * @module
 */
import assert from "node:assert/strict";
import { BROWSER, createEventsWorld, type EventsWorld } from "./feed_events_world.ts";

const SHOP = "https://shop.example";
const listed = { environment: { CORS_ORIGINS: `${SHOP}, https://other.example:8443` } };
const view = JSON.stringify({ kind: "locations", id: 42, session: "session-of-a-browser" });

function ask(
  world: EventsWorld,
  path: string,
  { origin, ...init }: RequestInit & { origin?: string } = {},
) {
  const headers = new Headers({ "user-agent": BROWSER, ...init.headers });
  if (origin !== undefined) headers.set("origin", origin);
  return world.cloud.fetch(path, { ...init, headers });
}

const send = (world: EventsWorld, origin?: string, body = view) =>
  ask(world, "/api/metrics/views", { method: "POST", body, origin });

Deno.test("a page of a known origin may send, and read the answer with its headers", async () => {
  await using world = await createEventsWorld(listed);
  const response = await send(world, SHOP);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("access-control-allow-origin"), SHOP);
  assert.match(response.headers.get("vary")!, /Origin/);
  const exposed = response.headers.get("access-control-expose-headers")!.split(",");
  assert.deepEqual(exposed, [
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Server-Timing",
    "X-Degraded",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-Id",
  ]);
  assert.equal(response.headers.get("access-control-allow-credentials"), null);
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  await response.body?.cancel();
});

Deno.test("it may read a failure as well", async () => {
  await using world = await createEventsWorld(listed);
  const response = await send(world, SHOP, "{}");
  assert.equal(response.status, 422);
  assert.equal(response.headers.get("access-control-allow-origin"), SHOP);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  await response.body?.cancel();
  const missing = await ask(world, "/api/metrics/nowhere/at/all", { origin: SHOP });
  assert.equal(missing.status, 404);
  assert.equal(missing.headers.get("access-control-allow-origin"), SHOP);
  await missing.body?.cancel();
});

for (
  const origin of [
    "https://evil.example",
    "http://shop.example",
    "https://shop.example.evil.example",
    "https://shop.example:444",
    "https://SHOP.example",
    "https://shop.example/",
    "null",
    "*",
    "",
  ]
) {
  Deno.test(`a simple request of a page at "${origin}" is refused, and nothing is done`, async () => {
    await using world = await createEventsWorld(listed);
    const response = await send(world, origin);
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    assert.equal((await response.json()).code, "origin_refused");
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  });
}

Deno.test("a refused origin that is long is cut short in the answer", async () => {
  await using world = await createEventsWorld(listed);
  const response = await send(world, `https://${"x".repeat(5_000)}.example`);
  assert.ok((await response.json()).detail.length < 400);
});

Deno.test("a request without an Origin passes: no browser's page sent it to another origin", async () => {
  await using world = await createEventsWorld(listed);
  const response = await send(world);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("access-control-allow-origin"), null);
  await response.body?.cancel();
});

for (const environment of [{}, listed.environment]) {
  Deno.test(`our own pages may call, with CORS_ORIGINS=${JSON.stringify(environment)}`, async () => {
    await using world = await createEventsWorld({
      environment: { ...environment, PUBLIC_URL: "https://app.example/path" },
    });
    for (const origin of ["https://app.example", world.cloud.url]) {
      const response = await send(world, origin);
      assert.equal(response.status, 200, origin);
      await response.body?.cancel();
    }
    const foreign = await send(world, "https://evil.example");
    assert.equal(foreign.status, 403);
    await foreign.body?.cancel();
  });
}

Deno.test("with * any page may call, sandboxed ones as well", async () => {
  await using world = await createEventsWorld({ environment: { CORS_ORIGINS: "*" } });
  for (const origin of [SHOP, "https://evil.example", "null"]) {
    const response = await send(world, origin);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    await response.body?.cancel();
  }
});

const preflight = (world: EventsWorld, path: string, origin: string) =>
  ask(world, path, {
    method: "OPTIONS",
    origin,
    headers: {
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });

for (
  const path of [
    "/api/metrics/views",
    "/api/metrics/impressions",
    "/api/metrics/locations/42",
    "/api/feed/locations",
  ]
) {
  Deno.test(`a preflight of ${path} is answered for a day, with the headers that it asks for`, async () => {
    await using world = await createEventsWorld(listed);
    const response = await preflight(world, path, SHOP);
    assert.equal(response.status, 204);
    assert.equal(await response.text(), "");
    const header = (name: string) => response.headers.get(`access-control-${name}`);
    assert.equal(header("allow-origin"), SHOP);
    assert.equal(header("allow-methods"), "GET,HEAD,POST,DELETE");
    assert.equal(header("allow-headers"), "authorization,content-type");
    assert.equal(header("max-age"), "86400");
    assert.match(response.headers.get("vary")!, /Origin/);
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  });

  Deno.test(`a preflight of ${path} by a page that may not call is refused`, async () => {
    await using world = await createEventsWorld(listed);
    const response = await preflight(world, path, "https://evil.example");
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    await response.body?.cancel();
  });
}

Deno.test("what backends and operators call is no page's", async () => {
  await using world = await createEventsWorld(listed);
  const response = await ask(world, "/api/jobs/debug.echo", {
    method: "POST",
    origin: SHOP,
    body: "{}",
  });
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("access-control-allow-origin"), null);
  await response.body?.cancel();
});

for (
  const path of ["/api/metrics/locations/42", "/api/metrics/locations?id=42", "/api/feed/locations"]
) {
  Deno.test(`GET ${path} is for the pages that may call, whatever it answers`, async () => {
    await using world = await createEventsWorld(listed);
    const response = await ask(world, path, { origin: SHOP });
    assert.equal(response.headers.get("access-control-allow-origin"), SHOP);
    await response.body?.cancel();
    const foreign = await ask(world, path, { origin: "https://evil.example" });
    assert.equal(foreign.status, 403);
    await foreign.body?.cancel();
  });
}
