/**
 * Server-sent events, as they come over a body that may be split anywhere.
 *
 * @module
 */

/** One event; comments and what else is not data say nothing. */
export interface StreamedEvent {
  /** Its name; empty for one that has none. */
  event: string;
  data: string;
}

/** What a body is read by. */
export type BodyReader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;

/**
 * Yields each event that has data, and reads on only when the next one is asked for. An event that
 * the end of the body cuts short is yielded as far as it came. Left early, it cancels the body;
 * cancelled, it ends.
 *
 * @throws {RangeError} at an event of more than `mostCharacters`
 */
export async function* streamedEvents(
  body: BodyReader,
  mostCharacters: number,
): AsyncGenerator<StreamedEvent> {
  const lines = new Lines();
  let data: string[] = [];
  let event = "";
  let characters = 0;
  try {
    for (let part = await body.read();; part = await body.read()) {
      for (const line of part.done ? lines.end() : lines.take(part.value)) {
        if (line === "") {
          if (data.length > 0) yield { event, data: data.join("\n") };
          data = [];
          event = "";
          characters = 0;
        } else if (isField(line, "data")) data.push(valueOf(line, "data"));
        else if (isField(line, "event")) event = valueOf(line, "event");
        characters += line.length;
      }
      if (part.done) break;
      if (characters + lines.rest.length > mostCharacters) {
        throw new RangeError(`Cannot read an event: it has more than ${mostCharacters} characters`);
      }
    }
    if (data.length > 0) yield { event, data: data.join("\n") };
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

function isField(line: string, name: string): boolean {
  return line === name || line.startsWith(`${name}:`);
}

function valueOf(line: string, name: string): string {
  return line.slice(name.length + 1).replace(/^ /, "");
}
