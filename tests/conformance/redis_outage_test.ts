import assert from "node:assert/strict";
import { WallClock } from "../../dev/clock.ts";
import { createRedisServer } from "../../dev/redis/server.ts";
import { listen } from "../../dev/server.ts";
import { long } from "../support/long.ts";
import { startRedisServer } from "../support/redis_server.ts";

/** The gateway in front of `redisUrl`, and one command to it. */
async function gatewayTo(redisUrl: string) {
  const server = await createRedisServer({ clock: new WallClock(), redisUrl });
  const listening = listen(server.fetch);
  const post = async (path: string, body: unknown) => {
    const response = await fetch(listening.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  return {
    server,
    post,
    [Symbol.asyncDispose]: async () => {
      await listening.close();
      await server.close();
    },
  };
}

for (
  const [form, path, body] of [
    ["a command", "/", ["SET", "k", "v"]],
    ["a pipeline", "/pipeline", [["SET", "k", "v"]]],
    ["a transaction", "/multi-exec", [["SET", "k", "v"]]],
  ] as const
) {
  Deno.test(`${form} to a server that is not there is answered with one clear error`, async () => {
    await using gateway = await gatewayTo("redis://127.0.0.1:1");
    const answer = await gateway.post(path, body);
    assert.ok(answer.status >= 500, `status ${answer.status}`);
    assert.match(answer.body.error, /Cannot reach Redis at 127\.0\.0\.1:1/);
    assert.equal(gateway.server.meter.snapshot().commands, 0);
  });
}

Deno.test({
  ...long("the gateway works again once the server is back", "redis-server"),
  fn: async () => {
    const first = await startRedisServer();
    await using gateway = await gatewayTo(first.url);
    assert.deepEqual((await gateway.post("/", ["SET", "k", "v"])).body, { result: "OK" });
    await first.stop();
    assert.ok((await gateway.post("/", ["GET", "k"])).status >= 500);
    await using _second = await startRedisServer({ port: first.port });
    assert.deepEqual(await gateway.post("/", ["GET", "k"]), {
      status: 200,
      body: { result: null },
    });
  },
});

Deno.test({
  ...long(
    "scripts are kept by the gateway, so a restart of the server behind it loses none",
    "redis-server",
  ),
  fn: async () => {
    const first = await startRedisServer();
    await using gateway = await gatewayTo(first.url);
    const script = "#!lua flags=allow-key-locking\nreturn redis.call('incr', KEYS[1])";
    const { body: { result: sha } } = await gateway.post("/", ["SCRIPT", "LOAD", script]);
    await first.stop();
    await using _second = await startRedisServer({ port: first.port });
    // The first call may meet the connection that has just ended: it is not sent again.
    const replies = [];
    for (let call = 0; call < 2; call++) {
      replies.push((await gateway.post("/", ["EVALSHA", sha, 1, "n"])).body);
    }
    assert.ok(replies.some(({ result }) => result === 1), JSON.stringify(replies));
    gateway.server.faults.loseScripts();
    const missed = await gateway.post("/", ["EVALSHA", sha, 1, "n"]);
    assert.match(missed.body.error, /^NOSCRIPT /);
  },
});

Deno.test({
  ...long("a server that dies under load costs errors, never a wrong answer", "redis-server"),
  fn: async () => {
    const first = await startRedisServer();
    await using gateway = await gatewayTo(first.url);
    const increments = [["INCR", "n"], ["INCR", "n"]];
    let [results, errors, stopped] = [0, 0, false];
    const seen = { results: () => {}, errors: () => {} };
    const work = Promise.all(Array.from({ length: 8 }, async () => {
      while (!stopped) {
        const { status, body } = await gateway.post("/multi-exec", increments);
        if (status === 200) {
          assert.equal(body[1].result, body[0].result + 1);
          if (++results === 100) seen.results();
        } else {
          assert.equal(status, 502);
          assert.match(body.error, /Redis at .* went away|Cannot reach Redis at/);
          if (++errors === 8) seen.errors();
        }
      }
    }));
    await new Promise<void>((resolve) => seen.results = resolve);
    const failing = new Promise<void>((resolve) => seen.errors = resolve);
    await first.stop();
    await failing;
    await using _second = await startRedisServer({ port: first.port });
    results = 0;
    await new Promise<void>((resolve) => seen.results = resolve);
    stopped = true;
    await work;
  },
});
