/**
 * What the adapter for OpenAI asks for, and how it reads answers that dev/llm does not give.
 *
 * @module
 */
import assert from "node:assert/strict";
import { listen } from "../../dev/server.ts";
import { createOpenAi } from "../../shared/adapters/openai.ts";
import { askOf, chunk, DONE, never, request, said, STOP, stream } from "./openai_world.ts";

Deno.test("an answer is one request, with its key, a user agent and no field that is undefined", async () => {
  const { text, asked } = await askOf(stream(said("Hi"), STOP, DONE));
  assert.equal(text, "Hi");
  assert.equal(asked.length, 1);
  const [{ target, headers, body }] = asked;
  assert.equal(target, "POST /v1/chat/completions");
  assert.equal(headers.get("authorization"), "Bearer sk-secret");
  assert.equal(headers.get("accept"), "text/event-stream");
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("user-agent"), "zeropoll");
  assert.deepEqual(body, { model: "gpt-5-mini", messages: request.messages, stream: true });
});

Deno.test("what a request says beyond its messages is passed on by the provider's names", async () => {
  const asking = { model: "other", maxTokens: 7, user: "u_1", json: true };
  const { asked } = await askOf(stream(said("{}"), STOP, DONE), asking);
  assert.deepEqual(asked[0].body, {
    model: "other",
    messages: request.messages,
    stream: true,
    max_completion_tokens: 7,
    user: "u_1",
    response_format: { type: "json_object" },
  });
});

const halves = new TextEncoder().encode(said("Grüße ✓"));
const streams: [what: string, answer: () => Response, text: string][] = [
  [
    "a role, empty deltas and usage",
    stream(
      chunk({ role: "assistant", content: "" }),
      chunk({ content: null }),
      chunk({}),
      said("Hi"),
      STOP,
      'data: {"choices":[],"usage":{"total_tokens":3}}\n\n',
      DONE,
    ),
    "Hi",
  ],
  ["no [DONE], but a reason", stream(said("Hi"), STOP), "Hi"],
  ["no reason, but [DONE]", stream(said("Hi"), DONE), "Hi"],
  ["a reason in the chunk that says the last word", stream(chunk({ content: "Hi" }, "stop")), "Hi"],
  ["a reason in another server's words", stream(said("Hi"), chunk({}, "eos_token"), DONE), "Hi"],
  ["reasons that are none", stream(chunk({ content: "Hi" }, ""), chunk({}, "null"), STOP), "Hi"],
  [
    "content in parts, and thoughts among them",
    stream(
      chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm" }] }] }),
      chunk({ content: [{ type: "text", text: "Hi" }, { type: "text", text: "!" }] }),
      STOP,
    ),
    "Hi!",
  ],
  [
    "pings and filters' findings",
    stream(
      'data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}]}\n\n',
      'event: ping\ndata: {"type":"ping"}\n\n',
      said("Hi"),
      STOP,
    ),
    "Hi",
  ],
  [
    "one piece of JSON, from a server that does not stream",
    () =>
      Response.json({
        choices: [{ message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
      }),
    "Hi",
  ],
  ["a refusal", stream(chunk({ refusal: "I cannot" }), STOP, DONE), "I cannot"],
  ["no choices at all", stream("data: {}\n\n", said("Hi"), STOP), "Hi"],
  ["what is said after the end", stream(said("Hi"), STOP, said("!"), DONE, said("?")), "Hi"],
  [
    "a character in halves between chunks",
    stream(
      halves.slice(0, halves.indexOf(0xc3) + 1),
      5,
      halves.slice(halves.indexOf(0xc3) + 1),
      STOP,
    ),
    "Grüße ✓",
  ],
  [
    "a character in halves between tokens",
    stream(
      said("\ud83d"),
      said("\ude00!"),
      STOP,
    ),
    "😀!",
  ],
  ["CR LF and comments", stream(": wait\r\n\r\n", said("Hi").replaceAll("\n", "\r\n"), STOP), "Hi"],
  ["a body that stays open after its end", stream(said("Hi"), STOP, DONE, "open"), "Hi"],
  ["a body that breaks after its end", stream(said("Hi"), STOP, "data: {", DONE), "Hi"],
  [
    "thoughts for longer than the patience between tokens",
    stream(
      chunk({ reasoning_content: "Hm" }),
      100,
      chunk({ reasoning: "so" }),
      100,
      chunk({ reasoning_content: "then" }),
      100,
      said("Hi"),
      STOP,
    ),
    "Hi",
  ],
];
for (const [what, answer, expected] of streams) {
  Deno.test(`an answer is read with ${what}`, async () => {
    const { text, outcome } = await askOf(answer);
    assert.equal(outcome, undefined);
    assert.equal(text, expected);
  });
}

const signs = {
  "comments": ": OPENROUTER PROCESSING\n\n",
  "the role": chunk({ role: "assistant", content: "" }),
  "empty pieces": chunk({ content: "" }),
  "a tool's arguments": chunk({ tool_calls: [{ index: 0, function: { arguments: "1" } }] }),
  "thoughts": chunk({ reasoning_content: "Hm" }),
};
Deno.test("comments, roles, empty pieces, tools and thoughts are signs of life, at first and between words", async () => {
  // At once, since each takes its time.
  await Promise.all(
    Object.entries(signs).map(async ([what, sign]) => {
      const waits = Array(8).fill([250, sign]).flat();
      const { text, outcome } = await askOf(
        stream(...waits, said("Hel"), ...waits, said("lo"), STOP, DONE),
        {},
        { firstTokenMs: 1_500, betweenTokensMs: 1_500 },
      );
      assert.equal(outcome, undefined, what);
      assert.equal(text, "Hello", what);
    }),
  );
});

const NO_MORE = "LlmIncompleteError: Cannot finish the answer: ";
const endings: [reason: string, outcome: string][] = [
  ["length", `${NO_MORE}it was cut short (length)`],
  ["MAX_TOKENS", `${NO_MORE}it was cut short (max_tokens)`],
  ["model_length", `${NO_MORE}it was cut short (model_length)`],
  ["content_filter", `${NO_MORE}the provider withholds it (content_filter)`],
  ["content-filter", `${NO_MORE}the provider withholds it (content_filter)`],
  ["SAFETY", `${NO_MORE}the provider withholds it (safety)`],
  [
    "insufficient_system_resource",
    "LlmUnavailableError: Cannot read the answer: the model's provider broke it off (insufficient_system_resource)",
  ],
  [
    "error",
    "LlmUnavailableError: Cannot read the answer: the model's provider broke it off (error)",
  ],
  [
    "tool_calls",
    "LlmRejectedError: Cannot finish the answer: the model asked for a tool that it was not offered (tool_calls)",
  ],
  [
    "something_new",
    "LlmRejectedError: Cannot finish the answer: it ended for a reason that is not known (something_new)",
  ],
  [
    "a secret of mine, said",
    "LlmRejectedError: Cannot finish the answer: it ended for a reason that is not known (unknown)",
  ],
];
for (const [reason, expected] of endings) {
  Deno.test(`an answer that ended for ${reason} is not whole, and says so behind its text`, async () => {
    const { text, outcome } = await askOf(stream(said("Hi"), chunk({}, reason), DONE));
    assert.equal(text, "Hi");
    assert.equal(`${outcome?.name}: ${outcome?.message}`, expected);
  });
}

Deno.test("an answer the provider withholds is rejected as a whole", async () => {
  const listening = listen(stream(said("Hi"), chunk({}, "content_filter"), DONE));
  const llm = createOpenAi({ apiKey: "sk-secret", baseUrl: listening.url, model: "any" });
  await assert.rejects(llm.complete(request, { signal: never }), {
    name: "LlmIncompleteError",
    kind: "withheld",
    endedBy: "content_filter",
  });
  await listening.close();
});

Deno.test("an answer that never ends is cut after its longest time", async () => {
  const words = Array(40).fill([said("x"), 50]).flat();
  const { text, outcome } = await askOf(stream(...words), {}, { answerMs: 300 });
  assert.match(text, /^x+$/);
  assert.equal(outcome?.message, "Cannot finish the answer: it was cut short (time_limit)");
});

Deno.test("a provider that only lives on is given up after the same time", async () => {
  const signs = Array(40).fill([": alive\n\n", 50]).flat();
  const { outcome } = await askOf(stream(...signs), {}, { answerMs: 300 });
  assert.equal(outcome?.message, "Cannot ask the model: it did not go on in time");
});

Deno.test("it reads no faster than it is read from", async () => {
  let sentBytes = 0;
  const piece = new TextEncoder().encode(said("x".repeat(50_000)));
  const listening = listen(() => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sentBytes += piece.byteLength;
        controller.enqueue(piece);
      },
    }, { highWaterMark: 0 });
    return new Response(body);
  });
  const llm = createOpenAi({ apiKey: "sk-secret", baseUrl: listening.url, model: "any" });
  for await (const _ of llm.stream(request, { signal: never })) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    break;
  }
  // What lies in the buffers of the sockets, and no more: unread, it would be all that can be made.
  assert.ok(sentBytes < 20_000_000, String(sentBytes));
  await listening.close();
});
