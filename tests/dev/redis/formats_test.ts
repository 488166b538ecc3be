/**
 * How replies are written: JSON, base64 with its exemptions, RESP2.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Reply } from "../../../dev/redis/engines/engine.ts";
import { toJson, toResp2 } from "../../../dev/redis/reply_body.ts";
import { withRest } from "./rest.ts";

const text = (value: string): Reply => ({ type: "bulk", bytes: new TextEncoder().encode(value) });
const status = (value: string): Reply => ({ type: "status", text: value });
const array = (...items: Reply[]): Reply => ({ type: "array", items });

const written: [name: string, reply: Reply, json: string, base64: string, resp2: string][] = [
  ["a bare OK", status("OK"), `{"result":"OK"}`, `{"result":"OK"}`, "+OK\r\n"],
  ["a stored OK", text("OK"), `{"result":"OK"}`, `{"result":"T0s="}`, "$2\r\nOK\r\n"],
  ["another status", status("PONG"), `{"result":"PONG"}`, `{"result":"UE9ORw=="}`, "+PONG\r\n"],
  [
    "an OK in an array",
    array(status("OK"), array(status("OK"))),
    `{"result":["OK",["OK"]]}`,
    `{"result":["T0s=",["T0s="]]}`,
    "*2\r\n+OK\r\n*1\r\n+OK\r\n",
  ],
  [
    "a long integer",
    { type: "integer", value: 9223372036854775807n },
    `{"result":9223372036854775807}`,
    `{"result":9223372036854775807}`,
    ":9223372036854775807\r\n",
  ],
  ["null", { type: "bulk", bytes: null }, `{"result":null}`, `{"result":null}`, "$-1\r\n"],
  ["a null array", { type: "array", items: null }, `{"result":null}`, `{"result":null}`, "*-1\r\n"],
  ["an empty array", array(), `{"result":[]}`, `{"result":[]}`, "*0\r\n"],
  ["an empty text", text(""), `{"result":""}`, `{"result":""}`, "$0\r\n\r\n"],
  [
    "an error",
    { type: "error", message: "ERR no" },
    `{"error":"ERR no"}`,
    `{"error":"ERR no"}`,
    "-ERR no\r\n",
  ],
  [
    "an error in an array",
    array({ type: "error", message: "ERR no" }, text("a")),
    `{"result":["ERR no","a"]}`,
    `{"result":["ERR no","YQ=="]}`,
    "*2\r\n-ERR no\r\n$1\r\na\r\n",
  ],
  [
    "quotes and breaks",
    text(`"\n€`),
    `{"result":"\\"\\n€"}`,
    `{"result":"Igrigqw="}`,
    `$5\r\n"\n€\r\n`,
  ],
];
for (const [name, reply, json, base64, resp2] of written) {
  Deno.test(`${name} is written as JSON, base64 and RESP2`, () => {
    assert.equal(toJson(reply, false), json);
    assert.equal(toJson(reply, true), base64);
    assert.equal(new TextDecoder().decode(toResp2([reply])), resp2);
  });
}

Deno.test("bytes that are no UTF-8 become U+FFFD in JSON, and survive in base64 and RESP2", () => {
  const bytes = new Uint8Array([0x61, 0xff]);
  assert.equal(toJson({ type: "bulk", bytes }, false), `{"result":"a\ufffd"}`);
  assert.equal(toJson({ type: "bulk", bytes }, true), `{"result":"Yf8="}`);
  assert.deepEqual([...toResp2([{ type: "bulk", bytes }])].slice(4, 6), [0x61, 0xff]);
});

Deno.test("a byte order mark at the start of a value is part of it", () => {
  const bytes = new TextEncoder().encode("\ufeffa");
  assert.equal(toJson({ type: "bulk", bytes }, false), `{"result":"\ufeffa"}`);
});

Deno.test("each item of a pipeline and of a transaction is exempt as a whole result is", () =>
  withRest(async ({ post }) => {
    const headers = { "upstash-encoding": "base64" };
    const commands = [["SET", "k", "v"], ["GET", "k"], [
      "EVAL",
      "return {redis.status_reply('OK')}",
      0,
    ]];
    const expected = [{ result: "OK" }, { result: "dg==" }, { result: ["T0s="] }];
    assert.deepEqual((await post("/pipeline", commands, headers)).body, expected);
    assert.deepEqual((await post("/multi-exec", commands, headers)).body, expected);
  }));

Deno.test("resp2 gives the raw bytes, one reply after another in a pipeline", () =>
  withRest(async ({ fetch }) => {
    const headers = { "upstash-response-format": "resp2" };
    const ask = async (path: string, body: unknown) => {
      const response = await fetch(path, { method: "POST", body: JSON.stringify(body), headers });
      assert.equal(response.headers.get("content-type"), "application/octet-stream");
      return [response.status, await response.text()];
    };
    assert.deepEqual(await ask("/", ["SET", "k", "v"]), [200, "+OK\r\n"]);
    assert.deepEqual(await ask("/", ["GET", "k"]), [200, "$1\r\nv\r\n"]);
    assert.deepEqual(
      await ask("/", ["GET"]),
      [400, "-ERR wrong number of arguments for 'get' command\r\n"],
    );
    assert.deepEqual(await ask("/pipeline", [["GET", "k"], ["DEL", "k"]]), [
      200,
      "$1\r\nv\r\n:1\r\n",
    ]);
  }));

const badFormats: [name: string, path: string, body: unknown, headers: Record<string, string>][] = [
  ["an unknown format", "/", ["PING"], { "upstash-response-format": "xml" }],
  ["resp2 with base64", "/", ["PING"], {
    "upstash-response-format": "resp2",
    "upstash-encoding": "base64",
  }],
  ["resp2 for a transaction", "/multi-exec", [["PING"]], { "upstash-response-format": "resp2" }],
];
for (const [name, path, body, headers] of badFormats) {
  Deno.test(`${name} is refused with 400`, () =>
    withRest(async ({ post }) => {
      const answer = await post(path, body, headers);
      assert.equal(answer.status, 400);
      assert.match((answer.body as { error: string }).error, /format/);
    }));
}
