/**
 * What the app's process and the one that started it say to each other: the clock's offset
 * down stdin, and the same back on stdout once it holds.
 *
 * @module
 */

/** Begins a line on stdout that is meant for the parent, not for people. */
const MARK = "\x1ezeropoll-clock ";

/** The offsets that the parent sends, in ms, until it goes. */
export async function* offsets(): AsyncGenerator<number> {
  for await (const line of linesOf(Deno.stdin.readable)) yield Number(line);
}

/** Tells the parent that the app runs, and on this offset. */
export function answer(offsetMs: number): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${MARK}${offsetMs}\n`));
}

/** The offset that `line` answers with, or nothing when it is an ordinary line. */
export function answerIn(line: string): number | undefined {
  return line.startsWith(MARK) ? Number(line.slice(MARK.length)) : undefined;
}

/** Ctrl-C reaches the whole group; the app waits for the end of stdin instead. */
export function outliveInterrupt(): void {
  Deno.addSignalListener("SIGINT", () => {});
}

/** The lines of a stream of bytes, the last one too when it has no end. */
export async function* linesOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
