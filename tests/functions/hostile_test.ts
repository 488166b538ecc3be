/**
 * Requests that mean harm: odd names and paths, bodies that break off, addresses below a path.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createAppWorld, hmac, PUBLIC_URL, SERVICE_TOKEN, STANDARD_SECRET } from "./app_world.ts";
import { deliver } from "./echo_delivery.ts";

const backend = { Authorization: `Bearer ${SERVICE_TOKEN}` };

const oddNames = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "..%2F..%2Fadmin",
  "debug%2Fecho",
  "debug.echo%00",
  "%0d%0aX-Injected:1",
  "debug.echo%3Fx=1",
  "%E2%80%AE",
  "n".repeat(2_000),
];
for (const name of oddNames) {
  Deno.test(`POST /api/jobs/${name.slice(0, 30)} is no job, and nothing is sent`, async () => {
    await using world = createAppWorld();
    const { response, body } = await world.request(`/api/jobs/${name}`, {
      method: "POST",
      headers: backend,
      body: JSON.stringify({ input: {} }),
    });
    assert.equal(response.status, 404);
    assert.equal(body.code, "job_unknown");
    assert.ok(body.detail.length < 300, "what was sent is not given back whole");
    assert.equal(response.headers.get("X-Injected"), null);
    assert.equal(world.qstash.messages().length, 0);
  });
}

Deno.test("a job's name in another spelling is another address, and its signature does not fit", async () => {
  await using world = createAppWorld();
  for (const path of ["/qstash/jobs/debug%2Eecho", "/qstash/jobs//debug.echo"]) {
    const { response } = await deliver(world, { path, signedPath: "/qstash/jobs/debug.echo" });
    assert.ok([401, 404].includes(response.status), `${path}: ${response.status}`);
  }
  assert.equal(world.lines.filter(({ event }) => event === "job.started").length, 0);
});

Deno.test("a body nested without end is refused or taken, and never a failure of ours", async () => {
  await using world = createAppWorld();
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]]) {
    const depth = 150_000;
    const nested = `${open.repeat(depth)}${open === "[" ? "" : "1"}${close.repeat(depth)}`;
    const { response, body } = await world.request("/api/jobs/debug.echo", {
      method: "POST",
      headers: backend,
      body: `{"input":{"message":"x","extra":${nested}}}`,
    });
    assert.ok(response.status < 500, JSON.stringify(body));
  }
});

Deno.test("HEAD answers as GET without a body, OPTIONS says what is allowed", async () => {
  await using world = createAppWorld();
  const head = await world.app.request("/health", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  const options = await world.request("/health", { method: "OPTIONS" });
  assert.equal(options.response.status, 405);
  assert.equal(options.response.headers.get("Allow"), "GET");
  const closed = await world.request("/api/jobs", { method: "OPTIONS" });
  assert.equal(closed.response.status, 405);
  assert.equal(closed.response.headers.get("Allow"), "POST");
  const head404 = await world.app.request("/api/jobs/nope", { method: "HEAD", headers: backend });
  assert.equal(head404.status, 404);
});

Deno.test("a caller that hangs up in the middle of a body enqueues nothing, and is told from our own failures", async () => {
  await using world = createAppWorld();
  const begun = Promise.withResolvers<void>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      begun.resolve();
      return world.app.fetch(request);
    },
  );
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const head = `POST /api/jobs/debug.echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n` +
    `Authorization: ${backend.Authorization}\r\n\r\n{"input":{"message":"half`;
  await connection.write(new TextEncoder().encode(head));
  await begun.promise;
  connection.close();
  const ended = () => world.lines.find(({ event }) => event === "request.ended");
  while (!ended()) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.shutdown();
  assert.equal(ended()?.code, "body_malformed");
  assert.equal(world.qstash.messages().length, 0);
});

for (const cursor of ["x", "-1", "1.5", "1e3", "99999999999999"]) {
  Deno.test(`a page of dead letters after "${cursor}" answers 422, naming it, and asks nobody`, async () => {
    await using world = createAppWorld();
    const { response, body } = await world.request(`/api/dead-letters?cursor=${cursor}`, {
      headers: backend,
    });
    assert.equal(response.status, 422);
    assert.equal(body.fields[0].path, "cursor");
    assert.deepEqual(world.sentToRedis, []);
  });
}

Deno.test("text that is given back in a problem is cut short", async () => {
  await using world = createAppWorld();
  const long = "z".repeat(100_000);
  for (
    const [path, body] of [
      ["/api/jobs/debug.echo", { input: { message: "x" }, delay: long }],
      ["/api/jobs", { jobs: [{ job: long, input: {} }] }],
    ] as const
  ) {
    const { response } = await world.request(path, {
      method: "POST",
      headers: backend,
      body: JSON.stringify(body),
    });
    assert.ok((await response.text()).length < 1_000);
  }
  assert.ok(JSON.stringify(world.lines).length < 5_000, "and in the log");
});

Deno.test("a webhook with hundreds of signatures costs no more than a few", async () => {
  await using world = createAppWorld();
  const now = Math.floor(world.clock.now() / 1_000);
  const body = JSON.stringify({ type: "debug.echo", data: { message: "x" } });
  const key = Uint8Array.from(atob(STANDARD_SECRET.slice(6)), (c) => c.charCodeAt(0));
  const ours = btoa(String.fromCharCode(...await hmac(key, `msg_1.${now}.${body}`)));
  const other = btoa("\0".repeat(32));
  const send = async (signatures: string) =>
    (await world.request("/hooks/standard", {
      method: "POST",
      headers: {
        "webhook-id": "msg_1",
        "webhook-timestamp": `${now}`,
        "webhook-signature": signatures,
      },
      body,
    })).response.status;
  assert.equal(await send(`${`v1,${other} `.repeat(8)}v1,${ours}`), 401);
  assert.equal(await send(`${"v1,AAAA ".repeat(300)}v1,${other} v1,${ours}`), 202);
});

Deno.test("published below a path, deliveries are verified and jobs found there", async () => {
  const published = `${PUBLIC_URL}/zeropoll`;
  await using world = createAppWorld({ environment: { PUBLIC_URL: `${published}/` } });
  const enqueued = await world.request("/api/jobs/debug.echo", {
    method: "POST",
    headers: backend,
    body: JSON.stringify({ input: { message: "x" } }),
  });
  assert.equal(enqueued.response.headers.get("Location"), `/zeropoll/api/jobs/${enqueued.body.id}`);
  const [message] = world.qstash.messages();
  assert.equal(message.url, `${published}/qstash/jobs/debug.echo`);
  const right = await deliver(world, { signedPath: "/zeropoll/qstash/jobs/debug.echo" });
  assert.notEqual(right.response.status, 401);
  const wrong = await deliver(world, { signedPath: "/qstash/jobs/debug.echo" });
  assert.equal(wrong.response.status, 401);
});
