/**
 * Every notification as a mail, with its own sample data or with data that means harm.
 *
 * @module
 */
import * as z from "zod";
import { type NotificationEvent, unsubscribeGroups } from "../../functions/notifications/event.ts";
import { type EventName, notificationEvents } from "../../functions/notifications/events/table.ts";
import { type RenderedMail, renderMail } from "../../functions/notifications/mail/render.tsx";

export const events = Object.entries(notificationEvents) as [EventName, NotificationEvent][];
export const BRAND = "Harbour Market";
export const UNSUBSCRIBE = "https://market.example/notifications/unsubscribe?token=eyJ.k3v&v=1";

/** The mail of `data`, as it is sent; of several together where `times` is more than one. */
export function mailOf(event: NotificationEvent, data = event.sample, times = 1): RenderedMail {
  const parsed = event.data.parse(data);
  const all = Array.from({ length: times }, () => parsed);
  return renderMail(times === 1 ? event.mail(parsed) : event.collapse!.mail(all), {
    brand: BRAND,
    name: "Ada",
    ...(event.group && {
      unsubscribe: { url: UNSUBSCRIBE, what: unsubscribeGroups[event.group] },
    }),
  });
}

interface JsonSchema {
  type?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  maximum?: number;
  maxItems?: number;
  pattern?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
}

/** The largest data that the event takes, optional fields as well; each free text is made by `text`. */
export function largestData(event: NotificationEvent, text: (length: number) => string): unknown {
  return event.data.parse(
    largest(z.toJSONSchema(event.data, { io: "input" }) as JsonSchema, "", text),
  );
}

function largest(schema: JsonSchema, name: string, text: (length: number) => string): unknown {
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties!).map((
          [name, value],
        ) => [name, largest(value, name, text)]),
      );
    case "array":
      return Array.from(
        { length: schema.maxItems! },
        (_, index) => largest(schema.items!, `${name}${index}`, text),
      );
    case "number":
    case "integer":
      return Math.min(schema.maximum!, 1_000_000);
    case "string":
      break;
    default:
      throw new Error(`Cannot fill ${name}: it is of type ${schema.type}`);
  }
  if (schema.format === "uri") return addressOf(name, schema.maxLength!);
  if (schema.format === "date") return name === "to" ? "2026-11-20" : "2026-09-30";
  if (schema.format === "date-time") return "2026-11-21T18:42:00Z";
  if (schema.format === "email") return `"><script>"@mail.example`.replace(/[^a-z@.]/g, "x");
  if (name === "timeZone") return "America/Argentina/ComodRivadavia";
  if (schema.maxLength === undefined) throw new Error(`Cannot fill ${name}: it has no bound`);
  return text(schema.maxLength);
}

/** A web address of the length, which would end an attribute if it were not encoded. */
function addressOf(name: string, length: number): string {
  const start = `https://market.example/${name}?to="><script>alert(1)</script>&`;
  const encoded = new URL(start).href;
  return encoded + "a".repeat(length - encoded.length);
}
