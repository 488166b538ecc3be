/**
 * Who may call what: the table against every route, and every route against the table.
 *
 * @module
 */
import assert from "node:assert/strict";
import { operations } from "../../functions/app.ts";
import { accessTable } from "../../functions/middleware/access_table.ts";
import { assertScope } from "../../functions/middleware/auth.ts";
import { mayAs, roles, scopes } from "../../shared/mod.ts";
import { type AppWorld, createAppWorld, PUBLIC_URL } from "./app_world.ts";
import { cookieOf } from "./operator_world.ts";

const operatorTokens = Object.fromEntries(roles.map((role) => [role, `token-of-who-may-${role}`]));
const scopedTokens = Object.fromEntries(
  scopes.map((scope) => [scope, `backend-with-${scope}-only`]),
);
const UNSCOPED = "token-of-a-backend-without-scopes";

function accessWorld(): AppWorld {
  return createAppWorld({
    environment: {
      OPERATOR_TOKENS: roles.map((role) => `${operatorTokens[role]}=${role}`).join(),
      SERVICE_TOKENS: [
        UNSCOPED,
        ...scopes.map((scope) => `${scopedTokens[scope]}=${scope}`),
      ].join(),
    },
  });
}

/** What the guard said; whatever a handler answered later lets the caller in. */
async function ask({ request }: AppWorld, route: string, headers: Record<string, string>) {
  const [method, path] = route.split(" ");
  const { response, body } = await request(path.replace(/:\w+/g, "nobody"), {
    method,
    headers: { Origin: PUBLIC_URL, ...headers },
    ...(method === "POST" && { body: "{}" }),
  });
  const { status } = response;
  return { status, code: body.code as string, detail: `${body.detail}`, response };
}
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const isIn = (status: number) => status !== 401 && status !== 403;

Deno.test("every route has its row in the table, and every row its route", async () => {
  await using world = accessWorld();
  const routes = world.app.routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path}`);
  const without = [...new Set(routes)].filter((route) => !accessTable[route]);
  assert.deepEqual(
    without,
    [],
    "who may call it? Add a row to functions/middleware/access_table.ts",
  );
  assert.deepEqual(Object.keys(accessTable).filter((row) => !routes.includes(row)), []);
  for (const { method, path } of operations) assert.ok(accessTable[`${method} ${path}`], path);
});

const closed = Object.entries(accessTable).filter(([, { open }]) => open === undefined);
const ofBackends = Object.entries(accessTable).filter(([, { service }]) => service !== undefined);

Deno.test("who cannot be told is answered 401, and how to prove oneself", async () => {
  await using world = accessWorld();
  for (const [route] of closed) {
    for (const headers of [{}, bearer("a-token-that-is-none-of-ours")]) {
      const { status, code, response } = await ask(world, route, headers);
      assert.equal(status, 401, route);
      assert.match(code, /^(token_missing|token_invalid|operator_missing)$/, route);
      assert.match(response.headers.get("WWW-Authenticate") ?? "", /^Bearer realm=/);
    }
  }
});

for (const role of roles) {
  Deno.test(`an operator who may ${role} may exactly what the table says`, async () => {
    await using world = accessWorld();
    for (const [route, { operator }] of closed) {
      const headers = bearer(operatorTokens[role]);
      const { status, code, detail } = await ask(world, route, headers);
      const may = operator !== undefined && mayAs(role, operator);
      assert.equal(isIn(status), may, `${route} answers ${status} ${detail}`);
      if (may) continue;
      assert.equal(code, "permission_missing", route);
      assert.match(detail, operator ? new RegExp(`role ${operator}`) : /no operator/);
    }
  });
}

for (const scope of scopes) {
  Deno.test(`a backend with the scope ${scope} alone may exactly what the table says`, async () => {
    await using world = accessWorld();
    for (const [route, { service }] of [...closed, ...ofBackends]) {
      const { status, code, detail } = await ask(world, route, bearer(scopedTokens[scope]));
      assert.equal(isIn(status), service === scope, `${route} answers ${status} ${detail}`);
      if (service === scope) continue;
      assert.equal(code, "permission_missing", route);
      assert.match(detail, service ? new RegExp(`scope ${service}`) : /an operator's token/);
    }
  });
}

Deno.test("a backend without scopes may what it may today, and is no operator", async () => {
  await using world = accessWorld();
  for (const [route, { service, isNamed }] of [...closed, ...ofBackends]) {
    const { status, code, detail } = await ask(world, route, bearer(UNSCOPED));
    assert.equal(isIn(status), service !== undefined && !isNamed, `${route} ${status} ${detail}`);
    if (!isIn(status)) assert.equal(code, "permission_missing", route);
  }
});

Deno.test("what is newer than scopes needs its scope named", () => {
  const newer = { service: "people", isNamed: true } as const;
  assert.throws(() => assertScope({ token: UNSCOPED }, newer), { code: "permission_missing" });
  assertScope({ token: UNSCOPED, scopes: ["people"] }, newer);
  assertScope({ token: UNSCOPED }, { service: "people" });
});

Deno.test("an operator's session opens the API as well, from our own pages alone", async () => {
  await using world = accessWorld();
  const signedIn = await world.app.request("/admin/sign-in", {
    method: "POST",
    headers: { Origin: PUBLIC_URL },
    body: new URLSearchParams({ token: operatorTokens.operate }),
  });
  const Cookie = cookieOf(signedIn);
  for (const [route, { operator }] of closed.filter(([route]) => route.includes(" /api/"))) {
    const may = operator !== undefined && mayAs("operate", operator);
    assert.equal(isIn((await ask(world, route, { Cookie })).status), may, route);
    if (route.startsWith("GET")) continue;
    const elsewhere = await ask(world, route, { Cookie, Origin: "https://evil.example" });
    assert.equal(elsewhere.code, "origin_refused", route);
  }
  const stale = await ask(world, "GET /api/dead-letters", { Cookie: `${Cookie}x` });
  assert.equal(stale.status, 401);
});

Deno.test("HEAD is as GET", async () => {
  await using world = accessWorld();
  const head = async (headers: HeadersInit) =>
    (await world.app.request("/api/jobs/1", { method: "HEAD", headers })).status;
  assert.equal(await head({}), 401);
  assert.equal(await head(bearer(scopedTokens.feed)), 403);
  assert.equal(isIn(await head(bearer(scopedTokens["jobs:read"]))), true);
});

Deno.test("a refusal for want of rights says so to programs", async () => {
  await using world = accessWorld();
  const { response } = await ask(world, "GET /api/dead-letters", bearer(scopedTokens.feed));
  assert.match(response.headers.get("WWW-Authenticate") ?? "", /error="insufficient_scope"/);
});

Deno.test("a route below /api that the table forgot is closed to all but who administers", async () => {
  await using world = accessWorld();
  world.app.get("/api/forgotten", (c) => c.text("secret"));
  for (
    const [headers, status] of [
      [{}, 401],
      [bearer(UNSCOPED), 403],
      [bearer(operatorTokens.operate), 403],
      [bearer(operatorTokens.administer), 200],
    ] as const
  ) {
    assert.equal((await world.app.request("/api/forgotten", { headers })).status, status);
  }
});

Deno.test("what is not there is not there for anybody", async () => {
  await using world = accessWorld();
  assert.equal((await ask(world, "GET /api/nowhere", {})).status, 404);
  assert.equal((await ask(world, "DELETE /api/groups", {})).status, 405);
});
