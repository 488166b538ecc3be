import assert from "node:assert/strict";
import { createBreaker } from "../../shared/core/breaker.ts";
import { CircuitOpenError } from "../../shared/errors.ts";

function setUp() {
  let now = 1_000;
  const breaker = createBreaker({ dependency: "redis", clock: { now: () => now } });
  const fail = () => breaker.guard(() => Promise.reject(new Error("down")), () => true);
  const succeed = () => breaker.guard(() => Promise.resolve("up"), () => true);
  return {
    breaker,
    fail,
    succeed,
    pass: (ms: number) => {
      now += ms;
    },
    async open() {
      for (let count = 0; count < 5; count++) await assert.rejects(fail(), /down/);
    },
  };
}

Deno.test("the fifth failure in a row opens the circuit, and says how long it rests", async () => {
  const { breaker, succeed, open, pass } = setUp();
  await open();
  assert.equal(breaker.state, "open");
  pass(10_000);
  await assert.rejects(succeed(), (error) => {
    assert(error instanceof CircuitOpenError);
    assert.equal(error.retryAfterMs, 20_000);
    return true;
  });
});

Deno.test("a success in between starts the count anew", async () => {
  const { breaker, fail, succeed } = setUp();
  for (let count = 0; count < 4; count++) await assert.rejects(fail());
  await succeed();
  for (let count = 0; count < 4; count++) await assert.rejects(fail());
  assert.equal(breaker.state, "closed");
});

Deno.test("an error that is no failure of the dependency does not count", async () => {
  const { breaker } = setUp();
  for (let count = 0; count < 9; count++) {
    await assert.rejects(breaker.guard(() => Promise.reject(new Error("WRONGTYPE")), () => false));
  }
  assert.equal(breaker.state, "closed");
});

Deno.test("after 30 s one call probes, and the others are refused while it runs", async () => {
  const { breaker, succeed, open, pass } = setUp();
  await open();
  pass(30_000);
  let end = (_: string) => {};
  const probe = breaker.guard(() => new Promise<string>((resolve) => end = resolve), () => true);
  assert.equal(breaker.state, "probing");
  await assert.rejects(succeed(), CircuitOpenError);
  end("up");
  assert.equal(await probe, "up");
  assert.equal(breaker.state, "closed");
  assert.equal(await succeed(), "up");
});

Deno.test("a probe that fails opens the circuit for another 30 s", async () => {
  const { breaker, fail, succeed, open, pass } = setUp();
  await open();
  pass(30_000);
  await assert.rejects(fail(), /down/);
  assert.equal(breaker.state, "open");
  pass(29_999);
  await assert.rejects(succeed(), CircuitOpenError);
  pass(1);
  assert.equal(await succeed(), "up");
});

Deno.test("a probe that never ends gives its place to another after 30 s", async () => {
  const { breaker, succeed, open, pass } = setUp();
  await open();
  pass(30_000);
  void breaker.guard(() => new Promise(() => {}), () => true);
  pass(30_000);
  assert.equal(await succeed(), "up");
});

Deno.test("a call from before the circuit opened changes nothing when it ends", async () => {
  const { breaker, open } = setUp();
  let end = (_: string) => {};
  const early = breaker.guard(() => new Promise<string>((resolve) => end = resolve), () => true);
  await open();
  end("late");
  await early;
  assert.equal(breaker.state, "open");
});
