/**
 * Every notification event, by name. A new one is a row in one of these files.
 *
 * @module
 */
import { adminEvents } from "./admin.ts";
import { messageEvents } from "./messages.ts";
import { userEvents } from "./users.ts";

export const notificationEvents = { ...userEvents, ...messageEvents, ...adminEvents };

export type EventName = keyof typeof notificationEvents;
