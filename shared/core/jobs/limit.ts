/**
 * A job that is over a limit waits until it opens: a deferral, which spends no attempt.
 *
 * Jobs that were put off to the same moment do not all come back at once for ever: each further time
 * its id decides how much longer it waits.
 *
 * @module
 */
import { LimitExceededError, LimitUnavailableError, NonRetryableError } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import type { Redaction } from "../secrets/redaction.ts";
import type { ClaimRequest } from "./claim.ts";
import type { Run } from "./context.ts";
import type { JobsDependencies } from "./dependencies.ts";
import type { Registry } from "./job.ts";

/** While Redis is away a deferral is a message each time: not too often. */
const AWAY_MS = 30_000;
/** Windows over which jobs are spread, at most; twice as many with each time they were put off. */
const MOST_WINDOWS = 63;

type LimitError = LimitExceededError | LimitUnavailableError;

export function isLimit(error: unknown): error is LimitError {
  return error instanceof LimitExceededError || error instanceof LimitUnavailableError;
}

/**
 * Takes the job's units, if it has a limit.
 *
 * @throws {LimitExceededError | LimitUnavailableError}
 * @throws {NonRetryableError} if a secret would become a key in Redis
 */
export async function assertLimit(
  { limits }: JobsDependencies,
  { limit }: Registry[string],
  input: unknown,
  redaction: Redaction,
): Promise<void> {
  if (!limit) return;
  const { policy, weight } = limit;
  const identifier = limit.by(input);
  if (redaction.isWholeIn(identifier)) {
    throw new NonRetryableError(`Cannot count by "${policy.name}": its identifier is a secret`);
  }
  await limits.limited(policy, identifier, () => {}, { weight });
}

/** Defers the run to the moment at which the limit opens; resolves to what the deferral threw. */
export async function deferToLimit(
  clock: Clock,
  { envelope }: ClaimRequest,
  run: Run,
  error: LimitError,
): Promise<unknown> {
  // A handler that had deferred itself already meant that.
  if (run.deferral) return run.deferral;
  const { retryAfterMs } = error;
  const isAway = error instanceof LimitUnavailableError;
  const windowMs = Math.max(...error.answers.map(({ policy }) => policy.windowMs));
  const windows = Math.min(2 ** timesPutOff(envelope) - 1, MOST_WINDOWS);
  const spreadMs = Math.floor(shareOf(envelope.id) * windows * (isAway ? AWAY_MS : windowMs));
  const waitMs = (isAway ? Math.max(retryAfterMs, AWAY_MS) : retryAfterMs) + spreadMs;
  try {
    return await run.context.defer(clock.now() + waitMs);
  } catch (thrown) {
    return thrown;
  }
}

/** Since the job was enqueued or replayed; each generation was made by that, or by a run that failed. */
function timesPutOff({ generation, replayedAs = 0, runs = 0 }: ClaimRequest["envelope"]): number {
  return Math.max(0, generation - replayedAs - runs);
}

/** From 0 up to 1, the same for the same id, and for ids as if by chance (FNV-1a). */
function shareOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}
