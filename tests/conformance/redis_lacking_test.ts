import assert from "node:assert/strict";
import { type Gateway, testOnEachEngine } from "./redis_gateway.ts";

// Each is documented by Upstash; a Redis 7.0 and the embedded engine have none of it.
const lacked: readonly (readonly [command: string, named: string])[] = [
  ["SET k v IFEQ old", "option SET IFEQ"],
  ["SET k v GET ifne old", "option SET IFNE"],
  ["SET k v EX 10 IFDEQ 0123456789abcdef", "option SET IFDEQ"],
  ["SET k v IFDNE 0123456789abcdef", "option SET IFDNE"],
  ["DELEX k IFEQ old", "command 'DELEX'"],
  ["DIGEST k", "command 'DIGEST'"],
  ["XDELEX s KEEPREF IDS 1 1-1", "command 'XDELEX'"],
  ["XACKDEL s g KEEPREF IDS 1 1-1", "command 'XACKDEL'"],
  ["XADD s KEEPREF * f v", "option XADD KEEPREF"],
  ["XADD s NOMKSTREAM MAXLEN = 5 ACKED 5-1 f v", "option XADD ACKED"],
  ["XTRIM s MAXLEN = 5 DELREF", "option XTRIM DELREF"],
];
for (const [command, named] of lacked) {
  testOnEachEngine(`${command} says that the local server lacks it`, async (gateway) => {
    const lacking = `ERR unknown ${named}: Upstash has it, but not the local server on its ` +
      `${gateway.engine} engine`;
    for (const path of ["/", "/pipeline", "/multi-exec"]) {
      assert.equal(await errorOf(gateway, path, command), lacking, path);
    }
  });
}

const wrong: readonly (readonly [command: string, error: RegExp])[] = [
  ["SET IFEQ IFEQ WHAT", /syntax error$/],
  ["SET k IFEQ NX XX", /syntax error$/],
  ["XADD s wrong ACKED v", /Invalid stream ID/],
  ["XADD s 0-0 ACKED v", /greater than 0-0/],
  ["BITOP NONE d DIFF", /syntax error$/],
  ["LRANGE IFEQ DIFF ACKED", /not an integer/],
];
for (const [command, error] of wrong) {
  testOnEachEngine(`${command} is just wrong, whatever its words remind of`, async (gateway) => {
    assert.match(await errorOf(gateway, "/", command), error);
  });
}

async function errorOf({ url, token }: Gateway, path: string, command: string): Promise<string> {
  const words = command.split(" ");
  const response = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(path === "/" ? words : [words]),
  });
  const body = await response.json();
  return (Array.isArray(body) ? body[0] : body).error;
}
