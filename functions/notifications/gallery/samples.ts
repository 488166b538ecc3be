/**
 * An event with its sample data, as the gallery shows it: the mail, its headers, and the request
 * that asks for it.
 *
 * @module
 */
import { type Config, RequestError } from "../../../shared/mod.ts";
import { type NotificationEvent, unsubscribeGroups } from "../event.ts";
import { type EventName, notificationEvents } from "../events/table.ts";
import { brandOf } from "../mail/brand.ts";
import { type RenderedMail, renderMail } from "../mail/render.tsx";
import { unsubscribeHeaders } from "../mail/unsubscribe_headers.ts";

/** How many of a kind stand in for several that become one mail. */
const SEVERAL = 3;
const recipient = { email: "ada@mail.example", name: "Ada" };

export interface Sample extends RenderedMail {
  name: EventName;
  event: NotificationEvent;
  /** Several that became one mail. */
  isCollapsed: boolean;
  headers: readonly (readonly [name: string, value: string])[];
  /** What the event leaves in a digest. */
  digestLine?: string;
  curl: string;
}

/** @throws {RequestError} `not_found` for a name that is none of the events' */
export function eventNamed(name: string): EventName {
  if (Object.hasOwn(notificationEvents, name)) return name as EventName;
  throw new RequestError("not_found", "Cannot find an event of this name");
}

/** The event's sample; of several together where that is asked for and can be. */
export function sampleOf(
  name: EventName,
  config: Config,
  { isCollapsed = false }: { isCollapsed?: boolean } = {},
): Sample {
  const event: NotificationEvent = notificationEvents[name];
  const { collapse, group } = event;
  const data = event.data.parse(event.sample);
  const several = isCollapsed ? collapse : undefined;
  const content = several
    ? several.mail(Array.from({ length: SEVERAL }, () => data))
    : event.mail(data);
  const url = `${config.publicUrl}/notifications/unsubscribe?token=of-the-recipient`;
  const mail = renderMail(content, {
    brand: config.mail ? brandOf(config.mail.from) : "Your marketplace",
    name: recipient.name,
    ...(group && { unsubscribe: { url, what: unsubscribeGroups[group] } }),
  });
  return {
    ...mail,
    name,
    event,
    isCollapsed: several !== undefined,
    headers: Object.entries({
      From: config.mail?.from ?? "MAIL_FROM is not set",
      To: recipient.email,
      Subject: mail.subject,
      ...(group && unsubscribeHeaders(url)),
    }),
    digestLine: event.digestLine?.(data),
    curl: curlOf(name, event.sample, config.publicUrl),
  };
}

function curlOf(event: EventName, data: unknown, publicUrl: string): string {
  const body = JSON.stringify({ event, to: recipient, data });
  return [
    `curl -X POST '${publicUrl}/api/notifications'`,
    `-H "Authorization: Bearer $SERVICE_TOKEN"`,
    `-H "Content-Type: application/json"`,
    `-d '${body.replaceAll("'", `'\\''`)}'`,
  ].join(" \\\n  ");
}
