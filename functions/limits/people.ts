/**
 * What limits hold of people: how often somebody asked, for as long as a window lasts.
 *
 * @module
 */
import type { PeopleContribution } from "../../shared/mod.ts";
import { limitPolicies } from "./services.ts";

const longestMs = Math.max(...Object.values(limitPolicies).map(({ windowMs }) => windowMs));

export const limitsPeople: PeopleContribution = {
  tables: {},
  keys: ["limitPrefix", "limitIdentifier", "limitWindow", "limitBucket"],
  export: () => Promise.resolve({}),
  erase: () => Promise.resolve({}),
  remains: (now) => [{
    what: "how much of their limits is used",
    until: now + 2 * longestMs + 1_000,
    because: "it ends by itself, and without it a limit would begin anew",
  }],
};
