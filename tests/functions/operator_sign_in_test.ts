import assert from "node:assert/strict";
import { createAppWorld, PUBLIC_URL } from "./app_world.ts";
import {
  asPage,
  cookieOf,
  DASHBOARD,
  operatorWorld,
  OTHER_TOKEN,
  partsOf,
  signIn,
  TOKEN,
} from "./operator_world.ts";

Deno.test("an operator signs in, and is led to the page that was asked for", async () => {
  await using world = operatorWorld();
  const asked = await world.app.request(`${DASHBOARD}?segment=berlin&days=30`, { headers: asPage });
  assert.equal(asked.status, 303);
  const form = new URL(asked.headers.get("Location")!, PUBLIC_URL);
  assert.equal(form.pathname, "/admin/sign-in");
  const next = form.searchParams.get("next")!;
  const { body: page } = await world.request(form.pathname + form.search);
  assert.match(page, /<input type="hidden" name="next" value="[^"]*segment=berlin&amp;days=30"/);

  const answer = await signIn(world, { token: ` ${TOKEN} `, next });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get("Location"), `${DASHBOARD}?segment=berlin&days=30`);
  const home = await world.app.request("/admin", { headers: { Cookie: cookieOf(answer) } });
  assert.ok((await home.text()).includes(`href="${DASHBOARD}"`), "every dashboard is there");
  assert.equal(world.sentToRedis.length, 1, "the limit of tries, and nothing for pages");
});

Deno.test("the cookie is for our own requests alone, for 12 hours, and holds no token", async () => {
  await using world = operatorWorld();
  const answer = await signIn(world);
  const [cookie, ...attributes] = answer.headers.getSetCookie()[0].split("; ");
  assert.deepEqual(attributes.sort(), [
    "HttpOnly",
    "Max-Age=43200",
    "Path=/",
    "SameSite=Lax",
    "Secure",
  ]);
  assert.ok(!cookie.includes(TOKEN));
  const [name, endsAt] = partsOf(cookie);
  assert.equal(Number(endsAt), world.clock.now() + 12 * 3_600_000);
  const [otherName] = partsOf(cookieOf(await signIn(world, { token: OTHER_TOKEN })));
  assert.notEqual(name, otherName);
});

const published = [
  { at: "http://127.0.0.1:8787", path: "Path=/", secure: false, links: "/admin/sign-in" },
  { at: "https://a.example/jobs", path: "Path=/jobs/", secure: true, links: "/jobs/admin/sign-in" },
];
for (const { at, path, secure, links } of published) {
  Deno.test(`published at ${at}, cookie and links keep to ${path}`, async () => {
    await using world = createAppWorld({ environment: { OPERATOR_TOKENS: TOKEN, PUBLIC_URL: at } });
    const answer = await signIn(world, { token: TOKEN }, { Origin: new URL(at).origin });
    const attributes = answer.headers.getSetCookie()[0].split("; ");
    assert.ok(attributes.includes(path), attributes.join());
    assert.equal(attributes.includes("Secure"), secure);
    assert.equal(answer.headers.get("Location"), links.replace("/sign-in", ""));
    const { body: page } = await world.request("/admin/sign-in");
    assert.ok(page.includes(`action="${links}"`));
    const led = await world.app.request(DASHBOARD, { headers: asPage });
    assert.ok(led.headers.get("Location")!.startsWith(`${links}?next=%2Fadmin%2F`));
  });
}

Deno.test("a wrong token answers the form with 401, and is logged without it", async () => {
  await using world = operatorWorld();
  for (const token of ["no-operators-token", "", `${TOKEN}x`, TOKEN.slice(1)]) {
    const answer = await signIn(world, { token, next: DASHBOARD });
    const page = await answer.text();
    assert.equal(answer.status, 401);
    assert.match(page, /role="alert">No operator has this token/);
    assert.match(page, /aria-describedby="fault"/);
    assert.ok(page.includes(`value="${DASHBOARD}"`), "the next try leads to the same page");
    assert.deepEqual(answer.headers.getSetCookie(), []);
    if (token) assert.ok(!page.includes(token));
  }
  const refused = world.lines.filter(({ event }) => event === "operator.refused");
  assert.equal(refused.length, 4);
  assert.ok(!JSON.stringify(world.lines).includes("-token"));
});

Deno.test("the log says who has signed in, by the name that is in the cookie", async () => {
  await using world = operatorWorld();
  const [name] = partsOf(cookieOf(await signIn(world)));
  const [line] = world.lines.filter(({ event }) => event === "operator.signed_in");
  assert.equal(line.operator, name);
  assert.ok(!JSON.stringify(world.lines).includes(TOKEN));
});

const elsewhere = [
  "https://evil.example/",
  "//evil.example/admin/",
  "/\\evil.example/admin/x",
  "\\\\evil.example/admin/x",
  "/admin/../../evil",
  "/admin/..//evil.example",
  "/admin/%2e%2e//evil.example",
  "/\t/evil.example/admin/",
  "javascript:alert(1)//admin/",
  "/administrator",
  "/api/jobs",
  "/admin/sign-in?next=/admin/sign-in",
  "/admin/sign-out",
  "http://here.invalid:81/admin/x",
];
for (const next of elsewhere) {
  Deno.test(`signing in leads nowhere else, not to ${JSON.stringify(next)}`, async () => {
    await using world = operatorWorld();
    const answer = await signIn(world, { token: TOKEN, next });
    assert.equal(answer.headers.get("Location"), "/admin");
    const { body: page } = await world.request(`/admin/sign-in?next=${encodeURIComponent(next)}`);
    assert.match(page, /name="next" value="\/admin"/);
  });
}

const origins: { name: string; headers: Record<string, string> }[] = [
  { name: "another origin", headers: { Origin: "https://evil.example" } },
  { name: "the same host on plain http", headers: { Origin: "http://app.example" } },
  { name: "a sandboxed page", headers: { Origin: "null" } },
  { name: "nowhere", headers: {} },
];
for (const { name, headers } of origins) {
  Deno.test(`a form that comes from ${name} is refused`, async () => {
    await using world = operatorWorld();
    const answer = await signIn(world, { token: TOKEN }, headers);
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /<code>origin_refused<\/code>/);
    assert.deepEqual(answer.headers.getSetCookie(), []);
  });
}

Deno.test("a form may come from the very address that it was sent to", async () => {
  await using world = operatorWorld();
  assert.equal((await signIn(world, undefined, { Origin: "http://localhost" })).status, 303);
});

Deno.test("a form that is far too large is not read", async () => {
  await using world = operatorWorld();
  assert.equal((await signIn(world, { token: "x".repeat(9_000) })).status, 413);
});

Deno.test("without OPERATOR_TOKENS everybody is told that it is missing", async () => {
  await using world = createAppWorld();
  const { response, body } = await world.request(DASHBOARD);
  assert.equal(response.status, 503);
  assert.equal(body.code, "not_configured");
  assert.match(body.detail, /set OPERATOR_TOKENS/);
  const page = await world.app.request(DASHBOARD, { headers: asPage });
  assert.equal(page.status, 503);
  assert.match(await page.text(), /<h1 id="title">This part is switched off/);
  assert.equal((await signIn(world)).status, 503);
});

Deno.test("the sign-in loads only files of ours, and holds no code itself", async () => {
  await using world = operatorWorld();
  const { response, body: page } = await world.request("/admin/sign-in");
  const policy = response.headers.get("Content-Security-Policy")!;
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  assert.doesNotMatch(page, /<style|style=|<script(?![^>]* src=)|\son\w+=|https?:/);
  for (const [, path] of page.matchAll(/(?:src|href)="(\/[^"]*assets[^"]*)"/g)) {
    const { response: file } = await world.request(path);
    assert.equal(file.status, 200, path);
    assert.equal(file.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
    const { response: other } = await world.request(path.replace(/v=.*/, "v=other"));
    assert.equal(other.headers.get("Cache-Control"), "no-store");
  }
});
