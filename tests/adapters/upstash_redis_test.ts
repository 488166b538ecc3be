import assert from "node:assert/strict";
import { Ratelimit } from "@upstash/ratelimit";
import { listen } from "../../dev/server.ts";
import { createUpstashRedis, redisOver } from "../../shared/adapters/upstash_redis.ts";
import { createSdkRedis } from "../../shared/adapters/upstash_sdk.ts";
import { createUpstashTransport } from "../../shared/adapters/upstash_transport.ts";
import { newTally } from "../../shared/core/redis_policy.ts";
import {
  CircuitOpenError,
  CommandRefusedError,
  RedisCommandError,
  RedisUnavailableError,
} from "../../shared/errors.ts";
import type { Redis, RedisCommand } from "../../shared/ports.ts";

const TOKEN = "secret-token";
const PAYLOAD = "secret-payload";

interface Sent {
  path: string;
  body: unknown;
  authorization: string | null;
  syncToken: string | null;
}

type Answer = Response | (() => Response | Promise<Response>);

const ok = (result: unknown) => Response.json({ result });

/** A server that gives these answers, the last of them over and over, and keeps what it was sent. */
async function withRedis(
  answers: Answer[],
  test: (parts: {
    redis: Redis;
    sent: Sent[];
    options: Parameters<typeof createUpstashRedis>[0];
    pass(ms: number): void;
  }) => Promise<void>,
  { timeoutMs = 500 } = {},
): Promise<void> {
  const sent: Sent[] = [];
  const server = listen(async (request) => {
    sent.push({
      path: new URL(request.url).pathname,
      body: await request.json(),
      authorization: request.headers.get("authorization"),
      syncToken: request.headers.get("upstash-sync-token"),
    });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    return answer instanceof Response ? answer.clone() : await answer();
  });
  let now = 0;
  const options = { url: server.url, token: TOKEN, clock: { now: () => now }, timeoutMs };
  try {
    await test({
      redis: createUpstashRedis(options),
      sent,
      options,
      pass: (ms) => {
        now += ms;
      },
    });
  } finally {
    await server.close();
  }
}

/** Answers nothing until the caller has gone. */
const silence = () => new Promise<Response>(() => {});

function assertDiscreet(error: unknown): void {
  const text = `${error} ${JSON.stringify(error)} ${(error as Error).cause}`;
  assert(!text.includes(TOKEN), `the token is in: ${text}`);
  assert(!text.includes(PAYLOAD), `the payload is in: ${text}`);
}

Deno.test("run() posts the command as a JSON array, with the token", async () => {
  await withRedis([ok("value")], async ({ redis, sent }) => {
    assert.equal(await redis.run(["SET", "key", 1, "EX", 60]), "value");
    assert.deepEqual(sent, [{
      path: "/",
      body: ["SET", "key", 1, "EX", 60],
      authorization: `Bearer ${TOKEN}`,
      syncToken: null,
    }]);
  });
});

Deno.test("pipeline() answers in order, in one request", async () => {
  const answer = Response.json([{ result: 1 }, { result: null }]);
  await withRedis([answer], async ({ redis, sent }) => {
    assert.deepEqual(await redis.pipeline([["DEL", "a"], ["GET", "a"]]), [1, null]);
    assert.deepEqual(sent.map(({ path }) => path), ["/pipeline"]);
  });
});

Deno.test("an empty pipeline sends nothing", async () => {
  await withRedis([ok(1)], async ({ redis, sent }) => {
    assert.deepEqual(await redis.pipeline([]), []);
    assert.equal(sent.length, 0);
  });
});

Deno.test("pipeline() throws on the first error in it, although the status is 200", async () => {
  const answer = Response.json([{ result: 1 }, { error: "WRONGTYPE not a list" }, { result: 1 }]);
  await withRedis([answer], async ({ redis }) => {
    await assert.rejects(
      redis.pipeline([["DEL", "a"], ["LLEN", "b"], ["DEL", "c"]]),
      { name: "RedisCommandError", message: "Cannot run LLEN: WRONGTYPE not a list" },
    );
  });
});

Deno.test("transaction() throws when it was discarded", async () => {
  const answer = Response.json({ error: "EXECABORT discarded" }, { status: 400 });
  await withRedis([answer], async ({ redis, sent }) => {
    await assert.rejects(redis.transaction([["SET", "a", 1], ["NOPE"]]), RedisCommandError);
    assert.equal(sent[0].path, "/multi-exec");
  });
});

Deno.test("an error with status 200 is an error", async () => {
  await withRedis([Response.json({ error: "ERR max record size" })], async ({ redis }) => {
    await assert.rejects(redis.run(["GET", "a"]), RedisCommandError);
  });
});

Deno.test("an error of Redis is passed on without the arguments that Redis quotes", async () => {
  const error = `ERR unknown command 'FOO', with args beginning with: '${PAYLOAD}'`;
  await withRedis([Response.json({ error }, { status: 400 })], async ({ redis }) => {
    const thrown = await redis.run(["FOO", PAYLOAD]).catch((error) => error);
    assert(thrown instanceof RedisCommandError);
    assert.equal(thrown.message, "Cannot run FOO: ERR unknown command 'FOO'");
    assertDiscreet(thrown);
  });
});

Deno.test("the sync token of an answer goes with the next call, so that it reads what was written", async () => {
  const first = Response.json({ result: "OK" }, { headers: { "upstash-sync-token": "token-1" } });
  await withRedis([first, ok("v")], async ({ redis, sent }) => {
    await redis.run(["SET", "a", "v"]);
    await redis.run(["GET", "a"]);
    assert.deepEqual(sent.map(({ syncToken }) => syncToken), [null, "token-1"]);
  });
});

const down = new Response("oops", { status: 503 });
const retries: {
  command: RedisCommand;
  repeatable?: boolean;
  answers: Answer[];
  sends: number;
  outcome: unknown;
  because: string;
}[] = [
  {
    command: ["GET", "a"],
    answers: [down, ok("v")],
    sends: 2,
    outcome: "v",
    because: "a read may be sent again",
  },
  {
    command: ["GET", "a"],
    answers: [down, down, ok("v")],
    sends: 3,
    outcome: "v",
    because: "twice more at most",
  },
  {
    command: ["GET", "a"],
    answers: [down],
    sends: 3,
    outcome: RedisUnavailableError,
    because: "twice more at most",
  },
  {
    command: ["INCR", "a"],
    answers: [down, ok(1)],
    sends: 1,
    outcome: RedisUnavailableError,
    because: "a lost reply may have been applied",
  },
  {
    command: ["INCR", "a"],
    repeatable: true,
    answers: [down, ok(1)],
    sends: 2,
    outcome: 1,
    because: "the caller says so",
  },
  {
    command: ["GET", "a"],
    repeatable: false,
    answers: [down, ok(1)],
    sends: 1,
    outcome: RedisUnavailableError,
    because: "the caller says so",
  },
  {
    command: ["GET", "a"],
    answers: [Response.json({ error: "WRONGTYPE" }, { status: 400 }), ok(1)],
    sends: 1,
    outcome: RedisCommandError,
    because: "an answer is an answer",
  },
  {
    command: ["GET", "a"],
    answers: [new Response("<html>"), ok(1)],
    sends: 2,
    outcome: 1,
    because: "a proxy's page is no answer",
  },
];
for (const { command, repeatable, answers, sends, outcome, because } of retries) {
  const said = repeatable === undefined ? "" : ` with repeatable: ${repeatable}`;
  Deno.test(`${command[0]}${said} after ${answers.length - 1} failures: ${sends} sends, ${because}`, async () => {
    await withRedis(answers, async ({ redis, sent }) => {
      const tally = newTally();
      const answer = redis.tallied(tally).run(command, { repeatable });
      if (typeof outcome === "function") await assert.rejects(answer, outcome as ErrorConstructor);
      else assert.equal(await answer, outcome);
      assert.equal(sent.length, sends);
      assert.equal(tally.requests, sends);
    });
  });
}

Deno.test("a call gives up at its timeout, and says neither token nor payload", async () => {
  await withRedis([silence], async ({ redis, sent }) => {
    const thrown = await redis.run(["SET", "a", PAYLOAD]).catch((error) => error);
    assert(thrown instanceof RedisUnavailableError);
    assert.equal(thrown.message, "Cannot run SET: no answer within 60 ms");
    assertDiscreet(thrown);
    assert.equal(sent.length, 1, "nothing is left of the time to try again");
  }, { timeoutMs: 60 });
});

Deno.test("who waits for less than the others does not open the circuit for them", async () => {
  const silences = Array.from({ length: 6 }, () => silence);
  await withRedis([...silences, ok(1), silence, ok(1)], async ({ redis }) => {
    for (let call = 0; call < 6; call++) {
      const hurried = redis.run(["INCR", "a"], { timeoutMs: 20 });
      await assert.rejects(hurried, /no answer within 20 ms/);
    }
    assert.equal(await redis.run(["INCR", "a"]), 1);
  }, { timeoutMs: 5_000 });
});

Deno.test("an answer that starts and never ends is a timeout too", async () => {
  const endless = () =>
    new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(3)) }));
  await withRedis([endless], async ({ redis }) => {
    await assert.rejects(redis.run(["INCR", "a"]), /no answer within 60 ms/);
  }, { timeoutMs: 60 });
});

Deno.test("a closed port is an unavailable Redis", async () => {
  const closed = listen(() => new Response());
  await closed.close();
  const redis = createUpstashRedis({ url: closed.url, token: TOKEN, clock: { now: () => 0 } });
  const thrown = await redis.run(["INCR", PAYLOAD]).catch((error) => error);
  assert(thrown instanceof RedisUnavailableError);
  assertDiscreet(thrown);
});

Deno.test("a used-up month is an unavailable Redis, not a failed command", async () => {
  const error = "ERR max requests limit exceeded. Limit: 500000, Usage: 500000.";
  await withRedis([Response.json({ error }, { status: 400 })], async ({ redis }) => {
    await assert.rejects(redis.run(["INCR", "a"]), RedisUnavailableError);
  });
});

Deno.test("a refused command is never sent, and neither is the pipeline that it is in", async () => {
  await withRedis([ok(1)], async ({ redis, sent }) => {
    await assert.rejects(redis.run(["FLUSHALL"]), CommandRefusedError);
    await assert.rejects(redis.pipeline([["SET", "a", 1], ["KEYS", "*"]]), CommandRefusedError);
    await assert.rejects(redis.transaction([["SET", "a", 1], ["FLUSHDB"]]), CommandRefusedError);
    assert.equal(sent.length, 0);
  });
});

Deno.test("five failed calls open the circuit for every view; after 30 s one probe closes it", async () => {
  const answers: Answer[] = [down, down, down, down, down, ok(1)];
  await withRedis(answers, async ({ redis, sent, pass }) => {
    for (let count = 0; count < 5; count++) {
      await assert.rejects(redis.tallied(newTally()).run(["INCR", "a"]), RedisUnavailableError);
    }
    await assert.rejects(redis.run(["INCR", "a"]), CircuitOpenError);
    const tally = newTally();
    await assert.rejects(redis.tallied(tally).run(["GET", "a"]), CircuitOpenError);
    assert.equal(sent.length, 5);
    assert.equal(tally.requests, 0);
    pass(30_000);
    assert.equal(await redis.run(["INCR", "a"]), 1);
    assert.equal(await redis.run(["INCR", "a"]), 1);
  });
});

Deno.test("errors of Redis do not open the circuit", async () => {
  await withRedis([Response.json({ error: "WRONGTYPE" }, { status: 400 })], async ({ redis }) => {
    for (let count = 0; count < 10; count++) {
      await assert.rejects(redis.run(["INCR", "a"]), RedisCommandError);
    }
  });
});

Deno.test("a tally counts as Upstash bills: each item, scripts with what runs inside, INFO free", async () => {
  const answers: Answer[] = [
    Response.json([{ result: 1 }, { result: 1 }, { result: 1 }]),
    ok("OK"),
    ok([1, 2]),
  ];
  await withRedis(answers, async ({ redis }) => {
    const tally = newTally();
    const other = newTally();
    const view = redis.tallied(tally);
    redis.tallied(other);
    await view.pipeline([["GET", "a"], ["SET", "a", 1], ["INFO"]]);
    await view.run(["SET", "a", 1]);
    await view.run(["EVALSHA", "sha", 0], { innerCommands: 4 });
    assert.deepEqual(tally, { commands: 8, reads: 1, writes: 2, requests: 3, waitedMs: 0 });
    assert.deepEqual(other, newTally());
  });
});

Deno.test("the vendor's client reads and writes through the transport, and is tallied", async () => {
  const answers: Answer[] = [ok("OK"), Response.json([{ result: "7" }, { result: null }])];
  await withRedis(answers, async ({ options, sent }) => {
    const tally = newTally();
    const sdk = createSdkRedis(createUpstashTransport(options), tally);
    assert.equal(await sdk.set("a", 7), "OK");
    assert.deepEqual(await sdk.pipeline().get("a").get("b").exec(), [7, null]);
    assert.deepEqual(sent.map(({ path, body }) => [path, body]), [
      ["/", ["set", "a", 7]],
      ["/pipeline", [["get", "a"], ["get", "b"]]],
    ]);
    assert.deepEqual(tally, { commands: 3, reads: 2, writes: 1, requests: 2, waitedMs: 0 });
  });
});

Deno.test("the vendor's client gets an error of Redis as its own, and refusals as ours", async () => {
  const answers = [Response.json({ error: "NOSCRIPT No matching script" }, { status: 400 })];
  await withRedis(answers, async ({ options }) => {
    const sdk = createSdkRedis(createUpstashTransport(options));
    await assert.rejects(sdk.evalsha("sha", [], []), { name: "UpstashError", message: /NOSCRIPT/ });
    await assert.rejects(sdk.flushdb(), CommandRefusedError);
  });
});

Deno.test("the vendor's rate limiter falls back from EVALSHA to EVAL on it", async () => {
  const answers: Answer[] = [
    Response.json({ error: "NOSCRIPT No matching script" }, { status: 400 }),
    ok([9, 10]),
  ];
  await withRedis(answers, async ({ options, sent }) => {
    const limiter = new Ratelimit({
      redis: createSdkRedis(createUpstashTransport(options)),
      limiter: Ratelimit.slidingWindow(10, "1 m"),
      ephemeralCache: false,
    });
    const { success } = await limiter.limit("someone");
    assert(success);
    assert.deepEqual(sent.map(({ body }) => (body as string[])[0]), ["evalsha", "eval"]);
  });
});

Deno.test("the port and the vendor's client share one breaker", async () => {
  await withRedis([down], async ({ options }) => {
    const transport = createUpstashTransport(options);
    const redis = redisOver(transport);
    for (let count = 0; count < 5; count++) await assert.rejects(redis.run(["INCR", "a"]));
    await assert.rejects(createSdkRedis(transport).incr("a"), CircuitOpenError);
  });
});
