import assert from "node:assert/strict";
import type { ExecutionContext } from "hono";
import { createApp } from "../../functions/app.ts";
import { createAppWorld } from "./app_world.ts";

/** Adds a route that defers `work`, and runs one request on it. */
async function requestDeferring(
  work: () => Promise<unknown>,
  context?: ExecutionContext,
) {
  const world = createAppWorld();
  const app: ReturnType<typeof createApp> = world.app;
  app.get("/deferring", async (c) => {
    await c.var.defer(work());
    return c.text("answered");
  });
  const response = await app.request("/deferring", {}, {}, context);
  return { world, response };
}

/** A platform that keeps what it was given to wait for. */
function createContext() {
  const waiting: Promise<unknown>[] = [];
  const context = {
    waitUntil: (work: Promise<unknown>) => void waiting.push(work),
    passThroughOnException() {},
    props: {},
  } as ExecutionContext;
  return { context, waiting };
}

Deno.test("without an execution context, deferred work is done before the answer", async () => {
  const done: string[] = [];
  const { world, response } = await requestDeferring(async () => {
    await Promise.resolve();
    done.push("work");
  });
  await using _ = world;
  assert.equal(await response.text(), "answered");
  assert.deepEqual(done, ["work"]);
});

Deno.test("with one, the answer does not wait, and the log line waits for the work", async () => {
  const { context, waiting } = createContext();
  let finish = () => {};
  const work = new Promise<void>((resolve) => finish = resolve);
  const { world, response } = await requestDeferring(() => work, context);
  await using _ = world;
  assert.equal(await response.text(), "answered");
  assert.deepEqual(world.lines, []);
  finish();
  await Promise.all(waiting);
  assert.deepEqual(world.lines.map(({ event }) => event), ["request.ended"]);
});

Deno.test("a failure of deferred work is logged, and reaches nobody else", async () => {
  for (const given of [undefined, createContext()]) {
    const failing = () => Promise.reject(new Error("lost"));
    const { world, response } = await requestDeferring(failing, given?.context);
    await using _ = world;
    assert.equal(response.status, 200);
    await Promise.all(given?.waiting ?? []);
    assert.deepEqual(
      world.lines.map(({ event, error }) => [event, error]),
      [["deferred.failed", "lost"], ["request.ended", undefined]],
    );
  }
});
