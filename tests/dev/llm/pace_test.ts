/**
 * When tokens come: on a virtual clock as it moves, whoever asked; until nobody listens.
 *
 * @module
 */
import assert from "node:assert/strict";
import { WallClock } from "../../../dev/clock.ts";
import { createHarness, START } from "./harness.ts";

Deno.test("tokens come at 50 a second, as the clock moves", async () => {
  const { clock, listen } = createHarness();
  const stream = await listen("/tokens 100 Hello");
  assert.equal(stream.tokens.length, 0);
  for (const [ms, tokens] of [[19, 0], [1, 1], [19, 1], [1, 2], [960, 50], [1_000, 100]]) {
    await clock.advance(ms);
    assert.equal(stream.tokens.length, tokens, `at ${clock.now() - START} ms`);
  }
  assert.equal(stream.end, "done");
});

Deno.test("the pace is the question's, or else the server's", async () => {
  const { clock, listen } = createHarness({ tokensPerSecond: 10 });
  const streams = [await listen("/tokens 90 Hello"), await listen("/pace 20 /tokens 90 Hello")];
  await clock.advance(1_000);
  assert.deepEqual(streams.map(({ tokens }) => tokens.length), [10, 20]);
});

Deno.test("a task may wait for an answer, and time goes on for it", async () => {
  const { clock, ask } = createHarness();
  const endedAt: number[] = [];
  for (const delay of [0, 100]) {
    clock.schedule(START + delay, async () => {
      await (await ask("/tokens 50 Hello")).text();
      endedAt.push(clock.now() - START);
    });
  }
  await clock.advance(5_000);
  assert.deepEqual(endedAt, [1_000, 1_100]);
});

Deno.test("a task that waits for one answer after another, or for two at once, gets them", async () => {
  const { clock, ask } = createHarness();
  const answer = async (question: string) => await (await ask(question)).text();
  const endedAt: number[] = [];
  clock.schedule(START, async () => {
    await answer("/tokens 50 Hello");
    await answer("/tokens 50 Hello");
    endedAt.push(clock.now() - START);
    await Promise.all([answer("/tokens 25 Hello"), answer("/tokens 50 Hello")]);
    endedAt.push(clock.now() - START);
  });
  await clock.advance(5_000);
  assert.deepEqual(endedAt, [2_000, 3_000]);
  assert.equal(clock.isBusy, false);
});

Deno.test("while a task waits for its answer, who asked from outside hears theirs", async () => {
  const { clock, ask, listen } = createHarness();
  const outside = await listen("/tokens 100 Hello");
  let isEnded = false;
  clock.schedule(START + 500, async () => {
    await (await ask("/tokens 50 Hello")).text();
    isEnded = true;
  });
  await clock.advance(1_000);
  assert.equal(outside.tokens.length, 50);
  await clock.advance(1_000);
  assert.deepEqual([outside.end, isEnded], ["done", true]);
});

Deno.test("when nobody listens any more nothing is said, and it is counted", async () => {
  const { clock, listen, server } = createHarness();
  const stream = await listen("/tokens 100 Hello");
  await clock.advance(100);
  const { running, tokens } = server.counts();
  assert.deepEqual([running, tokens], [1, 5]);
  await stream.leave();
  await clock.advance(5_000);
  const { faults: _, refused: __, ...counts } = server.counts();
  assert.deepEqual(counts, { requests: 1, tokens: 5, running: 0, finished: 0, aborted: 1 });
  assert.equal(clock.nextDueAt(), undefined);
});

Deno.test("a task that leaves before the end goes on at that moment", async () => {
  const { clock, listen, server } = createHarness();
  let leftAt = 0;
  clock.schedule(START, async () => {
    const stream = await listen("/tokens 100 Hello");
    while (stream.tokens.length < 10) await new Promise((resolve) => setTimeout(resolve));
    await stream.leave();
    while (server.counts().aborted === 0) await new Promise((resolve) => setTimeout(resolve));
    leftAt = clock.now() - START;
    await clock.sleep(1_000);
  });
  await clock.advance(5_000);
  assert.ok(leftAt >= 200 && leftAt <= 300, String(leftAt));
  assert.equal(server.counts().aborted, 1);
  assert.equal(clock.isBusy, false);
});

Deno.test("on the wall's clock tokens come in real time", async () => {
  const { listen } = createHarness({ clock: new WallClock() });
  const began = performance.now();
  const stream = await listen("/tokens 10 /pace 100 Hello");
  await stream.ended();
  const ms = performance.now() - began;
  assert.ok(ms >= 95, String(ms));
});

for (const question of ["/tokens 100 Hello", "Hello"]) {
  Deno.test(`a server that ends breaks off ${question}, and counts nobody as gone`, async () => {
    const { clock, listen, server } = createHarness();
    const stream = await listen(question);
    await clock.advance(100);
    await server.close();
    await stream.ended();
    assert.notEqual(stream.end, "done");
    const { running, aborted } = server.counts();
    assert.deepEqual([running, aborted], [0, 0]);
    assert.equal(clock.nextDueAt(), undefined);
  });
}
