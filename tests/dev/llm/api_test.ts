/**
 * Chat completions as the provider speaks them: streamed, whole, refused.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHarness, START } from "./harness.ts";

const head = {
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: START / 1_000,
  model: "gpt-5-mini",
  service_tier: "default",
  system_fingerprint: "fp_zeropoll",
};
const choice = (delta: unknown, finish_reason: string | null = null) => ({
  ...head,
  choices: [{ index: 0, delta, logprobs: null, finish_reason }],
});

Deno.test("a stream is a role, its tokens, a reason and [DONE]", async () => {
  const { clock, listen } = createHarness();
  const stream = await listen("/say Hello, world");
  await clock.advance(1_000);
  assert.equal(stream.response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(stream.end, "done");
  assert.ok(stream.raw.startsWith('data: {"id":"chatcmpl-1"') && stream.raw.endsWith("\n\n"));
  assert.deepEqual(stream.chunks, [
    choice({ role: "assistant", content: "", refusal: null }),
    choice({ content: "Hello," }),
    choice({ content: " world" }),
    choice({}, "stop"),
  ]);
  assert.equal(stream.events.at(-1), "[DONE]");
});

Deno.test("usage comes last where it was asked for, and is null before", async () => {
  const { clock, listen } = createHarness();
  const stream = await listen("/say Hello, world", { stream_options: { include_usage: true } });
  await clock.advance(1_000);
  const chunks = stream.chunks;
  assert.deepEqual(chunks.pop(), {
    ...head,
    choices: [],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  });
  assert.ok(chunks.every(({ usage }) => usage === null));
});

Deno.test("a whole answer comes when it would have been said", async () => {
  const { clock, ask } = createHarness();
  let text: string | undefined;
  const response = await ask("/tokens 50 Hello");
  void response.text().then((all) => text = all);
  await clock.advance(999);
  assert.equal(text, undefined);
  await clock.advance(1);
  const { choices, usage, ...rest } = JSON.parse(text!);
  assert.deepEqual(rest, { ...head, object: "chat.completion" });
  const [{ message, finish_reason }] = choices;
  assert.equal(message.role, "assistant");
  assert.match(message.content, /^You wrote “Hello”\. [A-Z]/);
  assert.equal(finish_reason, "stop");
  assert.equal(usage.completion_tokens, 50);
});

Deno.test("the same question has the same answer, of some 200 tokens that end with a sentence", async () => {
  const answers = [];
  for (const question of ["Why is the sky blue?", "Why is the sky blue?", "Why is the sea blue?"]) {
    const { clock, listen } = createHarness();
    const stream = await listen(question);
    await clock.advance(10_000);
    assert.ok(
      stream.tokens.length >= 180 && stream.tokens.length <= 250,
      `${stream.tokens.length}`,
    );
    assert.ok(stream.tokens.join("").endsWith("."));
    answers.push(stream.tokens.join(""));
  }
  assert.equal(answers[0], answers[1]);
  assert.notEqual(answers[0], answers[2]);
});

const lengths: [
  question: string,
  changes: Record<string, unknown>,
  tokens: number,
  reason: string,
][] = [
  ["/tokens 7 Hello", {}, 7, "stop"],
  ["/tokens 900 /pace 900 Hello", {}, 900, "stop"],
  ["/tokens 0 Hello", {}, 0, "stop"],
  ["/tokens 7 Hello", { max_completion_tokens: 7 }, 7, "stop"],
  ["/tokens 7 Hello", { max_completion_tokens: 3 }, 3, "length"],
  ["/tokens 7 Hello", { max_tokens: 3, model: "gpt-4o-mini" }, 3, "length"],
  ["/say one two three", { max_completion_tokens: 2 }, 2, "length"],
  ["/say ", {}, 0, "stop"],
];
for (const [question, changes, tokens, reason] of lengths) {
  Deno.test(`${question} with ${JSON.stringify(changes)} is ${tokens} tokens, then ${reason}`, async () => {
    const { clock, listen } = createHarness();
    const stream = await listen(question, changes);
    await clock.advance(10_000);
    await stream.ended();
    assert.equal(stream.tokens.length, tokens);
    assert.equal(stream.chunks.at(-1).choices[0].finish_reason, reason);
  });
}

const texts = [
  "one  two\n\nthree ",
  "日本語のとても長い文章を少しずつ話します",
  "👩‍👩‍👧",
  "/tokens 5",
  '"data: [DONE]"',
];
for (const text of texts) {
  Deno.test(`${JSON.stringify(text)} is said to the letter`, async () => {
    const { clock, listen } = createHarness();
    const stream = await listen(`/say ${text}`);
    await clock.advance(1_000);
    assert.equal(stream.tokens.join(""), text);
    assert.ok(stream.tokens.every((token) => token.isWellFormed()));
  });
}

const schema = {
  type: "object",
  properties: {
    score: { type: "number", minimum: -1, maximum: 1 },
    stars: { type: "integer", minimum: 1, maximum: 5 },
    label: { $ref: "#/$defs/Label" },
    reason: { type: "string", maxLength: 8 },
    isGood: { type: "boolean" },
    tags: { type: "array", items: { type: "string" }, minItems: 1 },
    note: { anyOf: [{ type: "null" }, { type: "string" }] },
    kind: { const: "sentiment" },
  },
  $defs: { Label: { enum: ["positive", "neutral", "negative"] } },
};
const feelings: [question: string, score: number, label: string][] = [
  ["What a wonderful day, thanks", 1, "positive"],
  ["I hate this awful weather", -1, "negative"],
  ["The train leaves at nine", 0, "neutral"],
  ["Good food, great people, terrible noise", 0.33, "positive"],
];
for (const [question, score, label] of feelings) {
  Deno.test(`“${question}” is ${label} in JSON, of any shape that was asked for`, async () => {
    const { clock, ask } = createHarness();
    const answerTo = async (response_format: unknown) => {
      const response = await ask(`${question}. Answer in JSON`, { response_format });
      await clock.advance(5_000);
      return JSON.parse((await response.json()).choices[0].message.content);
    };
    const free = await answerTo({ type: "json_object" });
    assert.deepEqual([free.score, free.label], [score, label]);
    assert.deepEqual(await answerTo({ type: "json_schema", json_schema: { name: "s", schema } }), {
      score,
      stars: 1,
      label,
      reason: "By the w",
      isGood: score > 0,
      tags: ["By the words that were used."],
      note: null,
      kind: "sentiment",
    });
  });
}

const refusals: [what: string, body: unknown, fault: Record<string, unknown>][] = [
  ["no JSON", "{", { param: null, message: /could not parse the JSON body/ }],
  ["no model", { messages: [] }, { param: "model", code: "missing_required_parameter" }],
  ["no messages", { model: "m" }, { param: "messages", code: "missing_required_parameter" }],
  ["empty messages", { model: "m", messages: [] }, { param: "messages", code: "invalid_value" }],
  ["an unknown role", { model: "m", messages: [{ role: "me", content: "Hi" }] }, {
    param: "messages[0].role",
    code: "invalid_value",
  }],
  ["usage without a stream", {
    model: "m",
    messages: [{ role: "user", content: "Hi" }],
    stream_options: { include_usage: true },
  }, { param: "stream_options" }],
  ["JSON that the messages do not mention", {
    model: "m",
    messages: [{ role: "user", content: "Hi" }],
    response_format: { type: "json_object" },
  }, { param: "messages", message: /must contain the word 'json'/ }],
  ["an older name of the newer model's setting", {
    model: "gpt-5-mini",
    messages: [{ role: "user", content: "Hi" }],
    max_tokens: 5,
  }, { param: "max_tokens", code: "unsupported_parameter" }],
];
for (const [what, body, { message, ...expected }] of refusals) {
  Deno.test(`a request with ${what} is refused, and says so`, async () => {
    const response = await createHarness().call("POST", "/v1/chat/completions", { body });
    assert.equal(response.status, 400);
    const { error } = await response.json();
    assert.deepEqual(Object.keys(error), ["message", "type", "param", "code"]);
    assert.equal(error.type, "invalid_request_error");
    for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, name);
    if (message) assert.match(error.message, message as RegExp);
  });
}

const keys: [authorization: string | null, status: number, code: string | null][] = [
  [null, 401, null],
  ["Bearer wrong", 401, "invalid_api_key"],
  ["Basic c2s6", 401, null],
];
for (const [authorization, status, code] of keys) {
  Deno.test(`the authorization ${authorization} is answered ${status}, ${code}`, async () => {
    const { call, server } = createHarness();
    const response = await call("GET", "/v1/models", { headers: { authorization } });
    assert.equal(response.status, status);
    assert.equal((await response.json()).error.code, code);
    assert.equal(server.counts().requests, 0);
  });
}

Deno.test("its models can be listed, and any other path is none", async () => {
  const { call } = createHarness();
  const { object, data } = await (await call("GET", "/v1/models")).json();
  assert.equal(object, "list");
  assert.equal(data[0].id, "gpt-5-mini");
  const none = await call("POST", "/v1/embeddings", { body: {} });
  assert.equal(none.status, 404);
  assert.match((await none.json()).error.message, /Invalid URL \(POST \/v1\/embeddings\)/);
});

Deno.test("over the limit it says when to come again, and then it answers", async () => {
  const { clock, ask, server } = createHarness({ requestsPerMinute: 6 });
  for (let left = 5; left >= 0; left--) {
    const { status, headers, body } = await ask("/tokens 1 Hi");
    assert.equal(status, 200);
    assert.equal(headers.get("x-ratelimit-limit-requests"), "6");
    assert.equal(headers.get("x-ratelimit-remaining-requests"), String(left));
    await body?.cancel();
  }
  const refused = await ask("/tokens 1 Hi");
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "10");
  assert.equal(refused.headers.get("x-ratelimit-reset-requests"), "1m0s");
  const { error } = await refused.json();
  assert.deepEqual([error.type, error.code], ["requests", "rate_limit_exceeded"]);
  await clock.advance(10_000);
  assert.equal((await ask("/tokens 1 Hi")).status, 200);
  const { requests, refused: over } = server.counts();
  assert.deepEqual([requests, over], [8, 1]);
});
