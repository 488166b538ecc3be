import assert from "node:assert/strict";
import { VirtualClock } from "../../dev/clock.ts";
import { createQstashServer, type QstashServerOptions } from "../../dev/qstash/server.ts";
import { listen } from "../../dev/server.ts";
import { createQstash } from "../../shared/adapters/qstash.ts";
import {
  QueueRejectedError,
  QueueUnavailableError,
  UnsupportedDelayError,
} from "../../shared/errors.ts";
import type { Publication, QueueSchedule } from "../../shared/ports.ts";

const TOKEN_IN_ERRORS = "secret-token";

/** QStash on loopback, an endpoint that answers as it is told, and the adapter on both. */
function setUp(options: Partial<QstashServerOptions> = {}) {
  const clock = new VirtualClock();
  const qstash = createQstashServer({ clock, ...options });
  const server = listen((request, connection) => qstash.fetch(request, connection));
  const delivered: { headers: Headers; body: string }[] = [];
  let answer = () => new Response("done");
  const endpoint = listen(async (request) => {
    delivered.push({ headers: request.headers, body: await request.text() });
    return answer();
  });
  const publication = (change: Partial<Publication> = {}): Publication => ({
    url: `${endpoint.url}/qstash/jobs/debug.echo`,
    body: '{"a":"é"}',
    label: "job1",
    retries: 2,
    timeoutMs: 30_000,
    deduplicationId: "job1-0",
    ...change,
  });
  return {
    clock,
    qstash,
    delivered,
    publication,
    queue: createQstash({ url: server.url, token: qstash.token, clock }),
    url: server.url,
    answerWith(status: number) {
      answer = () => new Response("told to", { status });
    },
    async [Symbol.asyncDispose]() {
      await qstash.close();
      await server.close();
      await endpoint.close();
    },
  };
}

Deno.test("publish() is delivered as it was sent, with its retries, timeout, label and callback", async () => {
  await using parts = setUp();
  const { clock, delivered, publication, qstash, queue } = parts;
  const { messageId, deduplicated } = await queue.publish(publication({
    retryDelay: "min(60000, 1000 * pow(2, retried))",
    flowControl: { key: "mail", rate: 2, periodSeconds: 1, parallelism: 3 },
    failureCallbackUrl: `${publication().url}/failed`,
  }));
  assert.equal(deduplicated, false);
  await clock.advance(0);
  assert.deepEqual(delivered.map(({ body }) => body), ['{"a":"é"}']);
  assert.equal(delivered[0].headers.get("content-type"), "application/json");
  assert.equal(delivered[0].headers.get("upstash-message-id"), messageId);
  const created = qstash.logs().find(({ state }) => state === "CREATED")!;
  assert.equal(created.label, "job1");
  assert.equal(created.maxRetries, 2);
  assert.equal(created.timeout, 30_000);
  assert.equal(created.failureCallback, `${publication().url}/failed`);
  assert.equal(created.flowControlKey, "mail");
});

Deno.test("publish() again with the same deduplication id is one message", async () => {
  await using parts = setUp();
  const { clock, delivered, publication, queue } = parts;
  const first = await queue.publish(publication());
  const second = await queue.publish(publication());
  assert.deepEqual(second, { messageId: first.messageId, deduplicated: true });
  await clock.advance(0);
  assert.equal(delivered.length, 1);
});

Deno.test("notBefore is rounded up to a whole second, never down", async () => {
  await using parts = setUp();
  const { clock, delivered, publication, queue } = parts;
  await queue.publish(publication({ notBefore: clock.now() + 1_500 }));
  await clock.advance(1_999);
  assert.equal(delivered.length, 0);
  await clock.advance(1);
  assert.equal(delivered.length, 1);
});

Deno.test("a notBefore in the past means now", async () => {
  await using parts = setUp();
  await parts.queue.publish(parts.publication({ notBefore: parts.clock.now() - 60_000 }));
  await parts.clock.advance(0);
  assert.equal(parts.delivered.length, 1);
});

Deno.test("publishMany() answers in order, and leaves its input as it was", async () => {
  await using parts = setUp();
  const { clock, delivered, publication, queue } = parts;
  const publications = ["one", "two", "one"].map((id) =>
    publication({ body: JSON.stringify(id), deduplicationId: id, label: id })
  );
  const before = structuredClone(publications);
  const published = await queue.publishMany(publications);
  assert.deepEqual(published.map(({ deduplicated }) => deduplicated), [false, false, true]);
  assert.equal(published[0].messageId, published[2].messageId);
  assert.deepEqual(publications, before);
  await clock.advance(0);
  assert.deepEqual(delivered.map(({ body }) => body).sort(), ['"one"', '"two"']);
});

Deno.test("publishMany() of nothing asks nothing", async () => {
  await using parts = setUp();
  assert.deepEqual(await parts.queue.publishMany([]), []);
});

Deno.test("cancel() ends what carries the label, and nothing else", async () => {
  await using parts = setUp();
  const { clock, delivered, publication, queue } = parts;
  const notBefore = clock.now() + 60_000;
  await queue.publish(publication({ label: "keep", deduplicationId: "a", notBefore }));
  await queue.publish(publication({ label: "drop", deduplicationId: "b", notBefore }));
  assert.equal(await queue.cancel("drop"), 1);
  assert.equal(await queue.cancel("unknown"), 0);
  await clock.advance(120_000);
  assert.equal(delivered.length, 1);
});

const badLabels = [
  { label: "", because: "an empty filter would cancel everything" },
  { label: undefined as unknown as string, because: "the client would drop it" },
  { label: "a,b", because: "a comma makes two" },
  { label: ["a"] as unknown as string, because: "it is no text" },
];
for (const { label, because } of badLabels) {
  Deno.test(`cancel(${JSON.stringify(label)}) throws: ${because}`, async () => {
    await using parts = setUp();
    const { clock, delivered, publication, queue } = parts;
    await queue.publish(publication({ notBefore: clock.now() + 1_000 }));
    await assert.rejects(queue.cancel(label), TypeError);
    await assert.rejects(queue.history(label), TypeError);
    await assert.rejects(queue.publish(publication({ label })), TypeError);
    await clock.advance(2_000);
    assert.equal(delivered.length, 1, "the waiting message was left alone");
  });
}

Deno.test("history() tells a label's deliveries, newest first, with the body as text", async () => {
  await using parts = setUp();
  const { clock, publication, queue } = parts;
  parts.answerWith(500);
  await queue.publish(publication({ retries: 1, retryDelay: "1000" }));
  await queue.publish(publication({ label: "other", deduplicationId: "other" }));
  await clock.advance(0);
  parts.answerWith(200);
  await clock.advance(5_000);
  const events = await queue.history("job1");
  const states = events.map(({ state }) => state);
  assert.equal(states[0], "DELIVERED");
  assert.equal(states.at(-1), "CREATED");
  assert(states.includes("ERROR") || states.includes("RETRY"), states.join());
  assert.equal(new Set(events.map(({ messageId }) => messageId)).size, 1);
  assert.equal(events.at(-1)!.body, '{"a":"é"}');
  assert.deepEqual(events.map(({ at }) => at), events.map(({ at }) => at).sort((a, b) => b - a));
});

Deno.test("deadLetters() lists what QStash gave up on; removeDeadLetter() may come twice", async () => {
  await using parts = setUp();
  const { clock, publication, queue } = parts;
  parts.answerWith(500);
  const { messageId } = await queue.publish(publication({ retries: 0 }));
  await clock.advance(0);
  const { letters, cursor } = await queue.deadLetters();
  assert.equal(cursor, undefined);
  assert.equal(letters.length, 1);
  const [letter] = letters;
  assert.deepEqual(
    { ...letter, id: "", createdAt: 0 },
    {
      id: "",
      messageId,
      url: publication().url,
      body: '{"a":"é"}',
      label: "job1",
      attempts: 1,
      responseStatus: 500,
      responseBody: "told to",
      createdAt: 0,
      failedAt: clock.now(),
    },
  );
  await queue.removeDeadLetter(letter.id);
  await queue.removeDeadLetter(letter.id);
  assert.deepEqual((await queue.deadLetters()).letters, []);
});

Deno.test("a schedule reads back as it was put, and the same id replaces it", async () => {
  await using parts = setUp();
  const { publication, queue } = parts;
  const schedule: QueueSchedule = {
    id: "zeropoll.nightly",
    cron: "CRON_TZ=Europe/Berlin 0 3 * * *",
    url: publication().url,
    body: '{"tick":true}',
    label: "nightly",
    retries: 1,
    retryDelay: "1000 * (1 + retried)",
    timeoutMs: 45_000,
    flowControl: { key: "nightly", rate: 2, periodSeconds: 60, parallelism: 1 },
    failureCallbackUrl: `${publication().url}/failed`,
  };
  await queue.putSchedule(schedule);
  assert.deepEqual(await queue.schedules(), [schedule]);
  const { flowControl: _, ...simpler } = schedule;
  await queue.putSchedule({ ...simpler, cron: "0 4 * * *" });
  assert.deepEqual(await queue.schedules(), [{ ...simpler, cron: "0 4 * * *" }]);
  await queue.removeSchedule(schedule.id);
  await queue.removeSchedule(schedule.id);
  assert.deepEqual(await queue.schedules(), []);
});

Deno.test("QStash answering 5xx is unavailable, and nothing is accepted", async () => {
  await using parts = setUp();
  parts.qstash.faults.add({ kind: "publishRefused", status: 503 });
  await assert.rejects(parts.queue.publish(parts.publication()), QueueUnavailableError);
  assert.equal(parts.qstash.messages().length, 0);
});

Deno.test("a reply that was lost is asked for again, and is one message", async () => {
  await using parts = setUp();
  parts.qstash.faults.add({ kind: "publishReplyLost" });
  const { deduplicated } = await parts.queue.publish(parts.publication());
  assert.equal(deduplicated, true);
  assert.equal(parts.qstash.messages().length, 1);
});

Deno.test("the day's limit is unavailable until the limit's window ends", async () => {
  await using parts = setUp();
  parts.qstash.faults.add({ kind: "quota" });
  const error = await parts.queue.publish(parts.publication()).catch((error) => error);
  assert(error instanceof QueueUnavailableError);
  const untilMidnight = 86_400_000 - parts.clock.now() % 86_400_000;
  assert(Math.abs(error.retryAfterMs - untilMidnight) <= 1_000, `${error.retryAfterMs}`);
});

Deno.test("a delay that the plan does not hold is unsupported, and names the limit", async () => {
  await using parts = setUp({ plan: "free" });
  const { clock, publication, qstash, queue } = parts;
  const tooLate = publication({ notBefore: clock.now() + 8 * 86_400_000 });
  const error = await queue.publish(tooLate).catch((error) => error);
  assert(error instanceof UnsupportedDelayError, String(error));
  assert.match(error.message, /604800 seconds/);
  await assert.rejects(queue.publishMany([publication(), tooLate]), UnsupportedDelayError);
  assert.equal(qstash.messages().length, 0, "all are accepted or none");
});

Deno.test("a wrong token is a rejection, and stays out of the error", async () => {
  await using parts = setUp();
  const { clock, publication, url } = parts;
  const queue = createQstash({ url, token: TOKEN_IN_ERRORS, clock });
  const error = await queue.publish(publication({ body: "secret-payload" })).catch((error) =>
    error
  );
  assert(error instanceof QueueRejectedError);
  assert.match(error.message, /401/);
  assert(!/secret-/.test(`${error.message} ${error.cause}`));
});

Deno.test("a QStash that never answers is unavailable after the timeout", async () => {
  const server = listen(() => new Promise<Response>(() => {}));
  const queue = createQstash({
    url: server.url,
    token: "t",
    clock: new VirtualClock(),
    timeoutMs: 50,
  });
  await assert.rejects(queue.schedules(), { name: "QueueUnavailableError", message: /in time/ });
  await server.close();
});

Deno.test("a QStash that cannot be reached is unavailable, and says no more than that", async () => {
  const server = listen(() => new Response());
  await server.close();
  const queue = createQstash({
    url: server.url,
    token: TOKEN_IN_ERRORS,
    clock: new VirtualClock(),
  });
  const error = await queue.schedules().catch((error) => error);
  assert(error instanceof QueueUnavailableError);
  assert.equal(error.message, "Cannot list schedules: the connection to QStash failed");
});

Deno.test("QSTASH_DEV in the environment does not send messages elsewhere", async () => {
  Deno.env.set("QSTASH_DEV", "true");
  // Where development mode would look; nothing listens there.
  Deno.env.set("QSTASH_DEV_PORT", "1");
  try {
    await using parts = setUp();
    await parts.queue.publish(parts.publication());
    assert.equal(parts.qstash.messages().length, 1);
  } finally {
    Deno.env.delete("QSTASH_DEV");
    Deno.env.delete("QSTASH_DEV_PORT");
  }
});
