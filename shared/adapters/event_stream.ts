/**
 * The data of server-sent events, as they come over a body that may be split anywhere.
 *
 * @module
 */

/**
 * Yields the data of each event, and reads on only when the next one is asked for. An event that
 * the end of the body cuts short is yielded as far as it came. Left early, it cancels the body.
 *
 * @throws {RangeError} at an event of more than `mostCharacters`
 */
export async function* eventData(
  body: ReadableStream<Uint8Array>,
  mostCharacters: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  let characters = 0;
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the end may be the first half of a CR LF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line !== "") takeLine(line, data);
      else if (data.length > 0) {
        yield data.join("\n");
        data = [];
        characters = 0;
      }
      characters += line.length;
    }
    if (characters + rest.length > mostCharacters) {
      throw new RangeError(`Cannot read an event: it has more than ${mostCharacters} characters`);
    }
  }
  takeLine((rest + decoder.decode()).replace(/\r$/, ""), data);
  if (data.length > 0) yield data.join("\n");
}

/** Comments, and fields other than data, say nothing here. */
function takeLine(line: string, data: string[]): void {
  if (line === "data" || line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
}
