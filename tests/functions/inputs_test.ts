/**
 * Bodies, queries, paths and tokens of others that Postgres or JSON refuses, at every edge.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createUserTokens } from "../../shared/adapters/user_tokens.ts";
import { createAppWorld, hmac, PUBLIC_URL, SERVICE_TOKEN, toBase64 } from "./app_world.ts";
import { signDelivery } from "./signature.ts";

const json = { Authorization: `Bearer ${SERVICE_TOKEN}`, "Content-Type": "application/json" };
const post = (body: BodyInit, headers: Record<string, string> = json): RequestInit => ({
  method: "POST",
  headers,
  body,
});

const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
const refused: { path: string; body: string; field: string }[] = [
  {
    path: "/api/jobs/debug.echo",
    body: '{"input":{"message":"a\\u0000"}}',
    field: "input.message",
  },
  {
    path: "/api/jobs/debug.echo",
    body: '{"input":{"message":"a\\ud83d"}}',
    field: "input.message",
  },
  {
    path: "/api/jobs/debug.echo",
    body: '{"input":{"message":"a"},"dedupeId":"\\ud83d"}',
    field: "dedupeId",
  },
  {
    path: "/api/jobs/debug.echo",
    body: '{"input":{"message":"a","id":1161380288898609914}}',
    field: "input.id",
  },
  {
    path: "/api/jobs",
    body: '{"jobs":[{"job":"debug.echo","input":{"message":"\\u0000"}}]}',
    field: "jobs[0].input.message",
  },
  {
    path: "/api/groups",
    body: '{"jobs":[],"then":{"job":"debug.echo","input":{"message":"\\u0000"}}}',
    field: "then.input.message",
  },
  {
    path: "/api/groups",
    body: `{"jobs":[],"then":{"job":"debug.echo","input":{"message":"x","more":${deep}}}}`,
    field: "then.input.more[0][0][0][0][0]…",
  },
  {
    path: "/api/limits/spotify/check",
    body: '{"identifier":"\\u0000"}',
    field: "identifier",
  },
  {
    path: "/api/dead-letters/replay",
    body: '{"job":"\\ud83d"}',
    field: "job",
  },
  {
    path: "/api/dead-letters/replay",
    body: '{"perSecond":1e-300}',
    field: "perSecond",
  },
];
for (const { path, body, field } of refused) {
  Deno.test(`POST ${path} of ${body.slice(0, 80)} answers 422, naming ${field}`, async () => {
    await using world = createAppWorld();
    const { response, body: problem } = await world.request(path, post(body));
    assert.equal(response.status, 422, JSON.stringify(problem));
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal(problem.fields[0].path, field);
    assert.equal(world.qstash.messages().length, 0);
    assert.deepEqual(world.sentToRedis, []);
  });
}

const delays: { path: string; body: unknown; field: string }[] = [
  { path: "/api/jobs/debug.echo", body: { delay: "999999999d" }, field: "delay" },
  { path: "/api/jobs/debug.echo", body: { delay: "366d" }, field: "delay" },
  { path: "/api/jobs/debug.echo", body: { delay: "999999999d".repeat(9_000) }, field: "delay" },
  { path: "/api/jobs/debug.echo", body: { delay: "-1s" }, field: "delay" },
  {
    path: "/api/jobs/debug.echo",
    body: { notBefore: "9999-12-31T23:59:59Z" },
    field: "notBefore",
  },
  // The free plan holds a message for 7 days.
  { path: "/api/jobs/debug.echo", body: { delay: "8d" }, field: "delay" },
];
for (const { path, body, field } of delays) {
  const input = { message: "x" };
  const shown = JSON.stringify(body).slice(0, 60);
  Deno.test(`a job with ${shown} answers 422, naming ${field}`, async () => {
    await using world = createAppWorld();
    const { response, body: problem } = await world.request(
      path,
      post(JSON.stringify({ input, ...body as object })),
    );
    assert.equal(response.status, 422, JSON.stringify(problem));
    assert.equal(problem.code, "delay_unsupported");
    assert.equal(problem.fields[0].path, field);
    assert.equal(world.qstash.messages().length, 0);
  });
}

for (const [path, most] of [["/api/jobs", {}], ["/api/groups", {}]] as const) {
  Deno.test(`POST ${path} names the job whose delay is too long`, async () => {
    await using world = createAppWorld();
    const input = { message: "x" };
    const jobs = [{ job: "debug.echo", input }, { job: "debug.echo", input, delay: "400d" }];
    const { response, body } = await world.request(path, post(JSON.stringify({ jobs, ...most })));
    assert.equal(response.status, 422);
    assert.equal(body.fields[0].path, "jobs[1].delay");
    assert.equal(world.qstash.messages().length, 0);
  });
}

const encoder = new TextEncoder();
const echo = encoder.encode('{"input":{"message":"café"}}');
const latin = Uint8Array.from('{"input":{"message":"caf\xe9"}}', (c) => c.charCodeAt(0));
const wide = new Uint8Array(
  [...'\ufeff{"input":{"message":"café"}}'].flatMap((
    c,
  ) => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]),
);
const charsets: { name: string; bytes: Uint8Array; type: string; status: number }[] = [
  { name: "UTF-8", bytes: echo, type: "application/json", status: 202 },
  {
    name: "UTF-8 by another name",
    bytes: echo,
    type: "application/json; charset=utf8",
    status: 202,
  },
  {
    name: "UTF-8 with a byte order mark",
    bytes: new Uint8Array([0xef, 0xbb, 0xbf, ...echo]),
    type: "text/json",
    status: 202,
  },
  {
    name: "ISO 8859-1, said so",
    bytes: latin,
    type: 'Application/JSON; Charset="ISO-8859-1"',
    status: 202,
  },
  { name: "ISO 8859-1, not said", bytes: latin, type: "application/json", status: 400 },
  {
    name: "UTF-16 with its mark",
    bytes: wide,
    type: "application/json;charset=utf-16",
    status: 202,
  },
  { name: "UTF-16, not said", bytes: wide, type: "application/json", status: 400 },
  {
    name: "a charset of nobody's",
    bytes: echo,
    type: "application/json;charset=klingon",
    status: 415,
  },
];
for (const { name, bytes, type, status } of charsets) {
  Deno.test(`a body in ${name} answers ${status}`, async () => {
    await using world = createAppWorld();
    const { response, body } = await world.request(
      "/api/jobs/debug.echo",
      post(bytes as BufferSource, { ...json, "Content-Type": type }),
    );
    assert.equal(response.status, status, JSON.stringify(body));
    if (status === 415) assert.equal(body.code, "charset_unsupported");
    if (status !== 202) return;
    const carried = JSON.parse(new TextDecoder().decode(
      Uint8Array.from(atob(world.qstash.logs()[0].body as string), (c) => c.charCodeAt(0)),
    ));
    assert.equal(carried.input.message, "café");
  });
}

const callbacks: { name: string; callback: Record<string, unknown>; status: number }[] = [
  { name: "a source that is no base64", callback: { sourceBody: "%%%" }, status: 422 },
  {
    name: "an answer that is no base64",
    callback: { sourceBody: "e30=", body: "%%%" },
    status: 200,
  },
];
for (const { name, callback, status } of callbacks) {
  Deno.test(`a failure callback with ${name} answers ${status}`, async () => {
    await using world = createAppWorld();
    const body = JSON.stringify({
      sourceMessageId: "msg_1",
      url: `${PUBLIC_URL}/qstash/jobs/gone.job`,
      ...callback,
    });
    const signature = await signDelivery({
      key: world.qstash.signingKeys.current,
      url: `${PUBLIC_URL}/qstash/failures`,
      body,
      issuedAt: Date.now(),
    });
    const answered = await world.request("/qstash/failures", {
      method: "POST",
      body,
      headers: { "Upstash-Signature": signature },
    });
    assert.equal(answered.response.status, status, JSON.stringify(answered.body));
    if (status === 422) assert.equal(answered.body.fields[0].path, "sourceBody");
  });
}

for (const sub of ["a\0b", "\ud83d"]) {
  Deno.test(`a token of the user ${JSON.stringify(sub)} is none of ours`, async () => {
    const secret = "secret-of-sixteen-characters";
    const base64url = (text: string) =>
      btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const signed = `${base64url('{"alg":"HS256"}')}.${base64url(JSON.stringify({ sub, exp }))}`;
    const mac = base64url(atob(toBase64(await hmac(secret, signed))));
    const tokens = createUserTokens({ secret }, { now: () => Date.now() });
    await assert.rejects(tokens.verify(`${signed}.${mac}`), { code: "token_invalid" });
  });
}
