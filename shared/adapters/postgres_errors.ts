/**
 * What became of a statement, as the port's errors say it.
 *
 * @module
 */
import { startOf } from "../contracts/text.ts";
import { AppError, PostgresQueryError, PostgresUnavailableError } from "../errors.ts";

/** What the driver refuses by itself: the caller's fault, not an outage. */
const misuses = new Set(["UNDEFINED_VALUE", "MAX_PARAMETERS_EXCEEDED"]);

/** What a caller can act on; what is ours already stays as it is. */
export function explained(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return error;
  const { code = "", constraint_name } = error as Error & {
    code?: string;
    constraint_name?: string;
  };
  if (error.name !== "PostgresError") {
    if (error instanceof RangeError || misuses.has(code)) return error;
    // workerd's errors of a connection have no code.
    return new PostgresUnavailableError(`Cannot reach Postgres: ${code || error.name}`, {
      cause: error.message,
    });
  }
  if (isOutage(code)) {
    return new PostgresUnavailableError(`Cannot use Postgres now: ${code}`, { sqlState: code });
  }
  const advice = isUnmigrated(code) ? "; run deno task migrate" : "";
  return new PostgresQueryError(code, withoutValues(error.message) + advice, constraint_name);
}

/** Connections, log-in, no such database, resources, shutdown, cancelled, killed while idle. */
function isOutage(sqlState: string): boolean {
  return /^(08|28|3D|53|57|25P03|55P03)/.test(sqlState);
}

/** A table, or a column of one, is not there. */
function isUnmigrated(sqlState: string): boolean {
  return sqlState === "42P01" || sqlState === "42703";
}

/** Postgres quotes values in some messages: `invalid input syntax for type integer: "x"`. */
function withoutValues(message: string): string {
  return startOf(message.replace(/: ".*$/s, ""), 200);
}
