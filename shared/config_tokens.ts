/**
 * Operators and their roles, backends and their scopes: `OPERATOR_TOKENS` and `SERVICE_TOKENS`.
 *
 * An item is `token`, or `token=role`, or `token=scope+scope`. It is split only where known names
 * follow its last `=`, so that a token may end in one.
 *
 * @module
 */
import { itemsOf, type SettingNotes } from "./config_fault.ts";
import { COMMAND_FOR_TOKENS, isMonotonous, noteWeakness } from "./config_secrets.ts";

/** What an operator may do; each may do what those before it may. */
export const roles = ["read", "operate", "administer"] as const;
export type Role = typeof roles[number];

/** What a backend may do. */
export const scopes = [
  "jobs:write",
  "jobs:read",
  "dead-letters",
  "notifications",
  "feed",
  "limits",
  "people",
] as const;
export type Scope = typeof scopes[number];

/** A person who runs the system. */
export interface Operator {
  token: string;
  role: Role;
}

/** A token that a backend carries. */
export interface ServiceToken {
  token: string;
  /** Absent: all that a backend could do before there were scopes. */
  scopes?: readonly Scope[];
}

/** Whether `role` may do what `needed` may. */
export function mayAs(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** Reads `OPERATOR_TOKENS`; without a role an operator administers. */
export function readOperators(text: string | undefined, notes: SettingNotes): Operator[] {
  const setting = "OPERATOR_TOKENS";
  const operators = itemsOf(text).map((item): Operator => {
    const old = /^(.*):ACCESS_MONITORING$/.exec(item);
    if (old) {
      notes.warnings.push({
        setting,
        message: "`token:ACCESS_MONITORING` means `token=operate` now: write that, or `=read`",
      });
      return { token: old[1], role: "operate" };
    }
    const { token, names } = splitNames(item, roles, { setting, notes });
    return { token, role: names?.[0] ?? "administer" };
  });
  if (operators.some(({ token }) => !/^[^\s:]{16,}$/.test(token) || isMonotonous(token))) {
    notes.faults.push({
      setting,
      message: "must be a comma list of tokens of at least 16 characters without spaces or " +
        `colons, each \`token\` or \`token=${roles.join("|")}\`; ${COMMAND_FOR_TOKENS}`,
    });
  }
  refuseTwoMeanings(operators, ({ role }) => role, { setting, notes });
  return operators;
}

/** Reads `SERVICE_TOKENS`. */
export function readServiceTokens(text: string | undefined, notes: SettingNotes): ServiceToken[] {
  const setting = "SERVICE_TOKENS";
  const tokens = itemsOf(text).map((item): ServiceToken => {
    const { token, names } = splitNames(item, scopes, { setting, notes });
    noteWeakness(token, { setting, notes });
    return names ? { token, scopes: names } : { token };
  });
  refuseTwoMeanings(tokens, ({ scopes }) => scopes && [...scopes].sort().join(), {
    setting,
    notes,
  });
  return tokens;
}

interface Place {
  setting: string;
  notes: SettingNotes;
}

/** Names that are not known stay a part of the token, which then fits nobody: closed, and said. */
function splitNames<Name extends string>(
  item: string,
  known: readonly Name[],
  { setting, notes }: Place,
): { token: string; names?: Name[] } {
  const end = item.lastIndexOf("=");
  const written = item.slice(end + 1);
  const isKnown = (name: string): name is Name => (known as readonly string[]).includes(name);
  const names = end === -1 ? [] : written.split("+");
  const isOne = known.length === roles.length && names.length > 1;
  if (!isOne && names.length > 0 && names.every(isKnown)) {
    return { token: item.slice(0, end), names: [...new Set(names)] };
  }
  if (end > 0 && /^[a-z][a-z:+ -]*$/i.test(written)) {
    notes.warnings.push({
      setting,
      message: "has a token that ends in `=` and a word that is no name of ours, and was taken " +
        `whole; known are ${known.join(", ")}`,
    });
  }
  return { token: item };
}

function refuseTwoMeanings<Item extends { token: string }>(
  items: readonly Item[],
  meaning: (item: Item) => string | undefined,
  { setting, notes }: Place,
): void {
  const seen = new Map<string, string | undefined>();
  for (const item of items) {
    if (seen.has(item.token) && seen.get(item.token) !== meaning(item)) {
      notes.faults.push({ setting, message: "has one token twice, with different rights" });
      return;
    }
    seen.set(item.token, meaning(item));
  }
}
