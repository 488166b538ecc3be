/**
 * Every limit, by name: outside services per user, and the app's own endpoints.
 *
 * @module
 */
import { defineLimits, type LimitDefinition, type LimitPolicy } from "../../shared/mod.ts";

const MINUTE_MS = 60_000;

/** A new one is a row here; what counts by it names it, and a name that is not here does not compile. */
export const limitPolicies = defineLimits({
  // What costs money, or our good name with the service, is refused while nobody counts.
  "spotify": { limit: 100, windowMs: MINUTE_MS, whenAway: "closed" },
  "youtube": { limit: 100, windowMs: MINUTE_MS, whenAway: "closed" },
  "steam": { limit: 200, windowMs: MINUTE_MS, whenAway: "closed" },
  "openai": { limit: 3_000, windowMs: MINUTE_MS, whenAway: "closed" },
  // Messages of a user's; what the model costs is counted by `openai`.
  "chat": { limit: 30, windowMs: MINUTE_MS, whenAway: "open" },
  // Few and rare: held in no hand, so that none lies idle while another isolate refuses.
  "sign-in": {
    limit: 10,
    windowMs: MINUTE_MS,
    per: "address",
    whenAway: "open",
    lease: false,
  },
  "limits-read": { limit: 60, windowMs: MINUTE_MS, whenAway: "open" },
  // What anybody may call; `OPEN_LIMITS` says otherwise. Of addresses a household's or an office's.
  "events": open(1_200, "address"),
  "reads": open(1_200, "address"),
  "failed-tokens": open(60, "address"),
  "searches": open(60, "user"),
  "history": open(600, "user"),
  "profile-read": open(120, "user"),
  "streams": open(120, "user"),
});

function open(limit: number, per: LimitPolicy["per"]): LimitDefinition {
  return { limit, windowMs: MINUTE_MS, per, whenAway: "open", open: true };
}

/** The table, where these are the limits of what is open. */
export function withOpenLimits(
  table: typeof limitPolicies,
  limits: Readonly<Record<string, number>>,
): typeof limitPolicies {
  const changed = Object.entries(limits).map(([name, limit]) => [
    name,
    Object.freeze({ ...table[name as LimitName], limit }),
  ]);
  return changed.length === 0 ? table : { ...table, ...Object.fromEntries(changed) };
}

export type LimitName = keyof typeof limitPolicies;
