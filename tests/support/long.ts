/**
 * Which tests `deno task test` leaves to `deno task test:long`: those that only repeat others on a
 * real server, on more seeds, or over a year. Their names hold `(long)`.
 *
 * The runner says by `ZEROPOLL_TESTS` what is asked for; without it a file's tests all run.
 *
 * @module
 */
import process from "node:process";
import { needs, titled, type Tool } from "./needs.ts";

/** What stands in the name of a test that is long. */
export const LONG = "(long)";

/** `short` leaves out what is long; `long` is everything else's end. */
export const asked = process.env.ZEROPOLL_TESTS as "short" | "long" | undefined;

/** What `Deno.test` takes of a long test. */
export interface LongTest {
  name: string;
  /** Left to the long run, or one of its tools is missing here. */
  ignore: boolean;
}

/**
 * For a test that only repeats others: `Deno.test({ ...long("seed 7: nothing is lost"), fn })`.
 * It may need tools, as {@link needs} does.
 */
export function long(name: string, ...tools: Tool[]): LongTest {
  if (asked === "short") return { name: `${name} ${LONG}`, ignore: true };
  const needed = needs(...tools);
  return { name: titled(`${name} ${LONG}`, needed), ignore: needed.ignore };
}

/** The same where only some of a table's rows repeat others: `...longIf(index > 0, name)`. */
export function longIf(isLong: boolean, name: string): LongTest {
  return isLong ? long(name) : { name, ignore: false };
}
