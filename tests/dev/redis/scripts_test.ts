/**
 * The script layer: shebangs, hashes and undeclared keys, on both engines.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { long } from "../../support/long.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { type Rest, withRest } from "./rest.ts";

const locking = "#!lua flags=allow-key-locking\n";
const undeclared = (key: string) =>
  "!ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. " +
  `Key was: ${key}`;

const scripts: [name: string, script: string, words: (string | number)[], result: unknown][] = [
  ["no shebang", "return ARGV[1]", [0, "a"], "a"],
  ["a bare shebang", "#!lua\nreturn KEYS[1]", [1, "k"], "k"],
  ["the locking flag", `${locking}return redis.call('INCR', KEYS[1])`, [1, "n"], 1],
  ["an empty list of flags", "#!lua flags=\nreturn 1", [0], 1],
  ["several flags", "#!lua flags=allow-oom,allow-key-locking\nreturn 1", [0], 1],
  ["a shebang that is not first", " #!lua\nreturn 1", [0], /^!ERR Error compiling script/],
  [
    "an unknown flag",
    "#!lua flags=fly\nreturn 1",
    [0],
    "!ERR Unexpected flag in script shebang: fly",
  ],
  ["an unknown option", "#!lua x=y\nreturn 1", [0], "!ERR Unknown lua shebang option: x=y"],
  ["an unknown language", "#!js\nreturn 1", [0], "!ERR Unexpected engine in script shebang: js"],
  ["a shebang without an end", "#!lua", [0], "!ERR Invalid script shebang"],
  ["what does not compile", "return (", [0], /^!ERR Error compiling script/],
  ["the first of several values", "return string.gsub('aa', 'a', 'b')", [0], "bb"],
  ["a comment at the end", "return 1 -- one", [0], 1],
  ["no value", "local a = 1", [0], null],
  ["false", "return false", [0], null],
  ["a number that is cut", "return 3.9", [0], 3],
  ["a list up to its first nil", "return {1, 'a', nil, 2}", [0], [1, "a"]],
  ["a status", "return redis.status_reply('OK')", [0], "OK"],
  ["an error of its own", "return redis.error_reply('MINE no')", [0], "!MINE no"],
  [
    "a missing value is false",
    "return redis.call('GET', KEYS[1]) == false and 1 or 0",
    [1, "no"],
    1,
  ],
  ["numbers from texts", "return ARGV[1] + 1", [0, "41"], 42],
  ["unpacked arguments", "return redis.call('RPUSH', KEYS[1], unpack(ARGV))", [1, "l", 1, 2], 2],
  ["the line of an error", "#!lua\nlocal a\nreturn a.b", [0], /user_script:3: attempt to index/],
  [
    "a write in a script without writes",
    "#!lua flags=no-writes\nreturn redis.call('SET', 'k', 1)",
    [
      0,
    ],
    /^!ERR Write commands are not allowed from read-only scripts/,
  ],
  ["a declared key", `${locking}return redis.call('SET', KEYS[1], 'v')`, [1, "k"], "OK"],
  ["an undeclared key", `${locking}return redis.call('GET', 'x')`, [1, "k"], undeclared("x")],
  ["an undeclared key among others", `${locking}return redis.call('MGET', KEYS[1], 'x y')`, [
    1,
    "k",
  ], undeclared("x y")],
  [
    "an undeclared key behind a count",
    `${locking}return redis.call('ZUNION', 2, KEYS[1], 'x')`,
    [1, "k"],
    undeclared("x"),
  ],
  ["an undeclared key, caught", `${locking}return redis.pcall('GET', 'x').err`, [
    0,
  ], undeclared("x").slice(1)],
  ["no key at all", `${locking}return redis.call('PING')`, [0], "PONG"],
  [
    "FLUSHALL under the lock",
    `${locking}return redis.call('FLUSHALL')`,
    [0],
    /FLUSHALL is not allowed/,
  ],
  ["an undeclared key without the flag", "return redis.call('SET', 'x', 'v')", [0], "OK"],
];

const suite: [name: string, test: (rest: Rest) => Promise<void>][] = [
  ...scripts.map(([name, script, words, result]): (typeof suite)[number] => [
    `EVAL with ${name}`,
    async ({ run }) => {
      const found = await run("EVAL", script, ...words);
      if (result instanceof RegExp) assert.match(String(found), result);
      else assert.deepEqual(found, result);
    },
  ]),
  [
    "EVALSHA knows a script by the hash of its whole text, once it was run or loaded",
    async ({ run }) => {
      const script = `${locking}return redis.call('INCR', KEYS[1])`;
      const sha = createHash("sha1").update(script).digest("hex");
      const missing = "!NOSCRIPT No matching script. Please use EVAL.";
      assert.equal(await run("EVALSHA", sha, 1, "n"), missing);
      assert.deepEqual(await run("SCRIPT", "EXISTS", sha, "0".repeat(40)), [0, 0]);
      assert.equal(await run("SCRIPT", "LOAD", script), sha);
      assert.equal(await run("EVALSHA", sha.toUpperCase(), 1, "n"), 1);
      assert.deepEqual(await run("SCRIPT", "EXISTS", sha, "0".repeat(40)), [1, 0]);
      assert.equal(await run("SCRIPT", "FLUSH"), "OK");
      assert.equal(await run("EVALSHA", sha, 1, "n"), missing);
      assert.equal(await run("EVAL", script, 1, "n"), 2);
      assert.equal(await run("EVALSHA_RO", sha, 1, "n"), await run("EVAL_RO", script, 1, "n"));
      assert.equal(await run("EVALSHA", sha, 1, "n"), 3);
    },
  ],
  ["a script's error names the hash that its caller knows", async ({ run }) => {
    const script = `${locking}return redis.call('INCR', KEYS[1])`;
    const sha = createHash("sha1").update(script).digest("hex");
    await run("SET", "k", "text");
    assert.match(String(await run("EVAL", script, 1, "k")), new RegExp(`script: ${sha}, on`));
  }],
  ["EVAL_RO refuses writes", async ({ run }) => {
    assert.equal(await run("EVAL_RO", "return redis.call('GET', KEYS[1])", 1, "k"), null);
    assert.match(
      String(await run("EVAL_RO", "return redis.call('SET', KEYS[1], 1)", 1, "k")),
      /^!ERR Write commands are not allowed from read-only scripts/,
    );
  }],
  ["what does not compile is not kept", async ({ run }) => {
    const sha = createHash("sha1").update("return (").digest("hex");
    assert.match(String(await run("SCRIPT", "LOAD", "return (")), /^!ERR Error compiling script/);
    assert.deepEqual(await run("SCRIPT", "EXISTS", sha), [0]);
  }],
  ["scripts run in a transaction, loaded there or before", async ({ post }) => {
    const sha = createHash("sha1").update("return ARGV[1]").digest("hex");
    const { body } = await post("/multi-exec", [
      ["EVALSHA", sha, 0, "early"],
      ["SCRIPT", "LOAD", "return ARGV[1]"],
      ["EVALSHA", sha, 0, "late"],
      ["EVAL", `${locking}return redis.call('GET', 'x')`, 0],
    ]);
    assert.deepEqual(body, [
      { error: "NOSCRIPT No matching script. Please use EVAL." },
      { result: sha },
      { result: "late" },
      { error: undeclared("x").slice(1) },
    ]);
  }],
  ["functions are loaded, listed, called and deleted", async ({ run }) => {
    const library = "#!lua name=shop\n" +
      "redis.register_function('count', function(keys, args) return redis.call('INCR', keys[1]) end)";
    assert.equal(await run("FUNCTION", "LOAD", library), "shop");
    assert.equal(await run("FCALL", "count", 1, "n"), 1);
    assert.equal(await run("FCALL", "count", 1, "n"), 2);
    assert.match(JSON.stringify(await run("FUNCTION", "LIST")), /"shop"/);
    assert.equal(await run("FUNCTION", "DELETE", "shop"), "OK");
    assert.match(String(await run("FCALL", "count", 1, "n")), /^!ERR Function not found/);
  }],
];

for (const [name, test] of suite) {
  Deno.test(`embedded: ${name}`, () => withRest(test));
}
Deno.test({
  ...long("a real server: the same scripts", "redis-server"),
  fn: async (t) => {
    await using redis = await startRedisServer();
    for (const [name, test] of suite) {
      await t.step(name, () =>
        withRest(async (rest) => {
          await rest.run("FLUSHALL");
          await test(rest);
        }, { redisUrl: redis.url }));
    }
  },
});

Deno.test("an endless script ends, and the next one runs", () =>
  withRest(async ({ run }) => {
    assert.match(String(await run("EVAL", "while true do end", 0)), /^!ERR /);
    assert.equal(await run("EVAL", "return 1", 0), 1);
  }));
