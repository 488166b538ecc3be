/**
 * A log that says something on every line.
 *
 * @module
 */
import type { Log, LogFields } from "../ports.ts";

/** The same log with `fields` on every line; a line's own field wins. */
export function withFields(log: Log, fields: LogFields): Log {
  return {
    info: (event, more) => log.info(event, { ...fields, ...more }),
    warn: (event, more) => log.warn(event, { ...fields, ...more }),
    error: (event, more) => log.error(event, { ...fields, ...more }),
  };
}
