import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { createAppWorld, PUBLIC_URL } from "./app_world.ts";

/** What the page and all that it loads of ours weigh, gzipped. */
const MOST_BYTES = 20_000;

Deno.test("/chat.js is a module that any origin may load and keep for an hour", async () => {
  await using world = createAppWorld();
  const { response } = await world.request("/chat.js");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/javascript; charset=utf-8");
  assert.equal(response.headers.get("Cache-Control"), "public, max-age=3600");
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), "*");
  assert.equal(response.headers.get("Cross-Origin-Resource-Policy"), "cross-origin");
  const tag = response.headers.get("ETag")!;
  assert.match(tag, /^W\/"/);
  const again = await world.request("/chat.js", { headers: { "If-None-Match": tag } });
  assert.equal(again.response.status, 304);
  assert.equal(again.body, "");
  assert.deepEqual(world.sentToRedis, []);
});

Deno.test("/chat is the same for everybody, and may run and load nothing but our own files", async () => {
  await using world = createAppWorld();
  const { response, body } = await world.request("/chat");
  assert.equal(response.status, 200);
  const policy = response.headers.get("Content-Security-Policy")!;
  for (
    const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "require-trusted-types-for 'script'",
      "frame-ancestors 'none'",
    ]
  ) assert.ok(policy.split("; ").includes(rule), rule);
  assert.doesNotMatch(policy, /unsafe/);
  assert.doesNotMatch(body, / style=| on\w+="|<script(?![^>]* src=)/);
  assert.deepEqual(world.sentToRedis, []);
});

Deno.test(`the chat page and what it loads weigh less than ${MOST_BYTES} bytes gzipped`, async () => {
  await using world = createAppWorld();
  const { body } = await world.request("/chat");
  const paths = [...body.matchAll(/(?:src|href)="(\/[^"#]+)"/g)].map(([, path]) => path);
  assert.equal(paths.length, 3);
  let bytes = gzipSync(body).length;
  for (const path of [...paths, "/chat.js"]) {
    const { response, body } = await world.request(path);
    assert.equal(response.status, 200, path);
    if (path !== "/chat.js") assert.match(response.headers.get("Cache-Control")!, /immutable/);
    bytes += gzipSync(body).length;
  }
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
});

const unknown = ["/chat/assets/other.js", "/chat/assets/constructor"];
for (const path of unknown) {
  Deno.test(`${path} is not found`, async () => {
    await using world = createAppWorld();
    assert.equal((await world.request(path)).response.status, 404);
  });
}

Deno.test("another version of a file than was asked for is not kept", async () => {
  await using world = createAppWorld();
  const { response } = await world.request("/chat/assets/page.js?v=older");
  assert.equal(response.headers.get("Cache-Control"), "no-store");
});

Deno.test("published below a path, the page loads its files from there", async () => {
  const environment = { PUBLIC_URL: `${PUBLIC_URL}/app` };
  await using world = createAppWorld({ environment });
  const { body } = await world.request("/chat");
  const paths = [...body.matchAll(/(?:src|href)="(\/[^"#]+)"/g)].map(([, path]) => path);
  for (const path of paths) assert.ok(path.startsWith("/app/"), path);
});
