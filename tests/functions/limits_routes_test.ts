import assert from "node:assert/strict";
import { Hono } from "hono";
import type { AppEnv } from "../../functions/context.ts";
import { forRequest } from "../../functions/deps.ts";
import { answerProblem } from "../../functions/middleware/problem.ts";
import { rateLimit } from "../../functions/middleware/rate_limit.ts";
import { requestLog } from "../../functions/middleware/request_log.ts";
import { createLimitsWorld, type LimitsWorld, MINUTE_MS, userToken } from "./limits_world.ts";

const SPOTIFY = "/api/limits/spotify";

Deno.test("a user sees what is left of their own limit, and takes nothing", async () => {
  await using world = await createLimitsWorld();
  const body = { identifier: "ann", weight: 7 };
  await world.call("POST", `${SPOTIFY}/check`, { as: "backend", body });
  for (let look = 0; look < 2; look++) {
    const { status, body, headers } = await world.call("GET", SPOTIFY, { as: "ann" });
    assert.equal(status, 200);
    assert.deepEqual(body, {
      limit: 100,
      remaining: 93,
      windowSeconds: 60,
      resetAt: "2026-11-21T10:01:00.000Z",
    });
    // The headers are of the limit that this route itself has.
    assert.equal(headers.get("ratelimit"), `"limits-read";r=${59 - look};t=60`);
  }
  assert.equal((await world.call("GET", SPOTIFY, { as: "bob" })).body.remaining, 100);
});

Deno.test("a user who looks too often is told to wait, by the same headers", async () => {
  await using world = await createLimitsWorld();
  let answer = await world.call("GET", SPOTIFY, { as: "ann" });
  for (let look = 1; look < 61; look++) answer = await world.call("GET", SPOTIFY, { as: "ann" });
  assert.equal(answer.status, 429);
  assert.deepEqual(answer.body["violated-policies"], ["limits-read"]);
  const t = Number(/t=(\d+)/.exec(answer.headers.get("ratelimit")!)![1]);
  assert.ok(Number(answer.headers.get("retry-after")) >= t);
});

Deno.test("a backend asks for anyone, and resets", async () => {
  await using world = await createLimitsWorld();
  const as = "backend";
  await world.call("POST", `${SPOTIFY}/check`, { as, body: { identifier: "a/b ü", weight: 100 } });
  const query = `?identifier=${encodeURIComponent("a/b ü")}`;
  const full = await world.call("GET", `${SPOTIFY}${query}`, { as });
  assert.deepEqual([full.status, full.body.remaining], [200, 0]);
  assert.equal(full.headers.get("x-ratelimit-remaining"), "0");
  const reset = await world.call("DELETE", `${SPOTIFY}/${encodeURIComponent("a/b ü")}`, { as });
  assert.equal(reset.status, 204);
  assert.equal((await world.call("GET", `${SPOTIFY}${query}`, { as })).body.remaining, 100);
});

const refused: {
  what: string;
  call: [method: string, path: string, options?: Parameters<LimitsWorld["call"]>[2]];
  status: number;
  code: string;
}[] = [
  { what: "nobody's look", call: ["GET", SPOTIFY], status: 401, code: "token_missing" },
  {
    what: "nobody's check",
    call: ["POST", `${SPOTIFY}/check`, { body: { identifier: "ann" } }],
    status: 401,
    code: "token_missing",
  },
  {
    what: "a user's check",
    call: ["POST", `${SPOTIFY}/check`, { as: "ann", body: { identifier: "ann" } }],
    status: 401,
    code: "token_invalid",
  },
  {
    what: "a user's reset",
    call: ["DELETE", `${SPOTIFY}/ann`, { as: "ann" }],
    status: 401,
    code: "token_invalid",
  },
  {
    what: "a user's look at another",
    call: ["GET", `${SPOTIFY}?identifier=bob`, { as: "ann" }],
    status: 422,
    code: "body_invalid",
  },
  {
    what: "a user's look at a limit of addresses",
    call: ["GET", "/api/limits/sign-in", { as: "ann" }],
    status: 404,
    code: "limit_unknown",
  },
  {
    what: "a backend's look at nobody",
    call: ["GET", SPOTIFY, { as: "backend" }],
    status: 422,
    code: "body_invalid",
  },
  {
    what: "an unknown limit",
    call: ["POST", "/api/limits/toString/check", { as: "backend", body: { identifier: "ann" } }],
    status: 404,
    code: "limit_unknown",
  },
  {
    what: "more than the limit",
    call: ["POST", `${SPOTIFY}/check`, { as: "backend", body: { identifier: "a", weight: 101 } }],
    status: 422,
    code: "body_invalid",
  },
  {
    what: "an identifier that is too long",
    call: ["POST", `${SPOTIFY}/check`, { as: "backend", body: { identifier: "a".repeat(257) } }],
    status: 422,
    code: "body_invalid",
  },
  {
    what: "a reset of an identifier that is too long",
    call: ["DELETE", `${SPOTIFY}/${"a".repeat(257)}`, { as: "backend" }],
    status: 422,
    code: "body_invalid",
  },
];
for (const { what, call, status, code } of refused) {
  Deno.test(`${what} is refused with ${code}`, async () => {
    await using world = await createLimitsWorld();
    const answer = await world.call(...call);
    assert.deepEqual([answer.status, answer.body.code], [status, code]);
  });
}

Deno.test("signing in is limited by address, and other methods are not counted", async () => {
  await using world = await createLimitsWorld();
  const headers = { origin: world.cloud.url };
  const body = "token=the-token-of-nobody-at-all";
  for (let attempt = 1; attempt <= 10; attempt++) {
    const { status, headers: answered } = await world.call("POST", "/admin/sign-in", {
      headers,
      body,
    });
    assert.notEqual(status, 429);
    assert.equal(answered.get("x-ratelimit-remaining"), `${10 - attempt}`);
  }
  const refused = await world.call("POST", "/admin/sign-in", { headers, body });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "61");
  const page = await world.call("GET", "/admin/sign-in");
  assert.deepEqual([page.status, page.headers.get("ratelimit")], [200, null]);
  const found = await world.redis("SCAN", 0, "MATCH", "*limit*", "COUNT", 1_000);
  assert.doesNotMatch(found[1].join(), /127\.0\.0\.1/, "an address stands in no key");
});

Deno.test("one-click unsubscribes of a mail provider are not limited: all come from few addresses", async () => {
  await using world = await createLimitsWorld();
  for (let click = 0; click < 30; click++) {
    const { status } = await world.call("POST", "/notifications/unsubscribe?token=none");
    assert.equal(status, 503, "it is asked; the world has no Postgres");
  }
});

/** A route of its own on the world's parts. */
function routeOf(world: LimitsWorld, ...middleware: Parameters<typeof rateLimit>) {
  const deps = world.deps();
  const app = new Hono<AppEnv>();
  app.use(requestLog((tally, id) => forRequest(deps, tally, id), () => deps.ids.random()));
  app.onError(answerProblem);
  app.get("/", rateLimit(...middleware), (c) => c.text("hello"));
  return (headers: Record<string, string> = {}, clientAddress?: string) =>
    app.request("/", { headers }, { clientAddress });
}

Deno.test("of several limits on a route each has its item, and the strictest speaks", async () => {
  await using world = await createLimitsWorld();
  const ask = routeOf(world, ["steam", "limits-read"]);
  const headers = { authorization: `Bearer ${await userToken("ann")}` };
  const answer = await ask(headers);
  assert.equal(
    answer.headers.get("ratelimit-policy"),
    '"steam";q=200;w=60, "limits-read";q=60;w=60',
  );
  assert.equal(answer.headers.get("ratelimit"), '"steam";r=199;t=60, "limits-read";r=59;t=60');
  assert.equal(answer.headers.get("x-ratelimit-limit"), "60");
  for (let request = 1; request < 60; request++) assert.equal((await ask(headers)).status, 200);
  const refused = await ask(headers);
  assert.equal(refused.status, 429);
  assert.deepEqual((await refused.json())["violated-policies"], ["limits-read"]);
  assert.equal(refused.headers.get("x-ratelimit-limit"), "60");
  assert.equal((await ask()).status, 401);
});

Deno.test("a network of IPv6 is one caller, and each address of IPv4", async () => {
  await using world = await createLimitsWorld();
  const ask = routeOf(world, "sign-in", { weight: 10 });
  const status = async (address?: string) => (await ask({}, address)).status;
  assert.equal(await status("2001:db8:1:2:3::4"), 200);
  assert.equal(await status("2001:db8:1:2:ffff::1"), 429);
  assert.equal(await status("2001:db8:1:3::4"), 200);
  assert.equal(await status("203.0.113.7"), 200);
  assert.equal(await status("::ffff:203.0.113.7"), 429);
  assert.equal(await status("203.0.113.8"), 200);
  assert.equal(await status(), 200);
  await world.cloud.advance(2 * MINUTE_MS);
  assert.equal(await status("203.0.113.7"), 200);
});
