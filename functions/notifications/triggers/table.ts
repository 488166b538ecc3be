/**
 * Every trigger: which change of which row tells whom what. A new one is a row in one of these files.
 *
 * @module
 */
import { gatheringTriggers } from "./gatherings.ts";
import { listingTriggers } from "./listings.ts";
import { peopleTriggers } from "./people.ts";
import type { Trigger } from "./trigger.ts";

export const triggers: readonly Trigger[] = [
  ...peopleTriggers,
  ...listingTriggers,
  ...gatheringTriggers,
];
