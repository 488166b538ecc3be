/**
 * The log port as lines of JSON.
 *
 * @module
 */
import type { Clock, Log, LogFields } from "../ports.ts";
import { printableJson } from "./terminal.ts";

export interface ConsoleLogOptions {
  clock: Clock;
  /** Takes one line. Default: `console.log`. */
  write?: (line: string) => void;
}

/** Makes a log that writes `{"at","level","event",…fields}`, one line for each event. */
export function createConsoleLog({ clock, write = console.log }: ConsoleLogOptions): Log {
  const line = (level: string) => (event: string, fields: LogFields = {}) => {
    const head = { at: new Date(clock.now()).toISOString(), level, event };
    // Head first to be read, and last to win over a field of its name.
    write(printableJson({ ...head, ...fields, ...head }));
  };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}
