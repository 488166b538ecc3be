/**
 * What the adapter for OpenAI does with parameters that a server refuses.
 *
 * @module
 */
import assert from "node:assert/strict";
import { listen } from "../../dev/server.ts";
import { createOpenAi } from "../../shared/adapters/openai.ts";
import { DONE, never, request, said, STOP, stream } from "./openai_world.ts";

// deno-lint-ignore no-explicit-any -- a request as it was sent
type Body = any;

/** A server that refuses what `refuse` finds, and the model before it. */
function server(refuse: (body: Body) => Response | undefined) {
  const asked: Body[] = [];
  const listening = listen(async (request) => {
    const body = await request.json();
    asked.push(body);
    return refuse(body) ?? stream(said("Hi"), STOP, DONE)();
  });
  const llm = createOpenAi({ apiKey: "k", baseUrl: listening.url, model: "any" });
  return {
    asked,
    ask: () => llm.complete({ ...request, maxTokens: 7, user: "u", json: true }, { signal: never }),
    [Symbol.asyncDispose]: () => listening.close(),
  };
}

const refused = (name: string, answer: (name: string) => unknown, status = 400) => (body: Body) =>
  name in body ? Response.json(answer(name), { status }) : undefined;
const dialects: [what: string, answer: (name: string) => unknown, status?: number][] = [
  [
    "OpenAI's field",
    (param) => ({ error: { message: "No", param, code: "unsupported_parameter" } }),
  ],
  [
    "OpenAI's words",
    (name) => ({ error: { message: `Unsupported parameter: '${name}' is not supported.` } }),
  ],
  [
    "older words",
    (name) => ({ error: { message: `Unrecognized request argument supplied: "${name}"` } }),
  ],
  [
    "vLLM's words",
    (name) => ({
      object: "error",
      message:
        `[{'type': 'extra_forbidden', 'loc': ('body', '${name}'), 'msg': 'Extra inputs are not permitted'}]`,
      code: 400,
    }),
  ],
  [
    "a list of what is wrong",
    (name) => ({ detail: [{ loc: ["body", name], msg: "extra fields not permitted" }] }),
    422,
  ],
  ["Groq's words", (name) => ({ error: { message: `property '${name}' is unsupported` } })],
];
for (const parameter of ["max_completion_tokens", "user", "response_format"]) {
  for (const [what, answer, status] of dialects) {
    Deno.test(`${parameter} refused in ${what} is left out, now and from now on`, async () => {
      await using refusing = server(refused(parameter, answer, status));
      assert.equal(await refusing.ask(), "Hi");
      assert.equal(await refusing.ask(), "Hi");
      assert.equal(refusing.asked.length, 3);
      for (const body of refusing.asked.slice(1)) {
        assert.ok(!(parameter in body));
        const cap = parameter === "max_completion_tokens" ? "max_tokens" : "max_completion_tokens";
        assert.equal(body[cap], 7);
      }
    });
  }
}

Deno.test("a server that refuses all of them, one after another, is met", async () => {
  const names = ["max_completion_tokens", "max_tokens", "user", "response_format"];
  await using refusing = server((body) => {
    const param = names.find((name) => name in body);
    return param && Response.json({ error: { param } }, { status: 400 }) || undefined;
  });
  assert.equal(await refusing.ask(), "Hi");
  assert.deepEqual(Object.keys(refusing.asked.at(-1)), ["model", "messages", "stream"]);
});

for (
  const message of [
    "System role not supported",
    "The system role is not supported with this model.",
    "This model does not support system messages",
    "Developer instruction is not enabled for models/gemma-3",
  ]
) {
  Deno.test(`a model that says "${message}" is told in the user's first message`, async () => {
    await using refusing = server(({ messages }) =>
      messages[0].role === "system"
        ? Response.json({ error: { message } }, { status: 400 })
        : undefined
    );
    assert.equal(await refusing.ask(), "Hi");
    assert.deepEqual(refusing.asked[1].messages, [
      { role: "user", content: "Be brief\n\na secret of mine" },
    ]);
  });
}

Deno.test("a refusal of something else is asked once", async () => {
  for (
    const message of [
      "Conversation roles must alternate 'user'/'assistant'/'user'; 'user' is not allowed here",
      "This model's maximum context length is 8192 tokens",
    ]
  ) {
    await using refusing = server(() => Response.json({ error: { message } }, { status: 400 }));
    await assert.rejects(refusing.ask(), { name: "LlmRejectedError" });
    assert.equal(refusing.asked.length, 1);
  }
});
