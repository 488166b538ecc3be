import assert from "node:assert/strict";
import { allowedCommands, describe, describeName } from "../../dev/redis/commands.ts";
import { commandOf } from "../../dev/redis/engines/resp_protocol.ts";
import { long } from "../support/long.ts";
import { type Outcome, plain } from "./redis_compare.ts";
import { engines, startEngine } from "./redis_engines.ts";
import { families } from "./redis_families.ts";
import { seededRandom } from "./redis_grammar.ts";

const described: [string, { name: string; access: string; billed: boolean; keys: number[] }][] = [
  ["get k", { name: "GET", access: "read", billed: true, keys: [1] }],
  ["SET k v EX 5", { name: "SET", access: "write", billed: true, keys: [1] }],
  ["MSET a 1 b 2", { name: "MSET", access: "write", billed: true, keys: [1, 3] }],
  ["DEL a b c", { name: "DEL", access: "write", billed: true, keys: [1, 2, 3] }],
  ["EVAL s 2 a b c", { name: "EVAL", access: "other", billed: true, keys: [3, 4] }],
  ["EVALSHA s 0 a", { name: "EVALSHA", access: "other", billed: true, keys: [] }],
  ["EVAL s 9 a", { name: "EVAL", access: "other", billed: true, keys: [3] }],
  ["EVAL s nine a", { name: "EVAL", access: "other", billed: true, keys: [] }],
  ["XREAD COUNT 2 STREAMS a b 0 0", { name: "XREAD", access: "read", billed: true, keys: [4, 5] }],
  ["xgroup create s g $", { name: "XGROUP CREATE", access: "write", billed: true, keys: [2] }],
  ["XINFO GROUPS s", { name: "XINFO GROUPS", access: "read", billed: true, keys: [2] }],
  ["PUBLISH c m", { name: "PUBLISH", access: "other", billed: true, keys: [] }],
  ["PING", { name: "PING", access: "other", billed: false, keys: [] }],
  ["CONFIG GET x", { name: "CONFIG GET", access: "other", billed: false, keys: [] }],
];

for (const [line, { name, access, billed, keys }] of described) {
  Deno.test(`describe() knows ${line}`, () => {
    const found = describe(line.split(" "));
    assert.ok(found);
    assert.deepEqual(
      [found.name, found.access, found.billed, found.rest, found.keys(line.split(" "))],
      [name, access, billed, "allowed", keys],
    );
    assert.deepEqual(describe(commandOf(...line.split(" ")))?.name, name);
  });
}

const refused: [string, RegExp][] = [
  ["BLPOP k 0", /blocks/],
  ["XREAD BLOCK 0 STREAMS s 0", /BLOCK waits/],
  ["XREADGROUP GROUP g c BLOCK 0 STREAMS s >", /BLOCK waits/],
  ["MULTI", /belongs to a connection/],
  ["SUBSCRIBE c", /event-stream/],
  ["OBJECT ENCODING k", /does not document/],
  ["MEMORY DOCTOR", /does not document/],
  ["CLIENT KILL x", /belongs to a connection/],
  ["JSON.GET k", /not in the local server/],
  ["SEARCH.QUERY i", /not in the local server/],
  ["ARSET k 0 v", /not in the local server/],
  ["VECTOR.ADD i", /not in the local server/],
];

for (const [line, because] of refused) {
  Deno.test(`describe() refuses ${line}`, () => {
    const found = describe(line.split(" "));
    assert.equal(found?.rest, "refused");
    assert.match(found?.because ?? "", because);
  });
}

Deno.test("describe() takes a group or stream called BLOCK for what it is", () => {
  for (const line of ["XREADGROUP GROUP BLOCK c STREAMS s >", "XREAD STREAMS BLOCK 0"]) {
    assert.equal(describe(line.split(" "))?.rest, "allowed", line);
  }
});

Deno.test("describe() does not know what no Redis has", () => {
  assert.equal(describe(["NOSUCH"]), undefined);
  assert.equal(describe([]), undefined);
  assert.equal(describeName("XGROUP|CREATE")?.name, "XGROUP CREATE");
});

Deno.test("the read-only token may read, but not scan, run scripts or write", () => {
  const allowed = allowedCommands().filter(({ readOnlyToken }) => readOnlyToken);
  const names = allowed.map(({ name }) => name);
  for (const name of ["GET", "HGETALL", "PING", "XRANGE"]) assert.ok(names.includes(name), name);
  for (const name of ["SCAN", "KEYS", "EVAL", "EVAL_RO", "SET", "SCRIPT LOAD"]) {
    assert.ok(!names.includes(name), name);
  }
  assert.ok(allowed.every(({ access }) => access !== "write"));
});

const real = engines[1];

Deno.test({
  ...long(
    "the table agrees with a real server on what reads, what writes and where keys are",
    "redis-server",
  ),
  fn: async () => {
    await using running = await startEngine(real);
    const ask = async (...words: string[]) => {
      const command = words.map((word) =>
        Uint8Array.from(word, (character) => character.charCodeAt(0))
      );
      return (await running.engine.run(command)).reply;
    };
    const commands = plain(await ask("COMMAND")) as Outcome[][];
    for (const [name, , flags] of commands) {
      const found = describe([String(name)]);
      assert.ok(found, `${name} is neither allowed nor refused`);
      if (found.rest === "refused" || found.access === "other") continue;
      const access = JSON.stringify(flags).includes('"write"') ? "write" : "read";
      assert.equal(found.access, access, String(name));
    }
    const random = seededRandom(1);
    for (const template of Object.values(families).flat()) {
      const words = template.expand(random);
      const reply = await ask("COMMAND", "GETKEYS", ...words);
      const expected = reply.type === "error" ? [] : plain(reply);
      const keys = describe(words)?.keys(words).map((index) => words[index]);
      // A count of keys beyond the command's end: Redis names none, we name those that are there.
      const cutShort = words[0].startsWith("EVAL") && Number(words[2]) > words.length - 3;
      if (!cutShort) assert.deepEqual(keys, expected, words.join(" "));
    }
  },
});
