/**
 * The body of an answer, read until somebody leaves.
 *
 * Deno closes an aborted fetch only while its `Response` can be reached, so a body that outlives it
 * would stay open for good, and its read would never end. Cancelling the reader closes it anywhere.
 *
 * @module
 */

/** A reader that ends, and its connection with it, once `signal` aborts. */
export function readerUntil(
  signal: AbortSignal,
  body: ReadableStream<Uint8Array>,
): ReadableStreamDefaultReader<Uint8Array> {
  const reader = body.getReader();
  // What is gone already has nothing to cancel.
  const cancel = () => void reader.cancel().catch(() => {});
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
  return reader;
}
