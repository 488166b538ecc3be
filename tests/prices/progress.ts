/**
 * How far a long list is: one line that changes on a terminal, a line for each tenth elsewhere.
 *
 * @module
 */

export interface Progress {
  /** Says what is measured now. */
  begins(what: string): void;
  /** Takes the line away, so that something can be printed in its place. */
  clear(): void;
  ends(): void;
}

export interface ProgressOptions {
  isTerminal?: boolean;
  columns?: number;
  /** Takes what is shown. Default: stderr. */
  write?: (text: string) => void;
  /** Ms since something. */
  now?: () => number;
}

/** A list of `outOf` things. */
export function createProgress(outOf: number, options: ProgressOptions = {}): Progress {
  const {
    isTerminal = Deno.stderr.isTerminal(),
    columns = columnsOf(),
    write = (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
    now = () => performance.now(),
  } = options;
  const startedAt = now();
  let done = 0;
  let shownTenth = 0;
  const seconds = () => Math.round((now() - startedAt) / 1_000);
  const clear = () => isTerminal && write("\r\x1b[K");
  return {
    begins(what) {
      const left = done === 0
        ? ""
        : `, about ${Math.ceil(seconds() / done * (outOf - done))} s left`;
      if (isTerminal) {
        write(
          `\r\x1b[K${
            `${done + 1} of ${outOf}, ${seconds()} s${left}: ${what}`.slice(0, columns - 1)
          }`,
        );
      } else if (done === 0 || Math.floor(10 * done / outOf) > shownTenth) {
        shownTenth = Math.floor(10 * done / outOf);
        write(`${done} of ${outOf} measured, ${seconds()} s${left}\n`);
      }
      done++;
    },
    clear,
    ends() {
      clear();
      write(`${done} of ${outOf} measured in ${seconds()} s\n`);
    },
  };
}

function columnsOf(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    // No terminal has a size.
    return 80;
  }
}
