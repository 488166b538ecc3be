/**
 * What every `Llm` promises, as tests for any adapter and the provider behind it.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type AppError,
  type Llm,
  LlmRejectedError,
  type LlmRequest,
  LlmUnavailableError,
} from "../../shared/mod.ts";

/** What a provider can be made to do to the next request. */
export type LlmTrouble =
  | { kind: "limited"; retryAfter: string }
  | { kind: "quota" }
  | { kind: "down"; retryAfter?: string }
  | { kind: "wrong settings" }
  | { kind: "unknown model" }
  | { kind: "too long" }
  | { kind: "disconnected" }
  | { kind: "silent" }
  | { kind: "silent after"; tokens: number }
  | { kind: "broken off after"; tokens: number }
  | { kind: "garbled after"; tokens: number }
  | { kind: "failed after"; tokens: number }
  | { kind: "ended without a reason after"; tokens: number };

/** What became of the answers, as the provider sees it. */
export interface ProviderCounts {
  requests: number;
  /** Tokens that were said. */
  tokens: number;
  running: number;
  finished: number;
  aborted: number;
}

/** A model with a provider of its own. */
export interface RunningLlm extends AsyncDisposable {
  readonly llm: Llm;
  /** What must not be in a message: the credentials. */
  readonly secret: string;
  /** Lets the next request meet this. */
  meet(trouble: LlmTrouble): void;
  counts(): ProviderCounts;
  /** The question to which the provider answers `text`, word by word. */
  say(text: string): LlmRequest;
  /** The question to which it answers `tokens` tokens, so many in a second. */
  speak(tokens: number, tokensPerSecond: number): LlmRequest;
}

export interface LlmUnderTest {
  name: string;
  /** Its patience is short: a second or less. */
  start(): RunningLlm;
}

const never = new AbortController().signal;

const troubles: {
  trouble: LlmTrouble;
  error: new (...parts: never[]) => AppError;
  retryAfterMs?: number;
  /** How many words are said before it. */
  words?: number;
}[] = [
  {
    trouble: { kind: "limited", retryAfter: "7" },
    error: LlmUnavailableError,
    retryAfterMs: 7_000,
  },
  { trouble: { kind: "quota" }, error: LlmUnavailableError, retryAfterMs: 60_000 },
  { trouble: { kind: "down" }, error: LlmUnavailableError },
  {
    trouble: { kind: "down", retryAfter: "90" },
    error: LlmUnavailableError,
    retryAfterMs: 90_000,
  },
  { trouble: { kind: "wrong settings" }, error: LlmUnavailableError, retryAfterMs: 60_000 },
  { trouble: { kind: "unknown model" }, error: LlmUnavailableError, retryAfterMs: 60_000 },
  { trouble: { kind: "too long" }, error: LlmRejectedError },
  { trouble: { kind: "disconnected" }, error: LlmUnavailableError },
  { trouble: { kind: "silent" }, error: LlmUnavailableError },
  { trouble: { kind: "silent after", tokens: 2 }, error: LlmUnavailableError, words: 2 },
  { trouble: { kind: "broken off after", tokens: 2 }, error: LlmUnavailableError, words: 2 },
  { trouble: { kind: "garbled after", tokens: 3 }, error: LlmUnavailableError, words: 3 },
  { trouble: { kind: "failed after", tokens: 1 }, error: LlmUnavailableError, words: 1 },
  {
    trouble: { kind: "ended without a reason after", tokens: 4 },
    error: LlmUnavailableError,
    words: 4,
  },
  {
    trouble: { kind: "ended without a reason after", tokens: 0 },
    error: LlmUnavailableError,
  },
];

/** Registers the suite for one model. */
export function testLlm(under: LlmUnderTest): void {
  const test = (name: string, run: (running: RunningLlm) => Promise<void>) =>
    Deno.test(`${under.name}: ${name}`, async () => {
      await using running = under.start();
      await run(running);
    });

  const texts = [
    "Good morning, Mona",
    "Grüße 👩‍👩‍👧 — ✓ 日本語のとても長い文章を少しずつ話します",
    "two\n\nparagraphs,  and\tspaces ",
    '"quotes", {"braces": [1]}, data: [DONE] and \\n',
    "",
  ];
  for (const text of texts) {
    test(`${JSON.stringify(text)} arrives as it was said, streamed and whole`, async (running) => {
      const { llm, say } = running;
      const pieces = await Array.fromAsync(llm.stream(say(text), { signal: never }));
      assert.equal(pieces.join(""), text);
      assert.ok(pieces.every((piece) => piece !== "" && piece.isWellFormed()));
      assert.equal(await llm.complete(say(text), { signal: never }), text);
    });
  }

  test("the text comes piece by piece, while it is being said", async (running) => {
    const { llm, speak, counts } = running;
    const saidAt: number[] = [];
    for await (const _ of llm.stream(speak(10, 50), { signal: never })) {
      saidAt.push(counts().tokens);
    }
    assert.equal(saidAt.at(-1), 10);
    assert.ok(saidAt[0] < 5, saidAt.join());
  });

  test("the provider sees one request for each answer, and each to its end", async (running) => {
    const { llm, say, counts } = running;
    await Array.fromAsync(llm.stream(say("one two"), { signal: never }));
    await llm.complete(say("one two three"), { signal: never });
    assert.deepEqual(counts(), { requests: 2, tokens: 5, running: 0, finished: 2, aborted: 0 });
  });

  for (const tokens of [0, 5]) {
    test(`an abort after ${tokens} tokens ends the iteration quietly, and the provider`, async (running) => {
      const { llm, speak, counts } = running;
      const stop = new AbortController();
      let pieces = 0;
      if (tokens === 0) await abortOnceAsked(running, stop);
      for await (const _ of llm.stream(speak(1_000, 50), { signal: stop.signal })) {
        if (++pieces === tokens) stop.abort();
      }
      assert.equal(pieces, tokens);
      await until(() => counts().aborted === 1);
      assert.equal(counts().running, 0);
      assert.ok(counts().tokens < tokens + 20, String(counts().tokens));
    });
  }

  test("an abort reaches the provider while nobody asks for the next piece", async (running) => {
    const { llm, speak, counts } = running;
    const stop = new AbortController();
    const pieces = llm.stream(speak(1_000, 50), { signal: stop.signal })[Symbol.asyncIterator]();
    await pieces.next();
    stop.abort();
    await until(() => counts().aborted === 1);
    assert.equal((await pieces.next()).done, true);
  });

  test("who leaves early stops the provider", async ({ llm, speak, counts }) => {
    for await (const _ of llm.stream(speak(1_000, 50), { signal: never })) break;
    await until(() => counts().aborted === 1);
    assert.equal(counts().running, 0);
  });

  test("what is aborted before it was asked is not asked", async ({ llm, say, counts }) => {
    const signal = AbortSignal.abort("no more");
    assert.deepEqual(await Array.fromAsync(llm.stream(say("hello"), { signal })), []);
    await assert.rejects(llm.complete(say("hello"), { signal }), (reason) => reason === "no more");
    assert.equal(counts().requests, 0);
  });

  test("a whole answer that is aborted rejects with the signal's reason", async (running) => {
    const { llm, speak, counts } = running;
    const stop = new AbortController();
    const whole = llm.complete(speak(1_000, 50), { signal: stop.signal });
    whole.catch(() => {/* Looked at below. */});
    await until(() => counts().tokens > 0);
    stop.abort("no more");
    await assert.rejects(whole, (reason) => reason === "no more");
    await until(() => counts().aborted === 1);
  });

  test("who reads slowly is not cut off", async ({ llm, say }) => {
    const pieces: string[] = [];
    for await (const piece of llm.stream(say("one two three"), { signal: never })) {
      pieces.push(piece);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    assert.equal(pieces.join(""), "one two three");
  });

  test("an answer that does not fit is said as far as it goes, and then told to be cut", async (running) => {
    const { llm, say } = running;
    const request = { ...say("one two three"), maxTokens: 2 };
    const isCut = { name: "LlmIncompleteError", kind: "cut", endedBy: "length" };
    const pieces: string[] = [];
    await assert.rejects(async () => {
      for await (const piece of llm.stream(request, { signal: never })) pieces.push(piece);
    }, isCut);
    assert.equal(pieces.join(""), "one two");
    await assert.rejects(llm.complete(request, { signal: never }), isCut);
  });

  test("an answer in JSON is an object", async ({ llm }) => {
    const request: LlmRequest = {
      messages: [
        { role: "system", content: "Answer in JSON: {score: number from -1 to 1}" },
        { role: "user", content: "What a wonderful day" },
      ],
      json: true,
    };
    assert.equal(typeof JSON.parse(await llm.complete(request, { signal: never })), "object");
  });

  for (const { trouble, error: expected, retryAfterMs, words = 0 } of troubles) {
    test(`${JSON.stringify(trouble)} is ${expected.name}`, async (running) => {
      const { llm, meet, say, secret } = running;
      const request = say("one two three four five");
      meet(trouble);
      const pieces: string[] = [];
      const error = await (async () => {
        for await (const piece of llm.stream(request, { signal: never })) pieces.push(piece);
      })().then(() => undefined, (error) => error);
      assert.ok(error instanceof expected, String(error));
      assert.equal(error.retryAfterMs, retryAfterMs);
      for (const hidden of [secret, "one", "five"]) {
        assert.ok(!error.message.includes(hidden), error.message);
      }
      // What came before was said.
      assert.equal(pieces.join(""), "one two three four five".split(" ").slice(0, words).join(" "));
      meet(trouble);
      await assert.rejects(llm.complete(request, { signal: never }), expected);
      assert.equal(await llm.complete(request, { signal: never }), "one two three four five");
    });
  }
}

/** Aborts as soon as the provider has been asked. */
async function abortOnceAsked({ counts }: RunningLlm, stop: AbortController): Promise<void> {
  void until(() => counts().requests === 1).then(() => stop.abort());
  await Promise.resolve();
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !isTrue(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(isTrue(), "it did not come to that");
}
