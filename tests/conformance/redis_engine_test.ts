import assert from "node:assert/strict";
import type { Engine, EngineMessage, Reply } from "../../dev/redis/engines/engine.ts";
import { commandOf } from "../../dev/redis/engines/resp_protocol.ts";
import { plain } from "./redis_compare.ts";
import { engines, startEngine } from "./redis_engines.ts";

const encoder = new TextEncoder();

/** Scripts and functions, with the commands that run inside. */
const insides: { name: string; before?: string[]; command: string[]; inner: string[] }[] = [
  { name: "an ordinary command", command: ["SET", "k", "v"], inner: [] },
  { name: "a script without calls", command: ["EVAL", "return 1", "0"], inner: [] },
  {
    name: "a loop",
    command: ["EVAL", "for i = 1, 3 do redis.call('incr', KEYS[1]) end", "1", "n"],
    inner: ["INCR", "INCR", "INCR"],
  },
  {
    name: "a container's subcommand",
    command: ["EVAL", "redis.call('xgroup', 'create', KEYS[1], 'g', '$', 'mkstream')", "1", "s"],
    inner: ["XGROUP CREATE"],
  },
  {
    name: "free commands too",
    command: ["EVAL", "redis.call('ping') return redis.call('echo', 'x')", "0"],
    inner: ["ECHO", "PING"],
  },
  {
    name: "a call that failed at run time",
    before: ["SET", "text", "v"],
    command: ["EVAL", "return redis.pcall('lpush', 'text', 'x')", "1", "text"],
    inner: ["LPUSH"],
  },
  {
    name: "a call that was refused before it ran",
    command: ["EVAL", "return redis.pcall('get')", "0"],
    inner: [],
  },
  { name: "a script that is not there", command: ["EVALSHA", "f".repeat(40), "0"], inner: [] },
  { name: "a script with the wrong arity", command: ["EVAL", "return 1"], inner: [] },
  {
    name: "a function",
    before: [
      "FUNCTION",
      "LOAD",
      "#!lua name=l\nredis.register_function('f', function(k) return redis.call('get', k[1]) end)",
    ],
    command: ["FCALL", "f", "1", "k"],
    inner: ["GET"],
  },
  {
    name: "a read-only script",
    command: ["EVAL_RO", "return redis.call('get', KEYS[1])", "1", "k"],
    inner: ["GET"],
  },
];

for (const under of engines) {
  const test = (name: string, run: (engine: Engine) => Promise<void>) =>
    Deno.test({
      ...under.options(`${under.name}: ${name}`),
      fn: async () => {
        await using running = await startEngine(under);
        await run(running.engine);
      },
    });

  test("names the commands that ran inside", async (engine) => {
    for (const { name, before, command, inner } of insides) {
      if (before !== undefined) await engine.run(commandOf(...before));
      const execution = await engine.run(commandOf(...command));
      assert.deepEqual([...execution.inner].sort(), inner, name);
    }
  });

  test("keeps the counts of concurrent scripts apart", async (engine) => {
    const script = "for i = 1, tonumber(ARGV[1]) do redis.call('incr', KEYS[1]) end";
    const executions = await Promise.all(Array.from({ length: 60 }, async (_, calls) => {
      const plainCommand = engine.run(commandOf("INCR", "other"));
      const execution = await engine.run(commandOf("EVAL", script, "1", "n", String(calls)));
      await plainCommand;
      return execution;
    }));
    assert.deepEqual(executions.map(({ inner }) => inner.length), [...executions.keys()]);
    assert.equal(await value(engine, "GET", "n"), String(59 * 60 / 2));
  });

  test("300 transactions at once never nest", async (engine) => {
    const incr = commandOf("INCR", "n");
    const all = await Promise.all(
      Array.from({ length: 300 }, () => engine.transaction([incr, incr])),
    );
    for (const executions of all) {
      assert.ok(!("discarded" in executions));
      const [first, second] = executions.map(({ reply }) =>
        reply.type === "integer" && reply.value
      );
      assert.equal(Number(second), Number(first) + 1);
    }
    assert.equal(await value(engine, "GET", "n"), "600");
  });

  test("a transaction keeps a failure in its place, and counts its scripts", async (engine) => {
    const executions = await engine.transaction([
      commandOf("SET", "k", "v"),
      commandOf("LPUSH", "k", "x"),
      commandOf("EVAL", "return redis.call('get', KEYS[1])", "1", "k"),
      commandOf("STRLEN", "k"),
    ]);
    assert.ok(!("discarded" in executions));
    assert.deepEqual(executions.map(({ reply, inner }) => [plain(reply), inner]), [
      [{ status: "OK" }, []],
      [{ error: "WRONGTYPE" }, []],
      ["v", ["GET"]],
      [{ integer: "1" }, []],
    ]);
  });

  for (const wrong of [["NOSUCH", "k"], ["GET"], ["SET", "k"]]) {
    test(`a transaction with ${wrong.join(" ")} is discarded, and names it`, async (engine) => {
      const outcome = await engine.transaction([commandOf("SET", "k", "v"), commandOf(...wrong)]);
      assert.ok("discarded" in outcome);
      assert.match(outcome.discarded, new RegExp(`^ERR .*'${wrong[0]}'`, "i"));
      assert.equal(await value(engine, "EXISTS", "k"), 0n);
      assert.equal(await value(engine, "PING"), "PONG");
    });
  }

  test("keeps every byte, and status and bulk apart", async (engine) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const [set, key] = [encoder.encode("SET"), encoder.encode("k")];
    assert.deepEqual((await engine.run([set, key, bytes])).reply, { type: "status", text: "OK" });
    const { reply } = await engine.run(commandOf("GET", "k"));
    assert.ok(reply.type === "bulk" && reply.bytes !== null);
    assert.deepEqual([...reply.bytes], [...bytes]);
    assert.equal(await value(engine, "ECHO", "OK"), "OK");
    assert.equal((await engine.run(commandOf("ECHO", "OK"))).reply.type, "bulk");
  });

  test("keeps integers beyond 2^53", async (engine) => {
    await engine.run(commandOf("SET", "n", "9223372036854775806"));
    assert.equal(await value(engine, "INCR", "n"), 9223372036854775807n);
  });

  test("a megabyte goes in and comes out whole", async (engine) => {
    const large = new Uint8Array(1 << 20).fill(7);
    await engine.run([encoder.encode("SET"), encoder.encode("k"), large]);
    const { reply } = await engine.run(commandOf("GET", "k"));
    assert.ok(reply.type === "bulk" && reply.bytes?.length === large.length);
    assert.ok(reply.bytes.every((byte) => byte === 7));
  });

  test("a subscriber gets bytes as they are, until it ends", async (engine) => {
    const messages: EngineMessage[] = [];
    let wake = () => {};
    const onMessage = (message: EngineMessage) => {
      messages.push(message);
      wake();
    };
    const onEnd = () => assert.fail("the undo is no loss of the server");
    const stopChannel = await engine.subscribe("channel", "news", onMessage, onEnd);
    const stopPattern = await engine.subscribe("pattern", "n?ws", onMessage, onEnd);
    const payload = new Uint8Array([0, 255, 13, 10]);
    const published = await engine.run([
      encoder.encode("PUBLISH"),
      encoder.encode("news"),
      payload,
    ]);
    assert.deepEqual(published.reply, { type: "integer", value: 2n });
    while (messages.length < 2) await new Promise<void>((resolve) => wake = resolve);
    assert.ok(messages.some(({ pattern, channel }) => pattern === undefined && channel === "news"));
    assert.ok(messages.some(({ pattern, channel }) => pattern === "n?ws" && channel === "news"));
    for (const message of messages) assert.deepEqual([...message.payload], [...payload]);
    stopChannel();
    stopPattern();
    while (await value(engine, "PUBLISH", "news", "x") !== 0n);
    assert.equal(messages.length, 2);
  });

  for (const command of ["MULTI", "SUBSCRIBE", "SELECT", "QUIT", "MONITOR"]) {
    test(`${command} cannot disturb the callers that share the engine`, async (engine) => {
      const { reply } = await engine.run(commandOf(command, "1"));
      assert.equal(reply.type, "error");
      assert.deepEqual(await value(engine, "ECHO", "still here"), "still here");
    });
  }
}

async function value(engine: Engine, ...words: string[]): Promise<unknown> {
  return simple((await engine.run(commandOf(...words))).reply);
}

function simple(reply: Reply): unknown {
  if (reply.type === "integer") return reply.value;
  const outcome = plain(reply);
  return outcome !== null && typeof outcome === "object" && "status" in outcome
    ? outcome.status
    : outcome;
}
