/**
 * Every limit, by name: outside services per user, and the app's own endpoints.
 *
 * @module
 */
import { defineLimits } from "../../shared/mod.ts";

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
});

export type LimitName = keyof typeof limitPolicies;
