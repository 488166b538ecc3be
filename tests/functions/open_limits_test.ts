/**
 * How often anybody may call what is open: free within half of a limit, refused past all of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { accessTable } from "../../functions/middleware/access_table.ts";
import { openLimitNames } from "../../shared/config_open_limits.ts";
import { limitPolicies } from "../../functions/limits/services.ts";
import { createAppWorld } from "./app_world.ts";
import { createLimitsWorld, keys, type LimitsWorld, MINUTE_MS } from "./limits_world.ts";

const FEW = "events=10,reads=10,failed-tokens=10,searches=10,history=10,profile-read=10,streams=10";
const ADDRESS = "X-Caller";

/** Every limit of what is open is 10 a minute; callers say where they come from. */
const open = (more: Record<string, string> = {}) =>
  createLimitsWorld({
    environment: { OPEN_LIMITS: FEW, CLIENT_IP_HEADER: ADDRESS, ...more },
  });
const asBrowser = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" };
const from = (address: string) => ({ headers: { [ADDRESS]: address } });

async function statuses(times: number, ask: () => Promise<{ status: number }>) {
  const all: number[] = [];
  for (let time = 0; time < times; time++) all.push((await ask()).status);
  return all;
}
const limited = (all: number[]) => all.map((status) => status === 429);
const first = (count: number, of: number) => Array.from({ length: of }, (_, at) => at >= count);

const byAddress: [
  what: string,
  ask: (w: LimitsWorld, address: string) => ReturnType<LimitsWorld["call"]>,
][] = [
  ["views", (w, a) => w.call("POST", "/api/metrics/views", { ...from(a), body: {} })],
  ["impressions", (w, a) => w.call("POST", "/api/metrics/impressions", { ...from(a), body: {} })],
  ["favorites", (w, a) => w.call("POST", "/api/metrics/favorites", { ...from(a), body: {} })],
  ["bookings", (w, a) => w.call("POST", "/api/metrics/bookings", { ...from(a), body: {} })],
  ["counts", (w, a) => w.call("GET", "/api/metrics/locations/1", from(a))],
  ["feeds", (w, a) => w.call("GET", "/api/feed/locations", from(a))],
];
for (const [what, ask] of byAddress) {
  Deno.test(`${what} have a limit for each address, and Redis hears of it only past half of it`, async () => {
    await using world = await open();
    world.commands();
    const half = await statuses(5, () => ask(world, "203.0.113.1"));
    assert.equal(world.commands(), 0, "half of it is free");
    const rest = await statuses(7, () => ask(world, "203.0.113.1"));
    assert.deepEqual(limited([...half, ...rest]), first(10, 12), "the eleventh is refused");
    assert.ok(world.commands() <= 5 * 3 + 1, "past half of it each ask is one script");
    assert.notEqual(
      (await ask(world, "203.0.113.2")).status,
      429,
      "another address is another caller",
    );
    const found = await world.redis("SCAN", 0, "MATCH", "*limit*", "COUNT", 1_000);
    assert.doesNotMatch(found[1].join(), /203\.0\.113/, "an address stands in no key");
    await world.cloud.advance(2 * MINUTE_MS);
    assert.notEqual((await ask(world, "203.0.113.1")).status, 429, "the window is over");
  });
}

const byUser: [what: string, method: string, path: string][] = [
  ["searches", "GET", "/api/chat/search?q=word"],
  ["conversations", "GET", "/api/chat/conversations"],
  ["a conversation's messages", "GET", "/api/chat/conversations/c-1/messages"],
  ["exports", "GET", "/api/chat/conversations/c-1/export"],
  ["deletions", "DELETE", "/api/chat/conversations/c-1"],
  ["streams", "GET", "/api/chat/replies/r-1/stream"],
  ["replies", "GET", "/api/chat/replies/r-1"],
  ["stops", "DELETE", "/api/chat/replies/r-1"],
  ["profiles", "GET", "/api/profiles/me"],
];
for (const [what, method, path] of byUser) {
  Deno.test(`${what} have a limit for each user, wherever they come from`, async () => {
    await using world = await open();
    let calls = 0;
    const all = await statuses(
      11,
      () => world.call(method, path, { as: "ann", ...from(`203.0.113.${++calls}`) }),
    );
    assert.deepEqual(limited(all), first(10, 11));
    assert.notEqual((await world.call(method, path, { as: "bob" })).status, 429);
  });
}

Deno.test("a refusal says which limit and when to come back, and a page may read it", async () => {
  await using world = createAppWorld({
    environment: { OPEN_LIMITS: FEW, CORS_ORIGINS: "https://shop.example" },
    redisFetch: () => Promise.reject(new TypeError("away")),
  });
  const ask = () =>
    world.request("/api/metrics/views", {
      method: "POST",
      headers: { origin: "https://shop.example" },
      body: "{}",
    });
  // Without an address all share an allowance.
  for (let time = 0; time < 1_000; time++) await ask();
  const { response: { status, headers }, body } = await ask();
  assert.deepEqual([status, body.code], [429, "limit_exceeded"]);
  assert.deepEqual(body["violated-policies"], ["events"]);
  assert.ok(Number(headers.get("retry-after")) >= 1);
  assert.equal(headers.get("access-control-allow-origin"), "https://shop.example");
});

Deno.test("all isolates together keep the limit, but for the half that each lets through by itself", async () => {
  await using world = await open();
  const ask = () => world.call("POST", "/api/metrics/views", { ...from("203.0.113.1"), body: {} });
  await statuses(10, ask);
  world.cloud.restart();
  const all = await statuses(10, ask);
  assert.deepEqual(limited(all), first(5, 10));
});

Deno.test("a /64 of IPv6 is one caller, however it is spelled", async () => {
  await using world = await open();
  let calls = 0;
  const ask = () => {
    const address = `2001:db8:1:2:${(++calls).toString(16)}::1`;
    return world.call("POST", "/api/metrics/views", { ...from(address), body: {} });
  };
  assert.deepEqual(limited(await statuses(11, ask)), first(10, 11));
  const next = await world.call("POST", "/api/metrics/views", {
    ...from("2001:db8:1:3::1"),
    body: {},
  });
  assert.notEqual(next.status, 429);
});

Deno.test("callers without a readable address share an allowance a hundred times as large, and the log names the setting once", async () => {
  await using world = await open();
  for (const address of ["", "unknown", "10.0.0.300"]) {
    const all = await statuses(
      334,
      () => world.call("POST", "/api/metrics/views", { ...from(address), body: {} }),
    );
    if (address !== "10.0.0.300") assert.ok(!all.includes(429));
    else assert.ok(all.includes(429), "1,000 together");
  }
  const warned = world.lines.filter(({ event }) => event === "setting.warned");
  assert.deepEqual(warned.map(({ setting }) => setting), ["CLIENT_IP_HEADER"]);
});

Deno.test("backends are exempt", async () => {
  await using world = await open();
  const all = await statuses(
    30,
    () =>
      world.call("POST", "/api/metrics/views", { as: "backend", ...from("203.0.113.1"), body: {} }),
  );
  assert.ok(!all.includes(429));
});

const wrong: [what: string, call: Parameters<LimitsWorld["call"]>][] = [
  ["a backend's", ["GET", "/api/jobs/1"]],
  ["an operator's", ["GET", "/admin"]],
  ["a user's", ["GET", "/api/chat/conversations"]],
  ["an event's", ["POST", "/api/metrics/views", { body: {} }]],
  ["Supabase's", ["POST", "/hooks/supabase", { body: {} }]],
];
for (const [what, [method, path, options]] of wrong) {
  Deno.test(`wrong tokens in the place of ${what} are told to wait after 10, and a right one passes`, async () => {
    await using world = await open({
      OPEN_LIMITS: "failed-tokens=10",
      DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    });
    const headers = {
      [ADDRESS]: "203.0.113.1",
      authorization: "Bearer a-token-that-is-wrong",
      ...asBrowser,
    };
    const body = path.endsWith("views") ? { kind: "locations", id: 1 } : options?.body;
    const ask = () => world.call(method, path, { ...options, body, headers });
    assert.deepEqual(await statuses(11, ask), [...Array(10).fill(401), 429]);
    const { body: problem, headers: answered } = await ask();
    assert.deepEqual(problem["violated-policies"], ["failed-tokens"]);
    assert.equal(answered.get("www-authenticate"), null);
    const right = await world.call("GET", "/api/dead-letters", {
      as: "backend",
      ...from("203.0.113.1"),
    });
    assert.ok(![401, 429].includes(right.status), `${right.status}`);
  });
}

Deno.test("while Redis is away an isolate keeps the limits by itself", async () => {
  await using world = await open();
  world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  const all = await statuses(
    12,
    () => world.call("POST", "/api/metrics/views", { ...from("203.0.113.1"), body: {} }),
  );
  assert.deepEqual(limited(all), first(10, 12));
});

Deno.test("what is open has its limit, and the setting knows every one of them", () => {
  const free = new Set(["GET /health", "GET /openapi.json", "GET /docs"]);
  for (const [route, { open, limit }] of Object.entries(accessTable)) {
    if (!open || !/ \/api\//.test(route) || free.has(route)) continue;
    // These two have limits of their own, with every request counted.
    if (/limits\/:service$|POST .*messages$/.test(route)) continue;
    assert.ok(limit, `${route} is open to anybody, and has no limit`);
  }
  const opened = Object.values(limitPolicies).filter(({ open }) => open).map(({ name }) => name);
  assert.deepEqual(opened.sort(), [...openLimitNames].sort());
});

Deno.test("keys of limits have a TTL", async () => {
  await using world = await open();
  await statuses(8, () => world.call("GET", "/api/chat/search?q=word", { as: "ann" }));
  const window = Math.floor(world.cloud.clock.now() / MINUTE_MS);
  const key = keys.limitWindow("searches", "ann", window);
  assert.ok(Number(await world.redis("GET", key)) >= 8, "what was let through here is told");
  assert.ok(await world.redis("PTTL", key) > 0);
});
