/**
 * One event of the table, without the types of its own payload.
 *
 * @module
 */
import type { NotificationEvent } from "../event.ts";
import { type EventName, notificationEvents } from "../events/table.ts";

/** The row of this event; what it is given must have been parsed by its `data`. */
export function eventOf(name: EventName): NotificationEvent {
  return notificationEvents[name] as unknown as NotificationEvent;
}
