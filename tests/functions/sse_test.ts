import assert from "node:assert/strict";
import { Hono } from "hono";
import { VirtualClock } from "../../dev/clock.ts";
import { listen } from "../../dev/server.ts";
import type { AppEnv } from "../../functions/context.ts";
import type { Deps } from "../../functions/deps.ts";
import { answerProblem } from "../../functions/middleware/problem.ts";
import { requestLog } from "../../functions/middleware/request_log.ts";
import { readPlace, type SseEvent, sseResponse } from "../../functions/middleware/sse.ts";
import { type LogFields, RedisUnavailableError } from "../../shared/mod.ts";
import { readEvents } from "../support/event_source.ts";

/** An app that streams what `source` tells, and what it logged. */
function setUp(source: (signal: AbortSignal) => AsyncIterable<SseEvent>) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const keep = (event: string, _fields?: LogFields) => void lines.push(event);
  const deps = {
    config: { publicUrl: "https://app.example" },
    clock,
    sleep: (ms: number) =>
      new Promise<void>((resolve) => clock.schedule(clock.now() + ms, () => resolve())),
    log: { info: keep, warn: keep, error: keep },
  } as unknown as Deps;
  const app = new Hono<AppEnv>();
  app.use(requestLog(() => deps, () => "request-1"));
  app.onError(answerProblem);
  app.get("/", (c) => {
    const leaving = new AbortController();
    return sseResponse(c, source(leaving.signal), { leaving });
  });
  app.get("/place", (c) => c.json(readPlace(c) ?? "none"));
  return { app, clock, lines };
}

async function* twoEvents(): AsyncGenerator<SseEvent> {
  yield await Promise.resolve({ id: "1:5", event: "text", data: { text: "line\nbreak\ud83d" } });
  yield { event: "end", data: { state: "done" } };
}

/** Tells nothing, until it is left. */
async function* silence(signal: AbortSignal): AsyncGenerator<SseEvent> {
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  yield* [];
}

Deno.test("events come as frames with id, event and one line of data, and then it closes", async () => {
  const { app, lines } = setUp(twoEvents);
  const response = await app.request("/");
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("x-accel-buffering"), "no");
  assert.deepEqual(lines, [], "the request lasts as long as its stream");
  assert.equal(
    await response.text(),
    "retry: 1000\n\n" +
      'id: 1:5\nevent: text\ndata: {"text":"line\\nbreak\\ud83d"}\n\n' +
      'event: end\ndata: {"state":"done"}\n\n',
  );
  await Promise.resolve();
  assert.deepEqual(lines, ["request.ended"]);
});

Deno.test("a comment comes every 15 s, until the client leaves; then the source is told, and nothing is left", async () => {
  let left = false;
  const { app, clock, lines } = setUp(async function* (signal) {
    try {
      yield* silence(signal);
    } finally {
      left = true;
    }
  });
  const server = listen((request) => app.fetch(request));
  const leaving = new AbortController();
  const events = readEvents(await fetch(server.url, { signal: leaving.signal }));
  assert.deepEqual((await events.next()).value, { retry: "1000" });
  for (let beat = 0; beat < 3; beat++) {
    await clock.advance(15_000);
    assert.deepEqual((await events.next()).value, { comment: "" });
  }
  leaving.abort();
  while (!lines.includes("request.ended")) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.ok(left);
  await clock.advance(15_000);
  assert.equal(clock.nextDueAt(), undefined, "no timer is left");
  await server.close();
});

Deno.test("a source that throws ends the stream without a word, and is logged", async () => {
  const { app, lines } = setUp(async function* () {
    yield* twoEvents();
    throw new RedisUnavailableError("Cannot run GET: no answer");
  });
  const text = await (await app.request("/")).text();
  assert.match(text, /event: end\ndata: \{"state":"done"\}\n\n$/);
  assert.deepEqual(lines, ["stream.failed", "request.ended"]);
});

Deno.test("a client that does not read is not told more than one event ahead, nor comments", async () => {
  let told = 0;
  const { app, clock } = setUp(async function* () {
    while (++told < 1_000) yield await Promise.resolve({ event: "text", data: told });
  });
  const reader = (await app.request("/")).body!.getReader();
  await reader.read();
  await clock.advance(60_000);
  assert.ok(told <= 2, `${told} events were asked for`);
  await reader.cancel();
});

Deno.test("HEAD starts nothing", async () => {
  let started = false;
  const { app, clock, lines } = setUp(async function* (signal) {
    started = true;
    yield* silence(signal);
  });
  const response = await app.request("/", { method: "HEAD" });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(started, false);
  assert.equal(clock.nextDueAt(), undefined);
  assert.deepEqual(lines, ["request.ended"]);
});

const places: { query?: string; header?: string; place: unknown; because: string }[] = [
  { place: "none", because: "it holds nothing" },
  { query: "1:0", place: { epoch: 1, offset: 0 }, because: "it says so" },
  { header: "2:17", place: { epoch: 2, offset: 17 }, because: "a browser says so" },
  { query: "1:5", header: "1:9", place: { epoch: 1, offset: 9 }, because: "that is newer" },
  { query: "", place: "none", because: "empty is nothing" },
  { header: "", query: "1:5", place: { epoch: 1, offset: 5 }, because: "empty is nothing" },
  { query: "5", place: 422, because: "the epoch is missing" },
  { query: "1:-5", place: 422, because: "no offset is negative" },
  { query: "1:1e3", place: 422, because: "digits alone" },
  { query: "1:9999999999", place: 422, because: "no reply is as long" },
  { header: "x", place: 422, because: "it is no id of ours" },
];
for (const { query, header, place, because } of places) {
  const says = `?after=${query ?? ""} and Last-Event-ID ${header ?? ""}`;
  Deno.test(`what a client holds by ${says} is ${JSON.stringify(place)}: ${because}`, async () => {
    const { app } = setUp(twoEvents);
    const response = await app.request(
      `/place${query === undefined ? "" : `?after=${encodeURIComponent(query)}`}`,
      { headers: header === undefined ? {} : { "last-event-id": header } },
    );
    if (place === 422) {
      assert.equal(response.status, 422);
      const { fields } = await response.json();
      assert.equal(fields[0].path, header === undefined ? "after" : "Last-Event-ID");
    } else assert.deepEqual(await response.json(), place);
  });
}
