import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { createAppWorld } from "./app_world.ts";

const MOST_BYTES = 1_024;

Deno.test("/client.js is a module that any origin may load and keep for an hour", async () => {
  await using world = createAppWorld();
  const { response } = await world.request("/client.js");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/javascript; charset=utf-8");
  assert.equal(response.headers.get("Cache-Control"), "public, max-age=3600");
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), "*");
  assert.equal(response.headers.get("Cross-Origin-Resource-Policy"), "cross-origin");
  assert.deepEqual(world.sentToRedis, []);
});

const tags = [
  { name: "its own tag", sent: (tag: string) => tag, status: 304 },
  { name: "it as a strong one", sent: (tag: string) => tag.replace("W/", ""), status: 304 },
  { name: "one of several tags", sent: (tag: string) => `"other", ${tag}`, status: 304 },
  { name: "another tag", sent: () => `"other"`, status: 200 },
];
for (const { name, sent, status } of tags) {
  Deno.test(`/client.js answers ${status} to ${name}`, async () => {
    await using world = createAppWorld();
    const tag = (await world.request("/client.js")).response.headers.get("ETag")!;
    const headers = { "If-None-Match": sent(tag) };
    const { response, body } = await world.request("/client.js", { headers });
    assert.equal(response.status, status);
    assert.equal(response.headers.get("ETag"), tag);
    assert.equal(body === "", status === 304);
  });
}

Deno.test(`/client.js weighs less than ${MOST_BYTES} bytes gzipped, and names what it exports`, async () => {
  await using world = createAppWorld();
  const { body } = await world.request("/client.js");
  const bytes = gzipSync(body).length;
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  const exported = [...body.matchAll(/export const (\w+)/g)].map(([, name]) => name);
  assert.deepEqual(exported.sort(), [
    "booking",
    "chat",
    "favorite",
    "setToken",
    "unfavorite",
    "view",
    "watch",
  ]);
});
