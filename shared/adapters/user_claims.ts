/**
 * What a user's token must say of itself, once its signature is known to be right: that it is meant
 * for us, that its time is now, and who the user is.
 *
 * @module
 */
import type { UserTokenRules } from "../ports.ts";

/** How far the issuer's clock may be from ours. */
const LEEWAY_SECONDS = 60;
const MOST_USER = 256;
/** Postgres stores no NUL, and halves of characters nowhere. */
// deno-lint-ignore no-control-regex -- a NUL is what is looked for
const UNSTORABLE = /\u0000|\p{Surrogate}/u;

/** The user of these claims, if they hold at this moment. */
export function userOfClaims(
  claims: Readonly<Record<string, unknown>>,
  rules: UserTokenRules,
  nowSeconds: number,
): string | undefined {
  const { sub, exp, nbf, iat } = claims;
  const { requireExp = true } = rules;
  if (exp === undefined && requireExp) return undefined;
  const isNow = isTime(exp, (at) => nowSeconds < at + LEEWAY_SECONDS) &&
    isTime(nbf, (at) => at <= nowSeconds + LEEWAY_SECONDS) &&
    isTime(iat, (at) => at <= nowSeconds + LEEWAY_SECONDS);
  if (!isNow || !isForUs(claims, rules)) return undefined;
  const isUser = typeof sub === "string" && sub !== "" && sub.length <= MOST_USER &&
    !UNSTORABLE.test(sub);
  return isUser ? sub : undefined;
}

/** Whether the claim is absent, or a moment in epoch seconds that is right. */
function isTime(claim: unknown, isRight: (at: number) => boolean): boolean {
  return claim === undefined || (Number.isFinite(claim) && isRight(claim as number));
}

function isForUs(
  { iss, aud, azp }: Readonly<Record<string, unknown>>,
  { issuers, audiences, parties }: UserTokenRules,
): boolean {
  const isOne = (known: readonly string[] | undefined, claim: unknown) =>
    known?.some((each) => each === claim) ?? false;
  if (issuers && !isOne(issuers, iss)) return false;
  if (!audiences && !parties) return true;
  return isOne(parties, azp) || [aud].flat().some((each) => isOne(audiences, each));
}
