/**
 * The text of a response, as far as there is memory for it.
 *
 * @module
 */

/** Resolves to undefined for a body of more than `mostBytes`, of which no more is read. */
export async function textWithin(
  response: Response,
  mostBytes: number,
): Promise<string | undefined> {
  if (mostBytes === Infinity || response.body === null) return await response.text();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // Left early, the loop cancels the body.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
