import { onEachEngine, type SdkCall } from "./redis_gateway.ts";

const none = "ffffffffffffffffffffffffffffffffffffffff";

const scripts: SdkCall[] = [
  ["eval gets its keys and arguments", async (redis, key) =>
    [
      await redis.eval("return {KEYS[1], ARGV[1], ARGV[2]}", [key], ["a", 2]),
      await redis.eval("return redis.call('INCRBY', KEYS[1], ARGV[1])", [`${key}:n`], [5]),
      await redis.eval("return 'no keys'", [], []),
    ].map((reply) => JSON.stringify(reply).replaceAll(key, "key")), [
    '["key","a",2]',
    "5",
    '"no keys"',
  ]],
  ["what Lua returns, as Redis converts it", async (redis) => [
    await redis.eval("return 3.99", [], []),
    await redis.eval("return {1, 2, nil, 4}", [], []),
    await redis.eval("return true", [], []),
    await redis.eval("return false", [], []),
    await redis.eval("return {ok = 'FINE'}", [], []),
    await redis.eval("return string.gsub('aab', 'a', 'x')", [], []),
    await redis.eval("return cjson.encode({a = {1, 2}})", [], []),
    await redis.eval("return {1, {2, {3, 'x'}}}", [], []),
  ], [3, [1, 2], 1, null, "FINE", "xxb", { a: [1, 2] }, [1, [2, [3, "x"]]]]],
  ["numbers come as text and are coerced", async (redis, key) => {
    await redis.set(key, 7);
    return await redis.eval("return ARGV[1] + redis.call('get', KEYS[1])", [key], ["35"]);
  }, 42],
  [
    "a missing key is false in Lua",
    async (redis, key) => await redis.eval("return redis.call('get', KEYS[1]) == false", [key], []),
    1,
  ],
  ["evalsha after scriptLoad, and NOSCRIPT without", async (redis, key) => {
    const sha = await redis.scriptLoad("return ARGV[1] .. '!'");
    return [
      await redis.evalsha(sha, [key], ["hi"]),
      await redis.scriptExists(sha, none),
      await redis.scriptFlush(),
      await redis.scriptExists(sha),
      await failure(redis.evalsha(sha, [key], ["hi"])),
    ];
  }, ["hi!", [1, 0], "OK", [0], "NOSCRIPT No matching script. Please use EVAL."]],
  ["eval leaves its script for evalsha", async (redis) => {
    const script = redis.createScript<string>("return 'left ' .. 'behind'");
    await script.eval([], []);
    return await redis.evalsha(script.sha1, [], []);
  }, "left behind"],
  ["createScript falls back to eval, then finds it by its hash", async (redis, key) => {
    await redis.scriptFlush();
    const script = redis.createScript<number>("return redis.call('incr', KEYS[1])");
    return [
      await script.exec([key], []),
      await script.exec([key], []),
      await script.evalsha([key], []),
    ];
  }, [1, 2, 3]],
  ["read-only scripts read", async (redis, key) => {
    await redis.set(key, "v");
    const script = redis.createScript<string, true>("return redis.call('get', KEYS[1])", {
      readonly: true,
    });
    return [
      await redis.evalRo("return redis.call('get', KEYS[1])", [key], []),
      await script.exec([key], []),
      (await failure(redis.evalRo("return redis.call('set', KEYS[1], 1)", [key], []))).slice(0, 3),
      await redis.get(key),
    ];
  }, ["v", "v", "ERR", "v"]],
  ["a script with key locking runs", async (redis, key) => [
    await redis.eval(
      "#!lua flags=allow-key-locking\nreturn redis.call('incr', KEYS[1])",
      [key],
      [],
    ),
    await redis.eval("#!lua\nreturn redis.call('incr', KEYS[1])", [key], []),
    await redis.eval(
      "#!lua flags=allow-key-locking\nreturn {redis.call('get', KEYS[1]), KEYS[2]}",
      [key],
      [],
    ),
  ], [1, 2, [2]]],
  ["a script with key locking may not touch other keys", async (redis, key) => {
    const script = `#!lua flags=allow-key-locking\nreturn redis.call('get', ARGV[1])`;
    return (await failure(redis.eval(script, [key], [`${key}:other`]))).includes(
      `Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. ` +
        `Key was: ${key}:other`,
    );
  }, true],
  ["what a script did before it failed stays done", async (redis, key) => {
    const script = "redis.call('set', KEYS[1], 'done') return redis.call('lpush', KEYS[1], 'x')";
    return [
      (await failure(redis.eval(script, [key], []))).includes("WRONGTYPE"),
      await redis.get(key),
    ];
  }, [true, "done"]],
  ["pcall gives the error to the script", async (redis, key) => {
    await redis.set(key, "v");
    const script = "return redis.pcall('lpush', KEYS[1], 'x').err";
    return String(await redis.eval(script, [key], [])).split(" ")[0];
  }, "WRONGTYPE"],
  ["a syntax error and a refused call are errors", async (redis) => [
    (await failure(redis.eval("return (", [], []))).slice(0, 3),
    (await failure(redis.eval("return redis.call('nosuch')", [], []))).slice(0, 3),
    (await failure(redis.eval("error('raised')", [], []))).includes("raised"),
    await failure(redis.eval("return redis.error_reply('MY own error')", [], [])),
  ], ["ERR", "ERR", true, "MY own error"]],
];

const library = (name: string) =>
  `#!lua name=${name}
redis.register_function('${name}_set', function(keys, args)
  return redis.call('set', keys[1], args[1])
end)
redis.register_function{
  function_name='${name}_get',
  callback=function(keys) return redis.call('get', keys[1]) end,
  flags={'no-writes'}
}`;

const functions: SdkCall[] = [
  ["a library is loaded, listed, called and deleted", async (redis, key) => {
    const name = key.replaceAll(/\W/g, "_");
    const seen = [
      await redis.functions.load({ code: library(name), replace: true }) === name,
      await redis.functions.call(`${name}_set`, [key], ["v"]),
      await redis.functions.call(`${name}_get`, [key]),
      await redis.functions.callRo(`${name}_get`, [key]),
      (await redis.functions.list({ libraryName: name }))[0].functions.length,
      await redis.functions.delete(name),
      (await redis.functions.list({ libraryName: name })).length,
    ];
    return [...seen, (await failure(redis.functions.call(`${name}_get`, [key]))).slice(0, 3)];
  }, [true, "OK", "v", "v", 2, "OK", 0, "ERR"]],
  ["stats counts what is loaded, flush removes it", async (redis) => {
    await redis.functions.flush();
    await redis.functions.load({ code: library("counted") });
    const { engines } = await redis.functions.stats();
    return [engines.LUA, await redis.functions.flush(), await redis.functions.list()];
  }, [{ librariesCount: 1, functionsCount: 2 }, "OK", []]],
];

onEachEngine("scripts", scripts);
onEachEngine("functions", functions);

async function failure(call: Promise<unknown>): Promise<string> {
  try {
    return `no failure: ${JSON.stringify(await call)}`;
  } catch (error) {
    return (error as Error).message.replace(/^Command failed: /, "").replace(
      /, command was: .*$/,
      "",
    );
  }
}
