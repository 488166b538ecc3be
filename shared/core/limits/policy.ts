/**
 * The table of limits: each has a name, and a name that is not in it does not compile.
 *
 * @module
 */
import type { LimitPolicy } from "../../contracts/limit.ts";

interface AnyDefinition {
  /** Units in each window, 1 to 1,000,000; of a token bucket, those that it holds when full. */
  limit: number;
  /** In ms, 1 s to 31 days; of a token bucket, how far apart refills are. */
  windowMs: number;
  /** Whom it counts, where a route asks. Default: `user`. */
  per?: LimitPolicy["per"];
  /**
   * While Redis is away: `open` lets through what the same limit would allow in this isolate alone,
   * `closed` refuses; `closed` is for calls that cost money outside.
   */
  whenAway: LimitPolicy["whenAway"];
  /**
   * False: an isolate never holds more units than it spends at once, so that none lies idle while
   * another refuses. A token bucket never does. Default: true.
   */
  lease?: boolean;
  /**
   * For endpoints that anybody may call: each isolate lets the first half through by itself, for no
   * command, and asks Redis only from there on. A sliding window on a lease. Default: false.
   */
  open?: boolean;
}

/** One row of `defineLimits`. */
export type LimitDefinition =
  & AnyDefinition
  & (
    /** Default: the sliding window, which weighs the window before by what is left of it. */
    | { algorithm?: "sliding-window" | "fixed-window" }
    /** Starts full; each window adds `refill` units. */
    | { algorithm: "token-bucket"; refill: number }
  );

const NAME = /^[a-z0-9][a-z0-9-]{0,47}$/;
const LONGEST_MS = 31 * 86_400_000;

/**
 * Makes the table of limits.
 *
 * @throws {TypeError} if a name is not of a-z, 0-9 and -
 * @throws {RangeError} if a number is out of its bounds
 */
export function defineLimits<const Name extends string>(
  table: Readonly<Record<Name, LimitDefinition>>,
): { readonly [N in Name]: LimitPolicy<N> } {
  const rows = Object.entries<LimitDefinition>(table).map(([name, row]) => [name, made(name, row)]);
  return Object.fromEntries(rows);
}

function made(name: string, row: LimitDefinition): LimitPolicy {
  if (!NAME.test(name)) {
    throw new TypeError(`Cannot define the limit "${name}": names are of a-z, 0-9 and -`);
  }
  assertInteger(name, "limit", row.limit, 1, 1_000_000);
  assertInteger(name, "windowMs", row.windowMs, 1_000, LONGEST_MS);
  const isBucket = row.algorithm === "token-bucket";
  if (
    row.open && (row.lease === false || (row.algorithm ?? "sliding-window") !== "sliding-window")
  ) {
    throw new TypeError(
      `Cannot define the limit "${name}": an open one is a sliding window on a lease`,
    );
  }
  if (isBucket) assertInteger(name, "refill", row.refill, 1, row.limit);
  return Object.freeze({
    name,
    limit: row.limit,
    windowMs: row.windowMs,
    algorithm: row.algorithm ?? "sliding-window",
    refill: isBucket ? row.refill : 0,
    per: row.per ?? "user",
    whenAway: row.whenAway,
    // A token that is hoarded is refilled as if it had been spent: the next burst would be too large.
    lease: (row.lease ?? true) && !isBucket,
    ...(row.open && { open: true }),
  });
}

function assertInteger(
  name: string,
  what: string,
  value: number,
  least: number,
  most: number,
): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot define the limit "${name}": ${what} must be a whole number from ${least} to ${most}, got ${value}`,
    );
  }
}
