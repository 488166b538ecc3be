/**
 * The text of a response, as far as there is memory for it.
 *
 * @module
 */

import { readerUntil } from "./body_reader.ts";

export interface TextWithinOptions {
  mostBytes: number;
  /** That of the request. */
  signal: AbortSignal;
}

/**
 * Resolves to undefined for a body of more than `mostBytes`, of which no more is read. Rejects with
 * the reason of `signal` when that aborts.
 */
export async function textWithin(
  response: Response,
  { mostBytes, signal }: TextWithinOptions,
): Promise<string | undefined> {
  if (mostBytes === Infinity || response.body === null) return await response.text();
  const reader = readerUntil(signal, response.body);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.byteLength;
    if (bytes > mostBytes) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    text += decoder.decode(part.value, { stream: true });
  }
  // Cancelled, a body ends like a whole one.
  signal.throwIfAborted();
  return text + decoder.decode();
}
