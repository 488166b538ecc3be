/**
 * Every notification event, by name. A new one is a name in names.ts and a row in one of these files.
 *
 * @module
 */
import type { NotificationEvent } from "../event.ts";
import { accountEvents } from "./accounts.ts";
import { adminEvents } from "./admin.ts";
import { claimEvents } from "./claims.ts";
import { gatheringEvents } from "./gatherings.ts";
import { listingEvents } from "./listings.ts";
import { messageEvents } from "./messages.ts";
import type { EventName } from "./names.ts";
import { reportEvents } from "./reports.ts";
import { reviewEvents } from "./reviews.ts";
import { statisticsEvents } from "./statistics.ts";
import { userEvents } from "./users.ts";

export type { EventName } from "./names.ts";

// Each file is held to the names by itself: here, a row too many would pass.
export const notificationEvents = {
  ...userEvents,
  ...accountEvents,
  ...messageEvents,
  ...listingEvents,
  ...statisticsEvents,
  ...reviewEvents,
  ...gatheringEvents,
  ...claimEvents,
  ...adminEvents,
  ...reportEvents,
} satisfies Record<EventName, NotificationEvent>;
