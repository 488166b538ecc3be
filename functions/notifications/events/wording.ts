/**
 * Numbers, days and moments as mails say them.
 *
 * Put together from parts: whole formats differ from one version of a runtime to the next, and the
 * same mail must be the same bytes everywhere.
 *
 * @module
 */

/** As in `1,234`. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The same where there is one, for facts that may be unknown. */
export function numberIf(value: number | undefined): string | undefined {
  return value === undefined ? undefined : number(value);
}

/** As in `1 view` and `1,234 views`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** As in `21 November 2026`. */
export function dayText(day: string): string {
  const part = partsOf(Date.parse(`${day}T00:00:00Z`), "UTC");
  return `${part.day} ${part.month} ${part.year}`;
}

/** As in `14 to 20 November 2026`, with no more said twice than must be. */
export function daysText(from: string, to: string): string {
  if (from === to) return dayText(to);
  const [first, last] = [dayText(from).split(" "), dayText(to).split(" ")];
  const isOneYear = first[2] === last[2];
  const said = isOneYear ? first[1] === last[1] ? 1 : 2 : 3;
  return `${first.slice(0, said).join(" ")} to ${last.join(" ")}`;
}

/** As in `Saturday, 21 November 2026, 19:00 (Berlin time)`. */
export function momentText(at: string, timeZone: string): string {
  const part = partsOf(Date.parse(at), timeZone);
  const place = timeZone.slice(timeZone.lastIndexOf("/") + 1).replaceAll("_", " ");
  const zone = timeZone.includes("/") && !timeZone.startsWith("Etc/") ? `${place} time` : place;
  return `${part.weekday}, ${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute} (${zone})`;
}

/** The clock alone, as in `19:00`. */
export function timeText(at: string, timeZone: string): string {
  const { hour, minute } = partsOf(Date.parse(at), timeZone);
  return `${hour}:${minute}`;
}

/** As in `★★★½☆`, which every reader of mail draws; screen readers get the number beside it. */
export function starsText(stars: number): string {
  const half = Number.isInteger(stars) ? "" : "½";
  return "★".repeat(Math.floor(stars)) + half + "☆".repeat(5 - Math.ceil(stars));
}

function partsOf(at: number, timeZone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}
