import assert from "node:assert/strict";
import { createQstash } from "../../shared/adapters/qstash.ts";
import { createAppWorld, PUBLIC_URL, SERVICE_TOKEN } from "./app_world.ts";

const JOB_ID = "abcdefghijklmnopqrst";
const backend = { Authorization: `Bearer ${SERVICE_TOKEN}` };

/** A body that comes in chunks of 64 KB, without a Content-Length. */
function chunked(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(left, 65_536);
      left -= size;
      if (size === 0) controller.close();
      else controller.enqueue(new Uint8Array(size).fill(32));
    },
  });
}

interface BadRequest {
  name: string;
  path: string;
  init: RequestInit;
  status: number;
  code: string;
  field?: string;
  headers?: Record<string, string | RegExp>;
}

const enqueue = (body: unknown, headers: HeadersInit = backend): RequestInit => ({
  method: "POST",
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
});

const badRequests: BadRequest[] = [
  {
    name: "an unknown path",
    path: "/nowhere",
    init: {},
    status: 404,
    code: "not_found",
  },
  {
    name: "an unknown path below the API",
    path: "/api/nowhere",
    init: { headers: backend },
    status: 404,
    code: "not_found",
  },
  {
    name: "a method that the path does not take",
    path: `/api/jobs/${JOB_ID}`,
    init: { method: "PUT", headers: backend },
    status: 405,
    code: "method_not_allowed",
    headers: { Allow: "GET, POST, DELETE" },
  },
  {
    name: "a method that an open path does not take",
    path: "/health",
    init: { method: "DELETE" },
    status: 405,
    code: "method_not_allowed",
    headers: { Allow: "GET" },
  },
  {
    name: "no token",
    path: "/api/jobs/debug.echo",
    init: enqueue({ input: { message: "a" } }, {}),
    status: 401,
    code: "token_missing",
    headers: { "WWW-Authenticate": 'Bearer realm="zeropoll"' },
  },
  {
    name: "another scheme than Bearer",
    path: "/api/jobs/debug.echo",
    init: enqueue({}, { Authorization: `Basic ${btoa(`a:${SERVICE_TOKEN}`)}` }),
    status: 401,
    code: "token_missing",
  },
  {
    name: "a wrong token",
    path: "/api/jobs/debug.echo",
    init: enqueue({}, { Authorization: "Bearer token-of-a-backen" }),
    status: 401,
    code: "token_invalid",
    headers: { "WWW-Authenticate": /invalid_token/ },
  },
  {
    name: "two tokens in one",
    path: "/api/jobs/debug.echo",
    init: enqueue({}, { Authorization: `Bearer another-token,${SERVICE_TOKEN}` }),
    status: 401,
    code: "token_invalid",
  },
  {
    name: "an unknown job",
    path: "/api/jobs/debug.shout",
    init: enqueue({ input: {} }),
    status: 404,
    code: "job_unknown",
  },
  {
    name: "a job named as a property of every object",
    path: "/api/jobs/constructor",
    init: enqueue({ input: {} }),
    status: 404,
    code: "job_unknown",
  },
  {
    name: "a payload of another shape",
    path: "/api/jobs/debug.echo",
    init: enqueue({ input: { message: 1 } }),
    status: 422,
    code: "body_invalid",
    field: "input.message",
  },
  {
    name: "no payload",
    path: "/api/jobs/debug.echo",
    init: { method: "POST", headers: backend },
    status: 422,
    code: "body_invalid",
    field: "input",
  },
  {
    name: "a field that nobody knows",
    path: "/api/jobs/debug.echo",
    init: enqueue({ input: { message: "a" }, dealy: "1m" }),
    status: 422,
    code: "body_invalid",
    field: "body",
  },
  {
    name: "a fault in one of many",
    path: "/api/jobs",
    init: enqueue({ jobs: [{ job: "debug.echo", input: {}, dedupeId: "" }] }),
    status: 422,
    code: "body_invalid",
    field: "jobs[0].dedupeId",
  },
  {
    name: "malformed JSON",
    path: "/api/jobs/debug.echo",
    init: enqueue('{"input": {"message": "secret-payload"'),
    status: 400,
    code: "body_malformed",
  },
  {
    name: "a list instead of an object",
    path: "/api/jobs/debug.echo",
    init: enqueue("[]"),
    status: 422,
    code: "body_invalid",
    field: "body",
  },
  {
    name: "a body over the limit",
    path: "/api/jobs/debug.echo",
    init: enqueue({ input: { message: "x".repeat(1_000_000) } }),
    status: 413,
    code: "body_too_large",
  },
  {
    name: "a body over the limit that does not say its length",
    path: "/api/jobs/debug.echo",
    init: { method: "POST", headers: backend, body: chunked(1_200_000) },
    status: 413,
    code: "body_too_large",
  },
  {
    name: "a body that says it is over the limit",
    path: "/api/jobs/debug.echo",
    init: enqueue("{}", { ...backend, "Content-Length": "99999999" }),
    status: 413,
    code: "body_too_large",
  },
  {
    name: "a delay in no known form",
    path: "/api/jobs/debug.echo",
    init: enqueue({ input: { message: "a" }, delay: "soon" }),
    status: 422,
    code: "delay_unsupported",
    field: "delay",
  },
  {
    name: "a delay that QStash does not hold",
    path: "/api/jobs/debug.echo",
    init: enqueue({ input: { message: "a" }, delay: "8d" }),
    status: 422,
    code: "delay_unsupported",
    field: "delay",
  },
];
for (const { name, path, init, status, code, field, headers = {} } of badRequests) {
  Deno.test(`${name} answers ${status} ${code}, and nothing is done`, async () => {
    await using world = createAppWorld();
    const { response, body } = await world.request(path, init);
    assert.equal(response.status, status, JSON.stringify(body));
    assert.equal(response.headers.get("Content-Type"), "application/problem+json");
    assert.equal(body.code, code);
    assert.equal(body.status, status);
    assert.equal(body.type, `${PUBLIC_URL}/docs#${code}`);
    assert.equal(body.instance, path);
    assert.equal(body.requestId, response.headers.get("X-Request-Id"));
    assert(body.title && body.detail);
    assert.equal(body.fields?.[0].path, field);
    assert(!JSON.stringify(body).includes("secret-payload"));
    for (const [header, value] of Object.entries(headers)) {
      assert.match(
        response.headers.get(header) ?? "",
        value instanceof RegExp ? value : new RegExp(`^${value}$`),
      );
    }
    assert.equal(world.qstash.messages().length, 0);
    assert.deepEqual(world.sentToRedis, []);
    assert.deepEqual(world.lines.map(({ event, code }) => [event, code]).slice(-1), [
      ["request.ended", ["not_found", "method_not_allowed"].includes(code) ? undefined : code],
    ]);
  });
}

Deno.test("each of the service tokens is accepted, in any case of Bearer", async () => {
  await using world = createAppWorld();
  for (const authorization of ["Bearer another-token", `bearer ${SERVICE_TOKEN}`]) {
    const init = enqueue({ input: { message: "a" } }, { Authorization: authorization });
    const { response } = await world.request("/api/jobs/debug.echo", init);
    assert.equal(response.status, 202);
  }
});

Deno.test("without SERVICE_TOKENS every token is refused, and the setting is named", async () => {
  await using world = createAppWorld({ environment: { SERVICE_TOKENS: " , " } });
  const { response, body } = await world.request("/api/jobs/debug.echo", enqueue({}));
  assert.equal(response.status, 503);
  assert.equal(body.code, "not_configured");
  assert.match(body.detail, /SERVICE_TOKENS/);
});

Deno.test("QStash away: 503 with Retry-After, and the same dedupeId is accepted later", async () => {
  await using world = createAppWorld();
  const request = enqueue({ input: { message: "a" }, dedupeId: "order-1" });
  world.qstash.faults.add({ kind: "publishDisconnected", times: 2 });
  const away = await world.request("/api/jobs/debug.echo", request);
  assert.equal(away.response.status, 503);
  assert.equal(away.body.code, "queue_unavailable");
  assert.equal(away.response.headers.get("Retry-After"), "5");
  assert.equal(world.qstash.messages().length, 0);
  const back = await world.request("/api/jobs/debug.echo", request);
  assert.equal(back.response.status, 202);
  assert.equal(world.qstash.messages().length, 1);
});

Deno.test("Redis and QStash away: a job's state is a 503, and the log says which", async () => {
  const redisFetch = () => Promise.reject(new TypeError("connection refused"));
  const closed = { url: "http://127.0.0.1:9", token: "t", clock: { now: () => 0 } };
  await using world = createAppWorld({ redisFetch, outside: { queue: createQstash(closed) } });
  const { response, body } = await world.request(`/api/jobs/${JOB_ID}`, { headers: backend });
  assert.equal(response.status, 503);
  assert.match(body.code, /^(redis|queue)_unavailable$/);
  assert(response.headers.has("Retry-After"));
});

Deno.test("an unexpected error answers 500 and says nothing; the log line says it", async () => {
  const broken = () => {
    throw new TypeError("secret internals");
  };
  await using world = createAppWorld({ outside: { queue: { publish: broken } as never } });
  const { response, body } = await world.request(
    "/api/jobs/debug.echo",
    enqueue({ input: { message: "a" } }),
  );
  assert.equal(response.status, 500);
  assert.equal(body.code, "unexpected");
  assert(!JSON.stringify(body).includes("secret internals"));
  const line = world.lines.at(-1)!;
  assert.equal(line.level, "error");
  assert.equal(line.error, "TypeError: secret internals");
  assert.match(String(line.stack), /edges_test/);
});

/** A Redis in which no job is known. */
const emptyRedis = (_: string, init: RequestInit) => {
  const sent = JSON.parse(String(init.body));
  return Promise.resolve(Response.json({ result: sent[0] === "MGET" ? [null, null] : null }));
};

Deno.test("a request logs one line with its route, status and Redis commands", async () => {
  await using world = createAppWorld({ redisFetch: emptyRedis });
  const { response } = await world.request(`/api/jobs/${JOB_ID}`, {
    headers: { ...backend, "X-Request-Id": "caller-chose-this" },
  });
  assert.equal(response.status, 404);
  const ended = world.lines.filter(({ event }) => event === "request.ended");
  assert.equal(ended.length, 1);
  const { level, method, route, status, ms, code, requestId, redisCommands, redisReads } = ended[0];
  assert.deepEqual(
    { level, method, route, status, ms, code, requestId, redisCommands, redisReads },
    {
      level: "info",
      method: "GET",
      route: "/api/jobs/:id",
      status: 404,
      ms: 0,
      code: "job_not_found",
      requestId: "caller-chose-this",
      redisCommands: world.sentToRedis.length,
      redisReads: world.sentToRedis.length,
    },
  );
  assert.equal(response.headers.get("X-Request-Id"), "caller-chose-this");
  assert.equal(
    response.headers.get("Server-Timing"),
    `app;dur=0, redis;dur=0;desc="${world.sentToRedis.length} commands"`,
  );
});

Deno.test("a request's tally is its own", async () => {
  await using world = createAppWorld({ redisFetch: emptyRedis });
  const once = world.request(`/api/jobs/${JOB_ID}`, { headers: backend });
  const twice = world.request(`/api/jobs/${JOB_ID}`, { headers: backend });
  const [one, other] = await Promise.all([once, twice]);
  assert.equal(
    one.response.headers.get("Server-Timing"),
    other.response.headers.get("Server-Timing"),
  );
  const counted = world.lines.filter(({ event }) => event === "request.ended")
    .reduce((sum, { redisCommands }) => sum + Number(redisCommands), 0);
  assert.equal(counted, world.sentToRedis.length);
});

const requestIds = [
  { given: undefined, because: "none was given" },
  { given: "short", because: "it is too short" },
  { given: "x".repeat(65), because: "it is too long" },
  { given: 'a"b\\c{}: injected', because: "it could pass for something else" },
];
for (const { given, because } of requestIds) {
  Deno.test(`a request gets an id of its own when ${because}`, async () => {
    await using world = createAppWorld();
    const headers: HeadersInit = given === undefined ? {} : { "X-Request-Id": given };
    const { response } = await world.request("/health", { headers });
    assert.match(response.headers.get("X-Request-Id")!, /^[0-9a-v]{26}$/);
  });
}

Deno.test("every answer is protected from sniffing, framing and caching", async () => {
  await using world = createAppWorld();
  for (const path of ["/health", "/nowhere", "/api/jobs/x"]) {
    const { response } = await world.request(path);
    assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(response.headers.get("Cache-Control"), "no-store");
    assert.match(response.headers.get("Content-Security-Policy")!, /default-src 'none'/);
  }
});
