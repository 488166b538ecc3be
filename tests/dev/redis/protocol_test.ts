/**
 * The forms of the REST protocol over real HTTP: what is asked how, and with which status it ends.
 *
 * @module
 */
import assert from "node:assert/strict";
import { withRest } from "./rest.ts";

const single: [name: string, command: unknown, status: number, body: unknown][] = [
  ["a command", ["SET", "k", "v"], 200, { result: "OK" }],
  ["numbers and booleans as arguments", ["RPUSH", "l", 1, 1.5, true], 200, { result: 3 }],
  ["a missing value", ["GET", "none"], 200, { result: null }],
  ["a lower-case name", ["get", "none"], 200, { result: null }],
  ["a wrong number of arguments", ["GET"], 400, {
    error: "ERR wrong number of arguments for 'get' command",
  }],
  ["an unknown command", ["NOPE", "a"], 400, {
    error: "ERR unknown command 'NOPE', with args beginning with: 'a' ",
  }],
  ["an object", { command: "GET" }, 400, { error: "ERR failed to parse command" }],
  ["a nested argument", ["SET", "k", { a: 1 }], 400, { error: "ERR failed to parse command" }],
  ["a null argument", ["SET", "k", null], 400, { error: "ERR failed to parse command" }],
  ["an empty array", [], 400, { error: "ERR empty command" }],
];
for (const [name, command, status, body] of single) {
  Deno.test(`POST / with ${name} answers ${status}`, () =>
    withRest(async ({ post }) => {
      const answer = await post("/", command);
      assert.deepEqual({ status: answer.status, body: answer.body }, { status, body });
    }));
}

Deno.test("a body that is no JSON is refused", () =>
  withRest(async ({ fetch }) => {
    const response = await fetch("/", { method: "POST", body: "SET k v" });
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { error: "ERR failed to parse command" });
  }));

Deno.test("integers keep all their digits, in and out", () =>
  withRest(async ({ fetch }) => {
    const send = async (body: string) => {
      const response = await fetch("/", { method: "POST", body });
      return await response.text();
    };
    assert.equal(await send(`["SET","n",9223372036854775806]`), `{"result":"OK"}`);
    assert.equal(await send(`["INCR","n"]`), `{"result":9223372036854775807}`);
    assert.equal(await send(`["GET","n"]`), `{"result":"9223372036854775807"}`);
  }));

const paths: [method: string, path: string, body: string | undefined, result: unknown][] = [
  ["GET", "/set/a/b", undefined, "OK"],
  ["POST", "/set/a/b", undefined, "OK"],
  ["PUT", "/set/a/b", undefined, "OK"],
  ["GET", "/echo/a%2Fb%20c%E2%82%AC", undefined, "a/b c€"],
  ["GET", "/echo/a+b", undefined, "a+b"],
  ["POST", "/echo", `{"a":1}`, `{"a":1}`],
  ["POST", "/lpush/l/1", "2", 2],
  ["POST", "/set/k?EX=100", "v", "OK"],
  ["POST", "/set/k?PX=100000&NX", "w", null],
];
for (const [method, path, body, result] of paths) {
  Deno.test(`${method} ${path}${body ? ` with a body` : ""} answers ${JSON.stringify(result)}`, () =>
    withRest(async ({ fetch, run }) => {
      if (path.includes("NX")) await run("SET", "k", "v");
      const response = await fetch(path, { method, body });
      assert.deepEqual(await response.json(), { result });
    }));
}

Deno.test("the body comes before the query, which comes last", () =>
  withRest(async ({ fetch, run }) => {
    await (await fetch("/set/k?EX=100", { method: "POST", body: "v" })).body?.cancel();
    assert.equal(await run("GET", "k"), "v");
    assert.equal(await run("TTL", "k"), 100);
  }));

Deno.test("a body is binary-safe, and so is a percent-encoded argument", () =>
  withRest(async ({ fetch, post }) => {
    const bytes = new Uint8Array([0, 255, 10, 13, 34]);
    await (await fetch("/set/k", { method: "PUT", body: bytes })).body?.cancel();
    await (await fetch("/set/%FFk/%00%FE")).body?.cancel();
    const base64 = { "upstash-encoding": "base64" };
    assert.deepEqual((await post("/", ["GET", "k"], base64)).body, {
      result: btoa(String.fromCharCode(...bytes)),
    });
    const keys = (await post("/", ["KEYS", "*"], base64)).body as { result: string[] };
    assert.deepEqual(keys.result.sort(), [btoa("k"), btoa("\xffk")].sort());
  }));

Deno.test("HEAD runs the command and answers without a body", () =>
  withRest(async ({ fetch, run }) => {
    const response = await fetch("/incr/n", { method: "HEAD" });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "");
    assert.equal(await run("GET", "n"), "1");
  }));

for (const method of ["DELETE", "PATCH", "OPTIONS"]) {
  Deno.test(`${method} answers 405`, () =>
    withRest(async ({ fetch }) => {
      const response = await fetch("/get/k", { method });
      assert.equal(response.status, 405);
      assert.ok((await response.json()).error);
    }));
}

Deno.test("a broken percent sequence is refused", () =>
  withRest(async ({ fetch }) => {
    const response = await fetch("/get/%zz");
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { error: "ERR failed to parse command" });
  }));

const pipelines: [name: string, body: unknown, status: number, answer: unknown][] = [
  [
    "results and errors in their places",
    [["SET", "k", "v"], ["INCR", "k"], [], ["GET", "k"]],
    200,
    [
      { result: "OK" },
      { error: "ERR value is not an integer or out of range" },
      { error: "ERR empty pipeline command" },
      { result: "v" },
    ],
  ],
  ["an unknown command in its place", [["NOPE"], ["PING"]], 200, [
    { error: "ERR unknown command 'NOPE', with args beginning with: " },
    { result: "PONG" },
  ]],
  ["nothing", [], 400, { error: "ERR empty pipeline request" }],
  ["no array", { a: 1 }, 400, { error: "ERR failed to parse pipeline request" }],
  ["an item that is no array", ["GET"], 400, { error: "ERR failed to parse pipeline request" }],
];
for (const [name, body, status, answer] of pipelines) {
  Deno.test(`/pipeline with ${name} answers ${status}`, () =>
    withRest(async ({ post }) => {
      const found = await post("/pipeline", body);
      assert.deepEqual({ status: found.status, body: found.body }, { status, body: answer });
    }));
}

const transactions: [name: string, body: unknown, status: number, answer: unknown][] = [
  ["a failure that happens", [["SET", "k", "v"], ["INCR", "k"], ["GET", "k"]], 200, [
    { result: "OK" },
    { error: "ERR value is not an integer or out of range" },
    { result: "v" },
  ]],
  ["the gateway's own answers between", [["SET", "k", 1], ["COMMAND"], ["INCR", "k"]], 200, [
    { result: "OK" },
    { result: [] },
    { result: 2 },
  ]],
  ["a wrong number of arguments", [["SET", "k", "v"], ["GET"]], 400, {
    error: "ERR wrong number of arguments for 'get' command",
  }],
  ["an unknown command", [["SET", "k", "v"], ["NOPE"]], 400, {
    error: "ERR unknown command 'NOPE', with args beginning with: ",
  }],
  ["a command that REST refuses", [["SET", "k", "v"], ["WATCH", "k"]], 400, {
    error:
      "ERR Command is not available: 'WATCH': it belongs to a connection, and a REST call has none",
  }],
];
for (const [name, body, status, answer] of transactions) {
  Deno.test(`/multi-exec with ${name} answers ${status}`, () =>
    withRest(async ({ post, run }) => {
      const found = await post("/multi-exec", body);
      assert.deepEqual({ status: found.status, body: found.body }, { status, body: answer });
      if (status === 400) assert.equal(await run("EXISTS", "k"), 0, "nothing ran");
    }));
}

Deno.test("transactions that run at the same time do not mix", () =>
  withRest(async ({ post, run }) => {
    const increments = [["INCR", "n"], ["INCR", "n"]];
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post("/multi-exec", increments)),
    );
    for (const { body } of answers) {
      const [{ result: first }, { result: second }] = body as { result: number }[];
      assert.equal(second, first + 1);
    }
    assert.equal(await run("GET", "n"), "200");
  }));

const tokens: [name: string, headers: Record<string, string>, query: string, status: number][] = [
  ["the token as Bearer", { authorization: "Bearer secret" }, "", 200],
  ["the token in the query", { authorization: "" }, "?_token=secret", 200],
  ["a wrong token", { authorization: "Bearer other" }, "", 401],
  ["a wrong token in the query", { authorization: "" }, "?_token=other", 401],
  ["no token", { authorization: "" }, "", 401],
  ["another scheme", { authorization: "Basic secret" }, "", 401],
];
for (const [name, headers, query, status] of tokens) {
  Deno.test(`with ${name} the answer is ${status}`, () =>
    withRest(async ({ fetch }) => {
      const response = await fetch(`/echo/hi${query}`, { headers });
      assert.equal(response.status, status);
      assert.deepEqual(
        await response.json(),
        status === 200 ? { result: "hi" } : { error: "WRONGPASS invalid or missing auth token" },
      );
    }, { token: "secret" }));
}

const readOnly: [command: string[], allowed: boolean][] = [
  [["GET", "k"], true],
  [["HGETALL", "h"], true],
  [["PING"], true],
  [["SET", "k", "v"], false],
  [["SCAN", "0"], false],
  [["KEYS", "*"], false],
  [["EVAL", "return 1", "0"], false],
  [["EVALSHA", "abc", "0"], false],
  [["SCRIPT", "LOAD", "return 1"], false],
  [["FLUSHALL"], false],
];
for (const [command, allowed] of readOnly) {
  Deno.test(`the read-only token ${allowed ? "may" : "may not"} ${command.join(" ")}`, () =>
    withRest(async ({ post, server }) => {
      const headers = { authorization: `Bearer ${server.readOnlyToken}` };
      const { status, body } = await post("/", command, headers);
      assert.equal(status, allowed ? 200 : 400);
      if (allowed) return;
      const name = command[0] === "SCRIPT" ? "script|load" : command[0].toLowerCase();
      assert.deepEqual(body, {
        error: `NOPERM this user has no permissions to run the '${name}' command or its subcommand`,
      });
    }));
}

Deno.test("the sync token changes with a write, not with a read, and is taken back", () =>
  withRest(async ({ post }) => {
    const tokenAfter = async (...command: string[]) => {
      const { headers } = await post("/", command, { "upstash-sync-token": "" });
      return headers.get("upstash-sync-token");
    };
    const first = await tokenAfter("SET", "k", "v");
    assert.ok(first);
    assert.equal(await tokenAfter("GET", "k"), first);
    const second = await tokenAfter("EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "k");
    assert.notEqual(second, first);
    const echoed = await post("/", ["GET", "k"], { "upstash-sync-token": second! });
    assert.equal(echoed.status, 200);
  }));
