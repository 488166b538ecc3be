import assert from "node:assert/strict";
import { readableLine } from "../../dev/log_line.ts";

const head = { at: "2026-11-21T10:33:29.754Z", level: "info", requestId: "r1" };
const lines = [
  {
    because: "a request is its answer, its route and its price",
    line: JSON.stringify({
      ...head,
      event: "request.ended",
      method: "POST",
      route: "/api/jobs/:name",
      status: 202,
      ms: 12,
      redisCommands: 1,
      redisMs: 3,
    }),
    shown: "10:33:29 202 POST /api/jobs/:name  12 ms, 1 command",
  },
  {
    because: "a request that failed says why",
    line: JSON.stringify({
      ...head,
      event: "request.ended",
      method: "POST",
      route: "/qstash/jobs/:name",
      status: 500,
      ms: 1,
      redisCommands: 2,
      code: "job_failed",
      error: "Told to fail",
    }),
    shown: "10:33:29 500 POST /qstash/jobs/:name  1 ms, 2 commands  job_failed: Told to fail",
  },
  {
    because: "any other event shows its fields, and its stack as it is",
    line: JSON.stringify({
      ...head,
      event: "job.failed",
      job: "debug.echo",
      attempt: 0,
      error: "Told to fail",
      stack: "Error: Told to fail\n    at run",
    }),
    shown: '10:33:29     job.failed job=debug.echo attempt=0 error="Told to fail"\n' +
      "Error: Told to fail\n    at run",
  },
  { because: "what a job prints stays", line: '{"half": ', shown: '{"half": ' },
  { because: "JSON that is no log line stays", line: '{"a":1}', shown: '{"a":1}' },
];
for (const { because, line, shown } of lines) {
  Deno.test(`readableLine(): ${because}`, () => assert.equal(readableLine(line), shown));
}

Deno.test("readableLine() colours a warning and an error, if it is told to", () => {
  const line = (level: string) => JSON.stringify({ ...head, level, event: "job.failed" });
  assert.equal(readableLine(line("info"), true), "10:33:29     job.failed");
  assert.equal(readableLine(line("warn"), true), "10:33:29 \x1b[33m    job.failed\x1b[0m");
  assert.equal(readableLine(line("error"), true), "10:33:29 \x1b[31m    job.failed\x1b[0m");
});

Deno.test("readableLine() shows control characters, whoever sent them", () => {
  const evil = "\x1b[2J\x9b1m\u202e\n";
  const request = { ...head, event: "request.ended", method: "GET", route: evil, status: 500 };
  for (
    const line of [
      JSON.stringify({ ...request, ms: 1, redisCommands: 0, code: "unexpected", error: evil }),
      JSON.stringify({
        ...head,
        event: `job.failed${evil}`,
        job: evil,
        [evil]: "x",
        text: `a ${evil}`,
      }),
      "somebody's own print \x1b]0;title\x07",
      JSON.stringify({ ...head, at: evil.repeat(9), event: "a.b" }),
    ]
  ) assert.doesNotMatch(readableLine(line), /[\p{Cc}\p{Bidi_Control}]/u);
  const stack = readableLine(
    JSON.stringify({ ...head, event: "a.b", stack: `Error: ${evil}    at b` }),
  );
  assert.doesNotMatch(stack.replaceAll("\n", ""), /[\p{Cc}\p{Bidi_Control}]/u);
});
