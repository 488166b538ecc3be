/**
 * What the adapter for OpenAI makes of answers that fail: which error, when to come again, no secret.
 *
 * @module
 */
import assert from "node:assert/strict";
import { listen } from "../../dev/server.ts";
import { createOpenAi } from "../../shared/adapters/openai.ts";
import { askOf, never, request, said, stream } from "./openai_world.ts";

const breaks: [what: string, answer: () => Response, text: string, message: string][] = [
  [
    "ends in the midst of it",
    stream(said("Hi")),
    "Hi",
    "Cannot read the answer: it ended before it was finished",
  ],
  [
    "has no body",
    () => new Response(null),
    "",
    "Cannot read the answer: it ended before it was finished",
  ],
  [
    "is a page",
    () => new Response("<html>Hello</html>"),
    "",
    "Cannot read the answer: it ended before it was finished",
  ],
  [
    "is no JSON",
    stream(said("Hi"), "data: {\n\n"),
    "Hi",
    "Cannot read the answer: a part of it is not as agreed",
  ],
  [
    "is of another shape",
    stream('data: {"choices": "a secret of mine"}\n\n'),
    "",
    "Cannot read the answer: a part of it is not as agreed",
  ],
  [
    "never gets to the end of a line",
    stream("data: " + "x".repeat(1_100_000)),
    "",
    "Cannot ask the model: the connection to its provider failed",
  ],
  ["does not begin", stream("open"), "", "Cannot ask the model: it did not go on in time"],
  [
    "only says that it is alive",
    stream(": a", 100, "\n\n: b\n\n", 100, ": c\n\n", "open"),
    "",
    "Cannot ask the model: it did not go on in time",
  ],
  [
    "does not go on",
    stream(said("Hi"), "open"),
    "Hi",
    "Cannot ask the model: it did not go on in time",
  ],
  [
    "fails",
    stream(
      said("Hi"),
      'data: {"error":{"message":"a secret of mine","type":"server_error","code":null}}\n\n',
    ),
    "Hi",
    "Cannot read the answer: the model's provider broke it off (server_error)",
  ],
  [
    "fails with a number",
    stream(said("Hi"), 'data: {"error":{"message":"Oh","code":502}}\n\n'),
    "Hi",
    "Cannot read the answer: the model's provider broke it off",
  ],
];
for (const [what, answer, expected, message] of breaks) {
  Deno.test(`an answer that ${what} may come later`, async () => {
    const { text, outcome } = await askOf(answer);
    assert.equal(text, expected);
    assert.equal(`${outcome?.name}: ${outcome?.message}`, `LlmUnavailableError: ${message}`);
  });
}

const dialects: [what: string, line: string, outcome: string][] = [
  ["an error code beside a text", 'data: {"text":"NETWORK ERROR","error_code":50001}', ""],
  [
    "an object of errors",
    'data: {"object":"error","message":"CUDA","type":"InternalServerError","code":500}',
    " (InternalServerError)",
  ],
  ["a named event", 'event: error\ndata: {"message":"overloaded"}', ""],
  ["a named event with any words", 'event: error\ndata: "overloaded"', ""],
  ["details", 'data: {"detail":"Internal Server Error"}', ""],
  ["text for an error", 'data: {"error":"model runner stopped"}', ""],
  ["a type of error", 'data: {"error":"Overloaded","error_type":"overloaded"}', " (overloaded)"],
  ["a list of errors", 'data: {"success":false,"errors":[{"code":"E3030"}]}', " (E3030)"],
  ["a status", 'data: {"message":"down","http_status_code":503}', ""],
  [
    "a choice that failed",
    'data: {"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"code":502}}]}',
    "",
  ],
];
for (const [what, line, name] of dialects) {
  Deno.test(`a failure told by ${what}, with [DONE] behind, is no whole answer`, async () => {
    const { text, outcome } = await askOf(stream(said("Hi"), `${line}\n\n`, "data: [DONE]\n\n"));
    assert.equal(text, "Hi");
    assert.equal(
      `${outcome?.name}: ${outcome?.message}`,
      `LlmUnavailableError: Cannot read the answer: the model's provider broke it off${name}`,
    );
  });
}

Deno.test("what nobody knows, and [DONE] behind it, is no whole answer; nor is [DONE] alone", async () => {
  for (const parts of [[said("Hi"), 'data: {"state":7}\n\n'], []]) {
    const { outcome } = await askOf(stream(...parts, "data: [DONE]\n\n"));
    assert.equal(
      outcome?.message,
      "Cannot read the answer: it ended before it was finished",
    );
  }
});

const withheld: [what: string, answer: () => Response][] = [
  [
    "refused",
    () =>
      Response.json({
        error: {
          code: "content_filter",
          innererror: { code: "ResponsibleAIPolicyViolation" },
        },
      }, { status: 400 }),
  ],
  ["broken off", stream(said("Hi"), 'data: {"error":{"code":"content_filter"}}\n\n')],
];
for (const [what, answer] of withheld) {
  Deno.test(`an answer ${what} by a filter is withheld`, async () => {
    const { outcome } = await askOf(answer);
    assert.equal(
      `${outcome?.name}: ${outcome?.message}`,
      "LlmIncompleteError: Cannot finish the answer: the provider withholds it (content_filter)",
    );
  });
}

Deno.test("an error of JSON in the place of a stream is an error", async () => {
  const { outcome } = await askOf(() => Response.json({ error: { type: "server_error" } }));
  assert.equal(
    `${outcome?.name}: ${outcome?.message}`,
    "LlmUnavailableError: Cannot read the answer: the model's provider broke it off (server_error)",
  );
});

Deno.test("a request that turns out wrong in the stream is rejected", async () => {
  const error = { type: "invalid_request_error", code: "context_length_exceeded" };
  const { outcome } = await askOf(stream(`data: ${JSON.stringify({ error })}\n\n`));
  assert.equal(
    `${outcome?.name}: ${outcome?.message}`,
    "LlmRejectedError: Cannot read the answer: the model's provider broke it off (context_length_exceeded)",
  );
});

const refusal =
  (status: number, code: string | null, headers = {}, type: string | null = null) => () =>
    Response.json({ error: { message: "a secret of mine, sk-secret", type, param: null, code } }, {
      status,
      headers,
    });

const answers: [answer: () => Response, error: string, message: string][] = [
  [
    refusal(401, "invalid_api_key"),
    "LlmUnavailableError",
    "401 (invalid_api_key); check OPENAI_API_KEY",
  ],
  [
    refusal(401, null, {}, "invalid_request_error"),
    "LlmUnavailableError",
    "401 (invalid_request_error); check OPENAI_API_KEY",
  ],
  [
    refusal(403, "unsupported_country_region_territory"),
    "LlmUnavailableError",
    "403 (unsupported_country_region_territory); check OPENAI_API_KEY",
  ],
  [
    refusal(404, "model_not_found"),
    "LlmUnavailableError",
    "404 (model_not_found); check OPENAI_BASE_URL and OPENAI_MODEL",
  ],
  [
    () => new Response("404 page not found", { status: 404 }),
    "LlmUnavailableError",
    "404; check OPENAI_BASE_URL and OPENAI_MODEL",
  ],
  [() => new Response(null, { status: 405 }), "LlmUnavailableError", "405; check OPENAI_BASE_URL"],
  [
    () => new Response(null, { status: 308, headers: { location: "https://elsewhere.example/" } }),
    "LlmUnavailableError",
    "308; check OPENAI_BASE_URL",
  ],
  [
    refusal(402, "insufficient_balance"),
    "LlmUnavailableError",
    "402 (insufficient_balance); check the plan and the billing of the provider's account",
  ],
  [
    refusal(429, "insufficient_quota"),
    "LlmUnavailableError",
    "429 (insufficient_quota); check the plan and the billing of the provider's account",
  ],
  [refusal(429, "rate_limit_exceeded"), "LlmUnavailableError", "429 (rate_limit_exceeded)"],
  [refusal(408, null), "LlmUnavailableError", "408"],
  [refusal(409, null), "LlmUnavailableError", "409"],
  [refusal(500, null, {}, "server_error"), "LlmUnavailableError", "500 (server_error)"],
  [() => new Response("<html>Bad gateway</html>", { status: 502 }), "LlmUnavailableError", "502"],
  [refusal(400, "context_length_exceeded"), "LlmRejectedError", "400 (context_length_exceeded)"],
  [refusal(400, "A secret of mine"), "LlmRejectedError", "400"],
  [refusal(413, null), "LlmRejectedError", "413"],
  [refusal(422, null), "LlmRejectedError", "422"],
];
for (const [answer, error, message] of answers) {
  Deno.test(`a provider that answers ${message} is ${error}`, async () => {
    const { outcome } = await askOf(answer);
    assert.equal(
      `${outcome?.name}: ${outcome?.message}`,
      `${error}: Cannot ask the model: the provider answered ${message}`,
    );
  });
}

const remaining = (requests: number, tokens: number) => ({
  "x-ratelimit-remaining-requests": String(requests),
  "x-ratelimit-remaining-tokens": String(tokens),
});
const waits: [headers: Record<string, string>, ms: number][] = [
  [{}, 1_000],
  [{ "retry-after": "3" }, 3_000],
  [{ "retry-after": "0" }, 1_000],
  [{ "retry-after": "999999999" }, 24 * 3_600_000],
  [{ "retry-after": "soon" }, 1_000],
  [{ "retry-after": "Sat, 21 Nov 2026 12:02:00 GMT" }, 120_000],
  [{ ...remaining(0, 9), "x-ratelimit-reset-requests": "1m12s" }, 72_000],
  [{ ...remaining(0, 9), "x-ratelimit-reset-requests": "1.5s" }, 1_500],
  [{ ...remaining(0, 9), "x-ratelimit-reset-requests": "20ms" }, 1_000],
  [{ ...remaining(0, 9), "x-ratelimit-reset-requests": "6h0m0s" }, 600_000],
  [{ ...remaining(0, 9), "x-ratelimit-reset-requests": "later" }, 1_000],
  [
    { ...remaining(9, 0), "x-ratelimit-reset-requests": "1h", "x-ratelimit-reset-tokens": "7s" },
    7_000,
  ],
  [{ ...remaining(0, 9), "x-ratelimit-reset-requests": "9s", "retry-after": "2" }, 2_000],
];
for (const [headers, ms] of waits) {
  Deno.test(`429 with ${JSON.stringify(headers)} is over in ${ms} ms`, async () => {
    const { outcome } = await askOf(refusal(429, "rate_limit_exceeded", headers));
    assert.equal(outcome?.retryAfterMs, ms);
  });
}

for (const [status, ms] of [[401, 60_000], [403, 60_000], [404, 60_000], [503, undefined]]) {
  Deno.test(`${status} without a Retry-After may be over in ${ms} ms`, async () => {
    assert.equal((await askOf(refusal(status!, null))).outcome?.retryAfterMs, ms);
  });
}

Deno.test("a refusal whose body hangs is told by its status", async () => {
  const { outcome } = await askOf(() =>
    new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(1)) }), {
      status: 401,
    })
  );
  assert.match(outcome!.message, /answered 401; check OPENAI_API_KEY$/);
});

Deno.test("a provider that is not there is unavailable", async () => {
  const listening = listen(() => new Response());
  await listening.close();
  const llm = createOpenAi({ apiKey: "sk-secret", baseUrl: listening.url, model: "any" });
  await assert.rejects(llm.complete(request, { signal: never }), {
    name: "LlmUnavailableError",
    message: "Cannot ask the model: the connection to its provider failed",
  });
});

Deno.test("a key that no header can hold is a mistake of the caller's, not an outage", async () => {
  const llm = createOpenAi({ apiKey: "sk-→", baseUrl: "http://127.0.0.1:1", model: "any" });
  await assert.rejects(llm.complete(request, { signal: never }), TypeError);
});
