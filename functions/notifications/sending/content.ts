/**
 * What a mail says: of one event, or of all that waited in a window.
 *
 * @module
 */
import { NonRetryableError, type Sql } from "../../../shared/mod.ts";
import type { MailContent } from "../event.ts";
import type { EventName } from "../events/table.ts";
import { localDate } from "../local_time.ts";
import { closeWindow } from "../windows.ts";
import { eventOf } from "./event_of.ts";

/** A digest says how many more there were. */
const MOST_LINES = 200;

export interface Telling {
  event: EventName;
  to: { timeZone?: string };
  data?: unknown;
  window?: string;
}

/** The content and how many events it tells of; none where a window is empty. */
export async function contentOf(
  sql: Sql,
  telling: Telling,
  now: number,
): Promise<{ content?: MailContent; told: number }> {
  const { event: name, data, window } = telling;
  const event = eventOf(name);
  if (window === undefined) return { content: event.mail(parse(name, data)), told: 1 };
  const { items, endsAt } = await closeWindow(sql, window, now);
  if (items.length === 0) return { told: 0 };
  if (name === "admin.digest.daily") {
    const day = localDate(endsAt, telling.to.timeZone ?? "UTC");
    return {
      content: event.mail(parse(name, digestOf(day, items as string[]))),
      told: items.length,
    };
  }
  const all = items.map((item) => parse(name, item));
  const content = all.length > 1 && event.collapse
    ? event.collapse.mail(all)
    : event.mail(all[all.length - 1]);
  return { content, told: all.length };
}

function digestOf(day: string, lines: readonly string[]) {
  const more = lines.length - MOST_LINES;
  return { day, lines: more > 0 ? [...lines.slice(0, MOST_LINES), `and ${more} more`] : lines };
}

/** What was accepted may have been accepted by older code. */
function parse(name: EventName, data: unknown): unknown {
  const parsed = eventOf(name).data.safeParse(data);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new NonRetryableError(`Cannot tell ${name}: its data does not fit any more (${fields})`);
}
