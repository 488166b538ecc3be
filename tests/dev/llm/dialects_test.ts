/**
 * Answers that end, or are refused, as other servers than OpenAI's do it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { LlmFault } from "../../../dev/llm/faults.ts";
import { createHarness } from "./harness.ts";

/** What comes of a stream on which these faults strike. */
async function streamed(...faults: LlmFault[]): Promise<string> {
  const { ask, clock, server } = createHarness();
  for (const fault of faults) server.faults.add(fault);
  const response = await ask("/tokens 12 Hello", { stream: true });
  const text = response.text();
  await clock.advance(10_000);
  return await text;
}

Deno.test("an answer ends for the reason that is asked for, or with [DONE] alone", async () => {
  const cut = await streamed({ kind: "end", reason: "length", afterTokens: 3 });
  assert.match(cut, /"finish_reason":"length"}.*\n\ndata: \[DONE\]\n\n$/);
  assert.equal(cut.match(/"content":"[^"]/g)?.length, 3);
  const open = await streamed({ kind: "end", reason: null });
  assert.doesNotMatch(open, /"finish_reason":"/);
  assert.match(open, /data: \[DONE\]\n\n$/);
});

Deno.test("bytes come as they are given, and the stream ends", async () => {
  const text = "event: error\ndata: {}\n\n";
  const said = await streamed({ kind: "raw", text, afterTokens: 1 });
  assert.ok(said.endsWith(text));
  assert.doesNotMatch(said, /DONE/);
});

Deno.test("signs of life come every second, and then the answer", async () => {
  const comments = await streamed({ kind: "alive", sign: "comment", ms: 3_000 });
  assert.equal(comments.match(/^: /gm)?.length, 3);
  assert.match(comments, /"finish_reason":"stop"/);
  const thoughts = await streamed({ kind: "alive", sign: "reasoning", ms: 2_000, afterTokens: 2 });
  assert.equal(thoughts.match(/reasoning_content/g)?.length, 2);
});

Deno.test("a parameter is refused wherever it is given, and turns are asked for, until disarmed", async () => {
  const { ask, server } = createHarness();
  const status = async (changes: Record<string, unknown>) => {
    const response = await ask("/tokens 0", changes);
    await response.body?.cancel();
    return response.status;
  };
  const disarm = server.faults.add({ kind: "unsupported", parameter: "user" });
  assert.equal(await status({ user: "u" }), 400);
  assert.equal(await status({ user: "u" }), 400);
  assert.equal(await status({}), 200);
  disarm();
  assert.equal(await status({ user: "u" }), 200);
  server.faults.add({ kind: "alternate" });
  const said = (...roles: string[]) => ({
    messages: roles.map((role) => ({ role, content: "/tokens 0" })),
  });
  assert.equal(await status(said("system", "user", "assistant", "user")), 200);
  assert.equal(await status(said("user", "user")), 400);
  assert.equal(await status(said("assistant", "user")), 400);
});
