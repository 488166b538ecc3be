/**
 * What a job does while the provider or Postgres is away: it waits, and never gives up.
 *
 * @module
 */
import {
  CircuitOpenError,
  type JobContext,
  MailUnavailableError,
  PostgresUnavailableError,
} from "../../../shared/mod.ts";

const LIMITED_MS = 1_000;
/** So often it goes by the moment that the provider names; then it waits longer each time. */
const LIMITED_AT_FIRST = 60;
const OUTAGE_MS = 30_000;
const MOST_OUTAGE_MS = 3_600_000;

/**
 * Runs one attempt. A provider that counted too many requests took nothing: the job is put off to
 * the moment it named, later where it does so again and again, which costs no attempt. In an outage
 * of Postgres, or one of the provider that outlasts the attempts, it is put off as well, for longer
 * and longer, at most an hour.
 */
export async function patiently<T>(context: JobContext, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    const now = context.clock.now();
    if (error instanceof MailUnavailableError && error.isLimited) {
      const doublings = Math.min(Math.max(0, context.deferrals - LIMITED_AT_FIRST), 12);
      const waitMs = Math.min(MOST_OUTAGE_MS, LIMITED_MS * 2 ** doublings);
      return await context.defer(now + Math.max(waitMs, error.retryAfterMs ?? 0));
    }
    if (!isOutage(error)) throw error;
    // Postgres costs no attempt, but QStash repeats a delivery for hours only.
    if (error instanceof MailUnavailableError && !context.lastAttempt) throw error;
    const waitMs = Math.min(MOST_OUTAGE_MS, OUTAGE_MS * 2 ** Math.min(context.deferrals, 10));
    return await context.defer(now + Math.max(waitMs, error.retryAfterMs ?? 0));
  }
}

function isOutage(
  error: unknown,
): error is MailUnavailableError | PostgresUnavailableError | CircuitOpenError {
  return error instanceof MailUnavailableError || error instanceof PostgresUnavailableError ||
    error instanceof CircuitOpenError;
}
