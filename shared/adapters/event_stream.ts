/**
 * The data of server-sent events, as they come over a body that may be split anywhere.
 *
 * @module
 */

/**
 * Yields the data of each event, and reads on only when the next one is asked for. An event that
 * the end of the body cuts short is yielded as far as it came. Left early, it cancels the body;
 * cancelled, it ends.
 *
 * @throws {RangeError} at an event of more than `mostCharacters`
 */
export async function* eventData(
  body: ReadableStreamDefaultReader<Uint8Array>,
  mostCharacters: number,
): AsyncGenerator<string> {
  const lines = new Lines();
  let data: string[] = [];
  let characters = 0;
  try {
    for (let part = await body.read();; part = await body.read()) {
      for (const line of part.done ? lines.end() : lines.take(part.value)) {
        if (line !== "") takeLine(line, data);
        else if (data.length > 0) {
          yield data.join("\n");
          data = [];
          characters = 0;
        }
        characters += line.length;
      }
      if (part.done) break;
      if (characters + lines.rest.length > mostCharacters) {
        throw new RangeError(`Cannot read an event: it has more than ${mostCharacters} characters`);
      }
    }
    if (data.length > 0) yield data.join("\n");
  } finally {
    // What broke off has nothing to cancel.
    body.cancel().catch(() => {});
  }
}

/** Bytes that may be split anywhere, as lines that end in LF, CR or both. */
class Lines {
  readonly #decoder = new TextDecoder();
  /** What no line has yet. */
  rest = "";

  take(bytes: Uint8Array): string[] {
    // A CR at the end may be the first half of a CR LF.
    const lines = (this.rest + this.#decoder.decode(bytes, { stream: true }))
      .split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop()!;
    return lines;
  }

  end(): string[] {
    return [(this.rest + this.#decoder.decode()).replace(/\r$/, "")];
  }
}

/** Comments, and fields other than data, say nothing here. */
function takeLine(line: string, data: string[]): void {
  if (line === "data" || line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
}
