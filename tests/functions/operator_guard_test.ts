import assert from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { requireOperator } from "../../functions/middleware/operator.ts";
import { readConfig } from "../../shared/mod.ts";
import { silentLog } from "../support/silent_log.ts";
import { PUBLIC_URL } from "./app_world.ts";
import {
  asPage,
  cookieOf,
  cookieWith,
  DASHBOARD,
  operatorWorld,
  OTHER_TOKEN,
  partsOf,
  signedIn,
  signIn,
  TOKEN,
} from "./operator_world.ts";

const HOUR_MS = 3_600_000;
/** Open to everybody: the way in, the way out, and how they look. */
const open = ["/admin/sign-in", "/admin/sign-out", "/admin/assets/:name"];

Deno.test("without a session every route below /admin is closed, to programs and to people", async () => {
  await using world = operatorWorld();
  const closed = world.app.routes.filter(({ method, path }) =>
    method !== "ALL" && path.startsWith("/admin") && !open.includes(path)
  );
  assert.ok(closed.length >= 2);
  for (const { method, path } of closed) {
    const { response, body } = await world.request(path, {
      method,
      headers: { Origin: PUBLIC_URL },
    });
    assert.equal(response.status, 401, `${method} ${path}`);
    assert.equal(body.code, "operator_missing");
    assert.equal(response.headers.get("WWW-Authenticate"), 'Bearer realm="zeropoll operators"');
    const { response: page } = await world.request(path, {
      method,
      headers: { Origin: PUBLIC_URL, ...asPage },
    });
    assert.equal(page.status, method === "GET" ? 303 : 401, `${method} ${path} as a page`);
  }
});

const forgotten = [
  "/admin/forgotten",
  "/admin/forgotten/deeper",
  "/admin/assets/forgotten/deeper",
  "/admin/sign-in/forgotten",
];
for (const path of forgotten) {
  Deno.test(`a page at ${path} that forgot to say who may see it is closed all the same`, async () => {
    await using world = operatorWorld();
    world.app.get(path, (c) => c.text("secret"));
    for (const asked of [path, path.replace("f", "%66"), path.replace("admin", "%61dmin")]) {
      const { response, body } = await world.request(asked);
      assert.equal(response.status, 401, asked);
      assert.notEqual(body, "secret");
    }
    const headers = { Cookie: await signedIn(world) };
    assert.equal((await world.request(path, { headers })).body, "secret");
  });
}

Deno.test("what is not there is not there for operators alone", async () => {
  await using world = operatorWorld();
  assert.equal((await world.request("/admin/nowhere")).response.status, 401);
  const headers = { Cookie: await signedIn(world), ...asPage };
  const { response, body } = await world.request("/admin/nowhere", { headers });
  assert.equal(response.status, 404);
  assert.match(body, /<h1 id="title">There is nothing here<\/h1>/);
  assert.match(body, /Sign out/);
});

Deno.test("a session ends after 12 hours, by the app's clock", async () => {
  await using world = operatorWorld();
  const headers = { Cookie: await signedIn(world) };
  const status = async () => (await world.request("/admin", { headers })).response.status;
  await world.clock.advance(12 * HOUR_MS - 1);
  assert.equal(await status(), 200);
  await world.clock.advance(1);
  assert.equal(await status(), 401);
});

const flipped = (text: string) => text.replace(/^./, (first) => first === "A" ? "B" : "A");
const forged: {
  name: string;
  cookie: (own: string[], other: string[]) => string;
}[] = [
  { name: "a later end", cookie: ([name, at, seal]) => cookieWith(name, `${+at + 1}`, seal) },
  {
    name: "the same end with a zero before it",
    cookie: ([n, at, s]) => cookieWith(n, `0${at}`, s),
  },
  { name: "another operator's name", cookie: ([, at, seal], [name]) => cookieWith(name, at, seal) },
  { name: "another operator's seal", cookie: ([n, at], [, , seal]) => cookieWith(n, at, seal) },
  { name: "a seal of its own", cookie: ([n, at, seal]) => cookieWith(n, at, flipped(seal)) },
  { name: "no seal", cookie: ([name, at]) => cookieWith(name, at) },
  { name: "an empty seal", cookie: ([name, at]) => cookieWith(name, at, "") },
  { name: "the bare token", cookie: () => cookieWith(TOKEN) },
  { name: "nothing in it", cookie: () => cookieWith("") },
  { name: "an end that is no number", cookie: ([n, , seal]) => cookieWith(n, "Infinity", seal) },
];
for (const { name, cookie } of forged) {
  Deno.test(`a cookie with ${name} is no session`, async () => {
    await using world = operatorWorld();
    const own = partsOf(await signedIn(world));
    const other = partsOf(await signedIn(world, OTHER_TOKEN));
    assert.equal(own[1], other[1], "both began at the same moment");
    const headers = { Cookie: cookie(own, other) };
    assert.equal((await world.request("/admin", { headers })).response.status, 401);
  });
}

Deno.test("a token that was taken away or changed ends its sessions, and no others", async () => {
  await using world = operatorWorld();
  const headers = { Cookie: await signedIn(world) };
  const others = { Cookie: await signedIn(world, OTHER_TOKEN) };
  for (const tokens of [OTHER_TOKEN, `${TOKEN}-changed,${OTHER_TOKEN}`]) {
    await using later = operatorWorld(tokens);
    assert.equal((await later.request("/admin", { headers })).response.status, 401);
    assert.equal((await later.request("/admin", { headers: others })).response.status, 200);
  }
});

Deno.test("a session of one namespace is none of another with the same token", async () => {
  await using world = operatorWorld();
  const headers = { Cookie: await signedIn(world) };
  const app = appWith({ NAMESPACE: "preview" });
  assert.equal((await app.request("/admin", { headers })).status, 401);
});

Deno.test("a program shows the token itself, and a wrong one is not helped by a cookie", async () => {
  await using world = operatorWorld();
  const Cookie = await signedIn(world);
  const ask = async (headers: Record<string, string>) =>
    (await world.request("/admin", { headers })).response.status;
  assert.equal(await ask({ Authorization: `Bearer ${TOKEN}` }), 200);
  assert.equal(await ask({ Authorization: `Bearer ${TOKEN}x` }), 401);
  assert.equal(await ask({ Authorization: `Bearer ${TOKEN}x`, Cookie }), 401);
  assert.equal(await ask({ Authorization: "Bearer dev-service-token" }), 401);
});

const senders = [
  { name: "our own page", headers: { Origin: PUBLIC_URL }, status: 200 },
  { name: "another site", headers: { Origin: "https://evil.example" }, status: 403 },
  { name: "a page that hides where it is", headers: { Origin: "null" }, status: 403 },
  { name: "something that does not say", headers: {}, status: 403 },
];
for (const { name, headers, status } of senders) {
  Deno.test(`what ${name} sends with the cookie answers ${status}`, async () => {
    await using world = operatorWorld();
    world.app.post("/admin/forgotten", (c) => c.text("done"));
    world.app.post("/api/of-operators", requireOperator(), (c) => c.text("done"));
    const Cookie = await signedIn(world);
    for (const path of ["/admin/forgotten", "/api/of-operators"]) {
      const sent: RequestInit = { method: "POST", headers: { ...headers, Cookie } as HeadersInit };
      const { response, body } = await world.request(path, sent);
      assert.equal(response.status, status);
      if (status === 403) assert.equal(body.code, "origin_refused");
    }
  });
}

Deno.test("a program that shows the token needs no origin", async () => {
  await using world = operatorWorld();
  world.app.post("/admin/forgotten", (c) => c.text("done"));
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const { response } = await world.request("/admin/forgotten", { method: "POST", headers });
  assert.equal(response.status, 200);
});

Deno.test("signing out has the browser forget the cookie, from our own page alone", async () => {
  await using world = operatorWorld();
  const Cookie = await signedIn(world);
  const send = (Origin: string) =>
    world.app.request("/admin/sign-out", { method: "POST", headers: { Origin, Cookie } });
  assert.equal((await send("https://evil.example")).status, 403);
  const answer = await send(PUBLIC_URL);
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("Location"), "/admin/sign-in");
  assert.match(
    answer.headers.getSetCookie()[0],
    /^__Host-zeropoll_operator=; Max-Age=0; Path=\/; .*Secure/,
  );
});

/** The app with one operator. */
function appWith(environment: Record<string, string>) {
  const config = readConfig({
    PUBLIC_URL,
    UPSTASH_REDIS_REST_URL: "https://redis.example",
    UPSTASH_REDIS_REST_TOKEN: "redis-token",
    QSTASH_TOKEN: "qstash-token",
    QSTASH_CURRENT_SIGNING_KEY: "sig_current",
    QSTASH_NEXT_SIGNING_KEY: "sig_next",
    OPERATOR_TOKENS: TOKEN,
    ...environment,
  });
  return createApp(createDeps(config, { log: silentLog }));
}

Deno.test("an operator who may only read sees the page, and is told why its buttons do nothing", async () => {
  const app = appWith({ OPERATOR_TOKENS: `${TOKEN}=read` });
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const home = await app.request("/admin", { headers: { ...headers, ...asPage } });
  assert.match(await home.text(), new RegExp(DASHBOARD));
  const action = { method: "POST", headers };
  const answer = await app.request(`${DASHBOARD}/rank`, action);
  assert.equal(answer.status, 403);
  assert.equal((await answer.json()).code, "permission_missing");
  const refused = await app.request(`${DASHBOARD}/rank`, {
    ...action,
    headers: { ...headers, ...asPage },
  });
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /the role operate[\s\S]*permission_missing/);
});

Deno.test("signing in again with another token makes another session", async () => {
  await using world = operatorWorld();
  const first = cookieOf(await signIn(world));
  const second = cookieOf(await signIn(world, { token: OTHER_TOKEN }));
  assert.notEqual(first, second);
});
