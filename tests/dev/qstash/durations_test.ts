import assert from "node:assert/strict";
import {
  DurationError,
  formatSeconds,
  parseDuration,
  parseRetryAfter,
} from "../../../dev/qstash/durations.ts";

const durations: [text: string, ms: number][] = [
  ["10s", 10_000],
  ["1h30m3s", 5_403_000],
  ["1d10h30m", 124_200_000],
  ["10d", 864_000_000],
  ["1.5s", 1_500],
  [".5m", 30_000],
  ["0s", 0],
  ["0", 0],
  [" 5m ", 300_000],
];
for (const [text, ms] of durations) {
  Deno.test(`"${text}" is ${ms} ms`, () => assert.equal(parseDuration(text), ms));
}

for (
  const text of ["", "10", "s", "10x", "-5s", "10 s", "1h 30m", "10ms", "5sm", "1e3s", "later"]
) {
  Deno.test(`parseDuration() rejects "${text}"`, () => {
    assert.throws(() => parseDuration(text), (error) => {
      assert.ok(error instanceof DurationError);
      assert.match(error.message, /expected a number with a unit, such as 10s/);
      return true;
    });
  });
}

const now = Date.parse("2026-03-01T10:00:00Z");
const waits: [headers: Record<string, string>, ms: number | undefined, because?: string][] = [
  [{}, undefined],
  [{ "Retry-After": "30" }, 30_000],
  [{ "Retry-After": "0" }, 0, "zero is at once"],
  [{ "Retry-After": "1.5" }, 1_500],
  [{ "Retry-After": "Sun, 01 Mar 2026 10:02:00 GMT" }, 120_000],
  [{ "Retry-After": "Sun, 01 Mar 2026 09:00:00 GMT" }, 0, "the past is at once"],
  [{ "Retry-After": "6m5s" }, 365_000],
  [{ "Retry-After": "250ms" }, 250],
  [{ "Retry-After": "1s500us" }, 1_001, "never early"],
  [{ "Retry-After": "1500000ns" }, 2, "never early"],
  [{ "Retry-After": "20µs" }, 1],
  [{ "Retry-After": "24h" }, 86_400_000, "a day is the most"],
  [{ "Retry-After": "86401" }, undefined, "over a day is ignored"],
  [{ "Retry-After": "1d" }, undefined, "Go knows no days"],
  [{ "Retry-After": "-5" }, undefined],
  [{ "Retry-After": "soon" }, undefined],
  [{ "Retry-After": "2026-03-01T10:05:00Z" }, undefined, "only the RFC 1123 form of a date"],
  [{ "X-RateLimit-Reset": "12" }, 12_000],
  [{ "X-RateLimit-Reset-Requests": "1m0s" }, 60_000],
  [{ "X-RateLimit-Reset-Tokens": "7.5s" }, 7_500],
  [{ "X-RateLimit-Reset": "12", "Retry-After": "3" }, 3_000, "Retry-After goes first"],
  [
    { "Retry-After": "soon", "X-RateLimit-Reset": "9" },
    9_000,
    "what cannot be read is passed over",
  ],
  [{ "X-RateLimit-Reset": "1772359500" }, undefined, "an epoch time is over a day"],
];
for (const [headers, ms, because] of waits) {
  Deno.test(`${JSON.stringify(headers)} waits ${ms} ms${because ? `: ${because}` : ""}`, () => {
    assert.equal(parseRetryAfter(new Headers(headers), now), ms);
  });
}

Deno.test("formatSeconds() rounds to whole seconds", () => {
  assert.equal(formatSeconds(1_500), "2s");
  assert.equal(formatSeconds(0), "0s");
});
