/**
 * Rows about taking part in an event: asked, sure, tomorrow.
 *
 * @module
 */
import * as z from "zod";
import { became, changed } from "./change.ts";
import * as field from "./fields.ts";
import { type Told, trigger } from "./trigger.ts";

const DAY_MS = 86_400_000;

const participation = z.object({
  user: field.person,
  event: z.object({
    id: field.id,
    title: field.title,
    startsAt: field.moment,
    timeZone: field.person.shape.timeZone,
    place: field.maybe(field.title),
    note: field.maybe(field.text),
    organizer: field.maybe(z.object({ name: field.title })),
    url: field.url,
  }),
});
type Event = z.output<typeof participation>["event"];

const gathering = ({ title, startsAt, timeZone, place }: Event) => ({
  title,
  startsAt,
  timeZone,
  place,
});

export const gatheringTriggers = [
  trigger({
    name: "participation.confirmed",
    collections: ["participations"],
    when: became("status", "confirmed"),
    row: participation.extend({
      people: field.maybe(field.count.pipe(z.int().min(1))),
      code: field.maybe(field.code),
    }),
    tell: ({ row: { user: to, event, people, code }, site, now }) => {
      const url = event.url ?? site("events", event.id);
      const remindAt = Date.parse(event.startsAt) - DAY_MS;
      const reminder: Told = {
        event: "event.reminder.24h",
        to,
        data: { ...gathering(event), note: event.note, by: event.organizer?.name, url },
        notBefore: new Date(remindAt).toISOString(),
      };
      return [
        {
          event: "event.participation.confirmed",
          to,
          data: { ...gathering(event), people, code, url },
        },
        // Who joins on the last day has just been told when it is.
        ...(remindAt > now ? [reminder] : []),
      ];
    },
  }),
  trigger({
    name: "participation.reminded",
    collections: ["participations"],
    when: changed("remindedAt"),
    row: participation.extend({
      status: z.literal("invited"),
      answerBy: field.maybe(field.moment),
    }),
    tell: ({ row: { user: to, event, answerBy }, site }) => [{
      event: "event.participation.reminder",
      to,
      data: { ...gathering(event), answerBy, url: event.url ?? site("events", event.id, "answer") },
    }],
  }),
];
