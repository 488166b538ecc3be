import assert from "node:assert/strict";
import {
  MAX_RETRY_DELAY_MS,
  parseRetryDelay,
  RetryDelayError,
} from "../../../dev/qstash/retry_delay.ts";

const accepted: [expression: string, delays: number[]][] = [
  ["1000", [1000, 1000]],
  [" 1000 * (1 + retried) ", [1000, 2000, 3000]],
  ["pow(2, retried) * 1000", [1000, 2000, 4000, 8000]],
  ["max(1000, pow(2, retried) * 100)", [1000, 1000, 1000, 1000, 1600]],
  ["min(5000, 1000 * pow(3, retried))", [1000, 3000, 5000]],
  ["1 + 2 * 3 - 4 / 2", [5]],
  ["10 - 3 - 2", [5]],
  ["100 / 10 / 5", [2]],
  ["17 % 5", [2]],
  ["(1 + 2) * 3", [9]],
  ["-(-5)", [5]],
  ["--5", [5]],
  ["2 * -3 + 10", [4]],
  ["sqrt(81)", [9]],
  ["abs(-7)", [7]],
  ["round(exp(1))", [3]],
  ["floor(1.9) + ceil(1.1) + round(1.5)", [5]],
  ["min(9, 4, 6) + max(1, 2, 3)", [7]],
  [".5e3", [500]],
  ["1.4", [1]],
  ["100 - 200", [0]],
  ["retried * 1000 * 60 * 60", [0, 3_600_000]],
  ["1e12", [MAX_RETRY_DELAY_MS]],
];

for (const [expression, delays] of accepted) {
  Deno.test(`"${expression}" waits ${delays} ms`, () => {
    const delay = parseRetryDelay(expression);
    assert.deepEqual(delays.map((_, retried) => delay(retried)), delays);
  });
}

const rejected: [expression: string, detail: string][] = [
  ["", "it ends too early"],
  ["1 +", "it ends too early"],
  ["1 2", 'unexpected "2"'],
  ["2 ** 3", 'unexpected "*"'],
  ["1; 2", 'unexpected ";"'],
  ["(1 + 2", 'expected ")", got "the end"'],
  ["1 + 2)", 'unexpected ")"'],
  ["attempts * 2", 'unknown variable "attempts", the only one is retried'],
  ["pow", 'unknown variable "pow", the only one is retried'],
  ["sin(1)", 'unknown function "sin"'],
  ["constructor(1)", 'unknown function "constructor"'],
  ["retried(1)", 'unknown function "retried"'],
  ["pow(2)", "pow takes 2 values, got 1"],
  ["sqrt()", "sqrt takes 1 value, got 0"],
  ["min()", "min takes at least 1 value, got 0"],
  ["1 / retried", "the value is Infinity where retried is 0"],
  ["sqrt(-1)", "the value is NaN where retried is 0"],
  ["5s", 'unexpected "s"'],
  ["(".repeat(5_00) + "1" + ")".repeat(5_00), "longer than 1000 characters"],
  ["(".repeat(200) + "1" + ")".repeat(200), "nested deeper than 50"],
  ["-".repeat(200) + "1", "nested deeper than 50"],
];

for (const [expression, detail] of rejected) {
  Deno.test(`parseRetryDelay() rejects "${expression.slice(0, 20)}": ${detail}`, () => {
    assert.throws(() => parseRetryDelay(expression), (error) => {
      assert.ok(error instanceof RetryDelayError);
      assert.equal(error.message, `invalid retry delay expression "${expression}": ${detail}`);
      return true;
    });
  });
}

Deno.test("a delay that fails only later says for which retry", () => {
  const delay = parseRetryDelay("1000 / (2 - retried)");
  assert.equal(delay(1), 1000);
  assert.throws(() => delay(2), /the value is Infinity where retried is 2/);
});
