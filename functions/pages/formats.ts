/**
 * Numbers and times as people read them.
 *
 * @module
 */

const units: readonly [name: string, seconds: number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** As in 1,234,567. */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString("en-GB");
}

/** The two largest units, as in `2 h 5 min`; below a second in ms. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  let rest = Math.round(ms / 1_000);
  const first = units.findIndex(([, seconds]) => rest >= seconds);
  return units.slice(first, first + 2).map(([name, seconds]) => {
    const count = Math.floor(rest / seconds);
    rest %= seconds;
    return count === 0 ? "" : `${count} ${name}`;
  }).filter((text) => text !== "").join(" ");
}

/** As in `5 min ago`; the page's script goes on from there. */
export function formatAge(ms: number): string {
  return ms < 1_000 ? "now" : `${formatDuration(ms)} ago`;
}

/** As in `2026-11-21 12:00:05 UTC`. */
export function formatMoment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A UTC day as in `21 Nov`. */
export function formatDay(day: string): string {
  return new Date(`${day}T00:00:00Z`)
    .toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}
