/**
 * The data of events, wherever the body is split.
 *
 * @module
 */
import assert from "node:assert/strict";
import { streamedEvents } from "../../shared/adapters/event_stream.ts";

function bodyOf(chunks: readonly Uint8Array[]): ReadableStreamDefaultReader<Uint8Array> {
  return (ReadableStream.from(chunks) as ReadableStream<Uint8Array>).getReader();
}

async function read(text: string, splitEvery = Infinity, most = 1_000): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += splitEvery) {
    chunks.push(bytes.slice(at, at + splitEvery));
  }
  return (await Array.fromAsync(streamedEvents(bodyOf(chunks), most))).map(({ data }) => data);
}

const streams: [what: string, text: string, events: string[]][] = [
  ["one event", "data: one\n\n", ["one"]],
  ["no space after the colon", "data:one\n\n", ["one"]],
  ["a space more than one stays", "data:  one\n\n", [" one"]],
  ["CR LF", "data: one\r\n\r\ndata: two\r\n\r\n", ["one", "two"]],
  ["CR alone", "data: one\r\rdata: two\r\r", ["one", "two"]],
  ["comments", ": hello\n\ndata: one\n: again\n\n:\n\n", ["one"]],
  ["other fields", "event: x\nid: 1\nretry: 5\ndata: one\n\n", ["one"]],
  ["a field without a colon", "data\n\ndata: one\n\n", ["", "one"]],
  ["a field that only begins like data", "database: one\n\n", []],
  ["several lines of data", "data: one\ndata: two\n\n", ["one\ntwo"]],
  ["empty lines between", "\n\n\ndata: one\n\n\n\n", ["one"]],
  ["characters of many bytes", "data: Grüße 👩‍👩‍👧 日本語 ✓\n\n", ["Grüße 👩‍👩‍👧 日本語 ✓"]],
  ["a byte order mark", "\ufeffdata: one\n\n", ["one"]],
  ["an end without an empty line", "data: one\n\ndata: two", ["one", "two"]],
  ["an end after a CR", "data: one\r", ["one"]],
  ["a line separator that ends no line", "data: one\u2028two\n\n", ["one\u2028two"]],
  ["nothing", "", []],
];
for (const [what, text, events] of streams) {
  Deno.test(`events are read with ${what}, split after any byte`, async () => {
    assert.deepEqual(await read(text), events);
    for (let splitEvery = 1; splitEvery < 8; splitEvery++) {
      assert.deepEqual(await read(text, splitEvery), events, `split every ${splitEvery}`);
    }
  });
}

for (const endless of ["data: " + "x".repeat(2_000), "data: x\n".repeat(400), ": ".repeat(2_000)]) {
  Deno.test(`an event that does not end is given up: ${endless.slice(0, 12).trim()} …`, async () => {
    await assert.rejects(read(endless, 100), RangeError);
  });
}

Deno.test("many events are more than one may be", async () => {
  assert.equal((await read("data: twelve chars\n\n".repeat(500), 7)).length, 500);
});

Deno.test("the body is read as its events are asked for, and cancelled by who leaves", async () => {
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode(`data: ${pulled++}\n\n`)),
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  const events = streamedEvents(body.getReader(), 1_000);
  assert.equal((await events.next()).value?.data, "0");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(pulled, 1);
  assert.equal((await events.next()).value?.data, "1");
  await events.return(undefined);
  assert.equal(pulled, 2);
  assert.ok(cancelled);
});
