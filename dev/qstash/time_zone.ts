/**
 * How far a zone's wall clock is from UTC at an instant.
 *
 * @module
 */

/** A time zone, by its offset. */
export interface Zone {
  /** Local time minus UTC at `instant` (epoch ms), in ms, to the second. */
  offsetAt(instant: number): number;
}

const UTC: Zone = { offsetAt: () => 0 };

/** The zone with this IANA name, or undefined when the runtime knows none. */
export function zoneOf(name: string): Zone | undefined {
  if (name === "UTC") return UTC;
  // Intl also takes "+02:00"; Go, which QStash's rules come from, does not.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    // Intl throws a RangeError for a zone it does not know: that is the answer.
    return undefined;
  }
  // Intl does not mind the case, Go does: what passes here must pass there.
  const known = format.resolvedOptions().timeZone;
  if (known !== name && known.toLowerCase() === name.toLowerCase()) return undefined;
  return {
    offsetAt(instant) {
      const part: Record<string, number> = {};
      for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
      const local = Date.UTC(
        part.year,
        part.month - 1,
        part.day,
        part.hour,
        part.minute,
        part.second,
      );
      return local - Math.floor(instant / 1000) * 1000;
    },
  };
}
