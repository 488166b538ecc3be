/**
 * The events as the gallery shows them: by what they are about.
 *
 * @module
 */
import type { NotificationEvent } from "../event.ts";
import { accountEvents } from "../events/accounts.ts";
import { adminEvents } from "../events/admin.ts";
import { claimEvents } from "../events/claims.ts";
import { gatheringEvents } from "../events/gatherings.ts";
import { listingEvents } from "../events/listings.ts";
import { messageEvents } from "../events/messages.ts";
import type { EventName } from "../events/names.ts";
import { reportEvents } from "../events/reports.ts";
import { reviewEvents } from "../events/reviews.ts";
import { statisticsEvents } from "../events/statistics.ts";
import { userEvents } from "../events/users.ts";

export interface Topic {
  title: string;
  events: Partial<Record<EventName, NotificationEvent>>;
}

/** Every event is in one of them. */
export const topics: readonly Topic[] = [
  { title: "Welcome and password", events: userEvents },
  { title: "Verification and the end of an account", events: accountEvents },
  { title: "Messages", events: messageEvents },
  { title: "Listings", events: listingEvents },
  { title: "Recommendations and statistics", events: statisticsEvents },
  { title: "Reviews", events: reviewEvents },
  { title: "Events to take part in", events: gatheringEvents },
  { title: "Claims", events: claimEvents },
  { title: "For admins", events: adminEvents },
  { title: "Reports, for admins", events: reportEvents },
];
