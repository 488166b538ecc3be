import assert from "node:assert/strict";
import { operations } from "../../functions/app.ts";
import { problemStatuses } from "../../functions/middleware/problem.ts";
import { createAppWorld, PUBLIC_URL } from "./app_world.ts";

Deno.test("/health says what is switched on, and asks neither Redis nor QStash", async () => {
  await using world = createAppWorld();
  const { response, body } = await world.request("/health");
  assert.equal(response.status, 200);
  assert.deepEqual(body, {
    status: "ok",
    version: body.version,
    at: new Date(world.clock.now()).toISOString(),
    configured: {
      redis: true,
      queue: true,
      database: false,
      feed: false,
      operators: false,
      serviceTokens: true,
      webhooks: ["github", "standard"],
    },
  });
  assert.deepEqual(world.sentToRedis, []);
});

Deno.test("every route stands in the table of operations, and every operation is mounted", async () => {
  await using world = createAppWorld();
  const mounted = world.app.routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path}`);
  const described = operations.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual([...new Set(mounted)].sort(), described.sort());
});

Deno.test("/openapi.json describes every operation, and each job with its own input", async () => {
  await using world = createAppWorld();
  const { body } = await world.request("/openapi.json");
  assert.equal(body.openapi, "3.1.0");
  assert.deepEqual(body.servers, [{ url: PUBLIC_URL }]);
  for (const { method, path } of operations) {
    const entry = body.paths[path.replace(/:(\w+)/g, "{$1}")][method.toLowerCase()];
    assert(entry, `${method} ${path} is missing`);
    assert(entry.summary && entry["x-price"].commands);
  }
  const echo = body.paths["/api/jobs/debug.echo"].post;
  const { schema } = echo.requestBody.content["application/json"];
  assert.equal(schema.properties.input.properties.message.type, "string");
  assert.deepEqual(schema.required, ["input"]);
  assert.deepEqual(echo.security, [
    { serviceToken: ["jobs:write"] },
    { operatorToken: ["operate"] },
    { operatorSession: ["operate"] },
  ]);
  assert.match(echo.responses[401].description, /token_missing.*token_invalid/);
});

Deno.test("every operation says how its caller proves itself, by a scheme that is described", async () => {
  await using world = createAppWorld();
  const { body } = await world.request("/openapi.json");
  const open: string[] = [];
  for (const [path, methods] of Object.entries<Record<string, Entry>>(body.paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      assert.ok(Array.isArray(security), `${method} ${path}`);
      for (const name of security.flatMap((each) => Object.keys(each))) {
        assert.ok(body.components.securitySchemes[name], name);
      }
      if (security.length === 0) open.push(path);
    }
  }
  assert.ok(open.includes("/health"));
  assert.ok(!open.some((path) => /^\/(api\/(?!metrics|feed)|hooks|qstash)/.test(path)));
});

Deno.test("every reference and path parameter of the document is resolved, and ids are unique", async () => {
  await using world = createAppWorld();
  const { body } = await world.request("/openapi.json");
  const text = JSON.stringify(body);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    assert(body.components.schemas[name], name);
  }
  assert(!text.includes('"$schema"'));
  const ids: string[] = [];
  for (const [path, methods] of Object.entries<Record<string, Entry>>(body.paths)) {
    for (const { operationId, parameters } of Object.values(methods)) {
      ids.push(operationId);
      const inPath = parameters.filter((parameter) => parameter.in === "path")
        .map(({ name }) => name);
      assert.deepEqual(inPath, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name), path);
    }
  }
  assert.equal(new Set(ids).size, ids.length);
});

interface Entry {
  operationId: string;
  security: Record<string, string[]>[];
  parameters: { name: string; in: string }[];
}

Deno.test("/docs shows every operation with its price and a sample, and loads nothing", async () => {
  await using world = createAppWorld();
  const { response, body: page } = await world.request("/docs");
  assert.match(response.headers.get("Content-Type")!, /^text\/html/);
  assert.match(response.headers.get("Content-Security-Policy")!, /default-src 'none'/);
  for (const { path } of operations) assert(page.includes(`<code>${path}</code>`), path);
  assert(page.includes("<code>input.message</code> (required)"), "a job's own fields are shown");
  assert(page.includes(`curl -X POST &#39;${PUBLIC_URL}/api/jobs/debug.echo&#39;`));
  assert(!page.includes("\\n"), "no escape of the template's is shown");
  assert(!/<script|<link|<img|@import|url\(/.test(page));
});

Deno.test("every problem's type leads to its place on /docs, and every link has a target", async () => {
  await using world = createAppWorld();
  const { body: page } = await world.request("/docs");
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length, "ids are unique");
  for (const code of Object.keys(problemStatuses)) assert(ids.includes(code), code);
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) assert(ids.includes(target), target);
});
