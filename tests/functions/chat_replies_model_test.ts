/**
 * What becomes of a reply whose model ends, works or refuses in another way than OpenAI's.
 *
 * @module
 */
import assert from "node:assert/strict";
import { contextOf } from "../../functions/chat/replies/context.ts";
import type { LlmMessage } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { type ChatWorld, createChatWorld } from "./chat_world.ts";

const MESSAGES = "/api/chat/conversations/kitchen/messages";
const [engine] = postgresEngines();
const open = (options?: Parameters<typeof createChatWorld>[2]) =>
  createChatWorld(engine.database(), engine.url(), options);

/** Asks, and tells how the reply ended: to who asked, to who follows, and in the store. */
async function endOf(world: ChatWorld, mode: "direct" | "queued", text = "/tokens 30") {
  const viewer = await world.view(MESSAGES, { body: { text, mode } });
  const { stream, id } = viewer.told[0]?.data.reply ?? (await firstOf(world, viewer));
  const other = await world.view(stream);
  await world.ended(viewer, other);
  const { body } = await world.call("GET", `/api/chat/replies/${id}`);
  const { error, endedBy, state } = body;
  const end = { state, ...(error && { error }), ...(endedBy && { endedBy }) };
  for (const told of [viewer.told, other.told]) assert.deepEqual(told.at(-1)!.data, end);
  assert.equal(viewer.text(), body.text);
  assert.equal(other.text(), body.text);
  return { ...end, text: body.text as string };
}

async function firstOf(world: ChatWorld, viewer: { told: { data: { reply: never } }[] }) {
  await world.until(() => viewer.told.length > 0);
  return viewer.told[0].data.reply as { stream: string; id: string };
}

const endings: [reason: string, state: string, endedBy: string][] = [
  ["length", "cut", "length"],
  ["content_filter", "withheld", "content_filter"],
];
for (const mode of ["direct", "queued"] as const) {
  for (const [reason, state, endedBy] of endings) {
    Deno.test(`${mode}: an answer that ends for ${reason} is ${state}, and what came of it is kept`, async () => {
      await using world = await open();
      world.cloud.llm.faults.add({ kind: "end", reason });
      const end = await endOf(world, mode);
      assert.deepEqual({ state: end.state, endedBy: end.endedBy }, { state, endedBy });
      assert.ok(end.text.length > 20);
      const { body } = await world.call("GET", MESSAGES);
      assert.equal(body.messages.at(-1).text, end.text);
      assert.deepEqual(body.messages.at(-1).ending, { state, endedBy }, "shown after a reload too");
      assert.equal(world.cloud.llm.counts().requests, 1);
    });
  }
}

const broken = [
  'data: {"text":"NETWORK ERROR","error_code":50001}\n\ndata: [DONE]\n\n',
  'event: error\ndata: {"message":"overloaded"}\n\n',
];
for (const text of broken) {
  Deno.test(`an answer that breaks off in ${JSON.stringify(text.slice(0, 24))} is asked for again`, async () => {
    await using world = await open();
    world.cloud.llm.faults.add({ kind: "raw", text });
    const end = await endOf(world, "queued");
    assert.equal(end.state, "done");
    assert.equal(world.cloud.llm.counts().requests, 2);
  });
}

Deno.test("a prompt that the provider's filter refuses is withheld, and its conversation goes on", async () => {
  await using world = await open();
  world.cloud.llm.faults.add({
    kind: "raw",
    text: 'data: {"error":{"code":"content_filter","message":"no"}}\n\n',
    afterTokens: 0,
    times: 1,
  });
  assert.equal((await endOf(world, "queued")).state, "withheld");
  assert.equal((await endOf(world, "queued")).state, "done");
});

Deno.test("a model that is at work for longer than a lease keeps its reply", async () => {
  await using world = await open();
  world.cloud.llm.faults.add({ kind: "alive", sign: "comment", ms: 100_000, afterTokens: 5 });
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 30", mode: "direct" } });
  await world.ended(viewer);
  assert.equal(viewer.told.at(-1)!.data.state, "done");
  assert.ok(!viewer.told.some(({ event }) => event === "reset"));
  assert.equal(world.cloud.llm.counts().requests, 1);
});

Deno.test("whatever failed or was stopped, user and assistant take turns, the user first", async () => {
  await using world = await open();
  world.cloud.llm.faults.add({ kind: "alternate" });
  const isTooLong = ({ question }: { question: string }) => question.endsWith("too long");
  world.cloud.llm.faults.add({ kind: "tooLong", matches: isTooLong, times: Infinity });
  for (let turn = 1; turn <= 12; turn++) {
    const text = turn % 5 === 0 ? "too long" : `/tokens 5 turn ${turn}`;
    const { state } = await endOf(world, "queued", text);
    assert.equal(state, turn % 5 === 0 ? "failed" : "done", text);
  }
});

Deno.test("a direct reply of 270 s makes at most 45 calls, and others see it grow", async () => {
  await using world = await open();
  const said = "/pace 2 /tokens 540 on and on";
  const viewer = await world.view(MESSAGES, { body: { text: said, mode: "direct" } });
  await firstOf(world, viewer);
  const other = await world.view(viewer.told[0].data.reply.stream);
  let isOver = false;
  void Promise.all([viewer.ended, other.ended]).then(() => isOver = true);
  const seen = new Set<number>();
  while (!isOver) {
    await world.cloud.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.add(other.text().length);
  }
  assert.equal(other.told.at(-1)!.data.state, "done");
  assert.equal(other.text(), viewer.text());
  assert.ok(seen.size > 15, `${seen.size} steps`);
  const line = world.lines.find(({ event, method }) =>
    event === "request.ended" && method === "POST"
  )!;
  // Its watchdog, what is armed and the next reply's job; the model; the connection to Postgres.
  const calls = Number(line.redisRequests) + 3 + 1 + 1;
  assert.ok(calls <= 45, `${calls} calls`);
});

Deno.test("a parameter that the model refuses is left out, and the answer is capped as it takes it", async () => {
  await using world = await open({
    environment: { CHAT_ANSWER_TOKENS: "7", OPENAI_MODEL: "local" },
  });
  world.cloud.llm.faults.add({ kind: "unsupported", parameter: "max_completion_tokens" });
  const end = await endOf(world, "queued", "/tokens 30");
  assert.deepEqual([end.state, end.endedBy], ["cut", "length"]);
  assert.equal(end.text.trim().split(/\s+/).length, 7);
  assert.equal(world.cloud.llm.counts().requests, 2);
  await endOf(world, "queued", "/tokens 30 again");
  assert.equal(world.cloud.llm.counts().requests, 3);
});

const u = (content: string): LlmMessage => ({ role: "user", content });
const a = (content: string): LlmMessage => ({ role: "assistant", content });
const budget = { messages: 4, characters: 10 };
const told: [what: string, said: LlmMessage[], told: LlmMessage[]][] = [
  ["one question", [u("a")], [u("a")]],
  ["turns", [u("a"), a("b"), u("c")], [u("a"), a("b"), u("c")]],
  ["two questions in a row, as one", [u("a"), u("b")], [u("a\n\nb")]],
  ["an answer that lost its question, not at all", [a("a"), u("b")], [u("b")]],
  ["the last messages", [u("a"), a("b"), u("c"), a("d"), u("e")], [u("c"), a("d"), u("e")]],
  ["what there is room for", [u("aaaa"), a("bbbb"), u("cccc")], [u("cccc")]],
  ["the question in any case", [u("a"), a("b"), u("c".repeat(99))], [u("c".repeat(99))]],
  ["nothing that is empty", [u("a"), a(""), u("b")], [u("a\n\nb")]],
];
for (const [what, said, expected] of told) {
  Deno.test(`a model is told ${what}`, () => {
    assert.deepEqual(contextOf(said, { instructions: "Hi", budget }), [
      { role: "system", content: "Hi" },
      ...expected,
    ]);
    assert.deepEqual(contextOf(said, { instructions: " ", budget }), expected);
  });
}
