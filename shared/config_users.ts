/**
 * How users' tokens are checked: `AUTH_SECRET`, or `AUTH_JWKS_URL` with whose tokens they are.
 *
 * @module
 */
import { itemsOf, type SettingNotes } from "./config_fault.ts";
import type { UserTokenRules } from "./ports.ts";

/** HS256 by a secret, or by the keys at a URL. */
export type UserTokenSettings = UserTokenRules & ({ secret: string } | { jwksUrl: string });

type Given = Readonly<Record<string, string | undefined>>;

const PARTY = "azp:";
const NONE = "none";

const reasons = {
  AUTH_ISSUER: "whose keys they are: the `iss` of your tokens",
  AUTH_AUDIENCE:
    "a token for another application would pass: the `aud` of your tokens, or `azp:` and their `azp`",
} as const;

/** Reads the rules; what is missing or contradicts itself becomes a fault. */
export function readUserTokenRules(given: Given, notes: SettingNotes): UserTokenRules {
  const { AUTH_SECRET, AUTH_JWKS_URL } = given;
  if (AUTH_SECRET && AUTH_JWKS_URL) {
    notes.faults.push({
      setting: "AUTH_JWKS_URL",
      message: "must not be set beside AUTH_SECRET",
    });
  }
  const issuers = readList("AUTH_ISSUER", given, notes);
  const named = readList("AUTH_AUDIENCE", given, notes);
  const isParty = (item: string) => item.startsWith(PARTY);
  if (named?.some((item) => item.trim() === PARTY)) {
    notes.faults.push({ setting: "AUTH_AUDIENCE", message: "has an `azp:` with nothing after it" });
  }
  const audiences = named?.filter((item) => !isParty(item));
  const parties = named?.filter(isParty).map((item) => item.slice(PARTY.length).trim());
  const endless = given.AUTH_REQUIRE_EXP === "false";
  if (endless) {
    notes.warnings.push({
      setting: "AUTH_REQUIRE_EXP",
      message: "`false` takes tokens that never end; 0.3 does not know it any more",
    });
  }
  return {
    ...(issuers && { issuers }),
    ...(audiences && audiences.length > 0 && { audiences }),
    ...(parties && parties.length > 0 && { parties }),
    ...(endless && { requireExp: false }),
  };
}

/** The items, or nothing where `none` is written out; its absence beside a URL is a fault. */
function readList(
  setting: keyof typeof reasons,
  given: Given,
  { faults }: SettingNotes,
): string[] | undefined {
  const items = itemsOf(given[setting]);
  if (items.length === 0) {
    if (given.AUTH_JWKS_URL) {
      const message = `is missing, beside AUTH_JWKS_URL: ${reasons[setting]}, or \`${NONE}\``;
      faults.push({ setting, message });
    }
    return undefined;
  }
  if (!items.includes(NONE)) return items;
  if (items.length > 1) faults.push({ setting, message: `must not name \`${NONE}\` and others` });
  return undefined;
}
