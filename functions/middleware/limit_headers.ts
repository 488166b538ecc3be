/**
 * Limits in headers: the IETF's draft, each policy by itself, and the common `X-RateLimit-*` of the
 * strictest, in seconds.
 *
 * @module
 */
import type { LimitAnswer, LimitPolicy } from "../../shared/mod.ts";

/** The headers of an answer to which these checks led. */
export function limitHeaders(
  answers: readonly LimitAnswer[],
  now: number,
): Record<string, string> {
  if (answers.length === 0) return {};
  const strictest = strictestOf(answers);
  return {
    "RateLimit-Policy": answers.map(({ policy }) => policyItem(policy)).join(", "),
    "RateLimit": answers.map((answer) => limitItem(answer, now)).join(", "),
    "X-RateLimit-Limit": `${strictest.limit}`,
    "X-RateLimit-Remaining": `${strictest.remaining}`,
    "X-RateLimit-Reset": `${Math.ceil(opensAt(strictest) / 1_000)}`,
    ...(answers.some(({ degraded }) => degraded) && { "X-Degraded": "limits" }),
  };
}

/** The one that refused, else the one with the smallest share left. */
export function strictestOf(answers: readonly LimitAnswer[]): LimitAnswer {
  const share = ({ allowed, limit, remaining }: LimitAnswer) => allowed ? remaining / limit : -1;
  return answers.reduce((one, other) => share(other) < share(one) ? other : one);
}

/** The names of those that refused, as the draft's problem type has them. */
export function violatedPolicies(answers: readonly LimitAnswer[]): string[] {
  return answers.filter(({ allowed }) => !allowed).map(({ policy }) => policy.name);
}

function policyItem({ algorithm, limit, name, refill, windowMs }: LimitPolicy): string {
  // A bucket lasts: over the time in which it fills up, it gives what it holds.
  const ms = algorithm === "token-bucket" ? windowMs * Math.ceil(limit / refill) : windowMs;
  return `"${name}";q=${limit};w=${Math.ceil(ms / 1_000)}`;
}

function limitItem(answer: LimitAnswer, now: number): string {
  const seconds = Math.max(0, Math.ceil((opensAt(answer) - now) / 1_000));
  return `"${answer.policy.name}";r=${answer.remaining};t=${seconds}`;
}

/** When it is worth asking again: a sliding window opens before it ends, or only after that. */
function opensAt({ resetAt, retryAt }: LimitAnswer): number {
  return retryAt ?? resetAt;
}
