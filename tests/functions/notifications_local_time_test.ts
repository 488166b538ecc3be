import assert from "node:assert/strict";
import { localDate, nextTime, quietUntil } from "../../functions/notifications/local_time.ts";

const NIGHT = { fromMinute: 22 * 60, toMinute: 7 * 60 };
const NOON = { fromMinute: 12 * 60, toMinute: 13 * 60 };

const quiet = [
  { at: "2026-11-21T20:59:59Z", zone: "Europe/Berlin", hours: NIGHT, until: undefined },
  {
    at: "2026-11-21T21:00:00Z",
    zone: "Europe/Berlin",
    hours: NIGHT,
    until: "2026-11-22T06:00:00Z",
  },
  {
    at: "2026-11-22T05:59:59Z",
    zone: "Europe/Berlin",
    hours: NIGHT,
    until: "2026-11-22T06:00:00Z",
  },
  { at: "2026-11-22T06:00:00Z", zone: "Europe/Berlin", hours: NIGHT, until: undefined },
  { at: "2026-11-21T03:00:00Z", zone: "UTC", hours: NIGHT, until: "2026-11-21T07:00:00Z" },
  { at: "2026-11-21T12:30:30Z", zone: "UTC", hours: NOON, until: "2026-11-21T13:00:00Z" },
  { at: "2026-11-21T13:00:00Z", zone: "UTC", hours: NOON, until: undefined },
  {
    at: "2026-11-21T17:00:00Z",
    zone: "Asia/Kathmandu",
    hours: NIGHT,
    until: "2026-11-22T01:15:00Z",
  },
  // Clocks are put forward in this night, and back in the other.
  {
    at: "2026-03-28T21:30:00Z",
    zone: "Europe/Berlin",
    hours: NIGHT,
    until: "2026-03-29T05:00:00Z",
  },
  {
    at: "2026-10-24T20:30:00Z",
    zone: "Europe/Berlin",
    hours: NIGHT,
    until: "2026-10-25T06:00:00Z",
  },
];
for (const { at, zone, hours, until } of quiet) {
  Deno.test(`at ${at} in ${zone} it is quiet until ${until ?? "no moment: it is not quiet"}`, () => {
    const end = quietUntil(Date.parse(at), zone, hours);
    assert.equal(
      end === undefined ? undefined : new Date(end).toISOString(),
      until?.replace("Z", ".000Z"),
    );
  });
}

const mornings = [
  { at: "2026-11-21T06:59:59Z", zone: "UTC", next: "2026-11-21T07:00:00Z" },
  { at: "2026-11-21T07:00:00Z", zone: "UTC", next: "2026-11-22T07:00:00Z" },
  { at: "2026-11-21T12:00:00Z", zone: "America/New_York", next: "2026-11-22T12:00:00Z" },
  { at: "2026-03-28T12:00:00Z", zone: "Europe/Berlin", next: "2026-03-29T05:00:00Z" },
];
for (const { at, zone, next } of mornings) {
  Deno.test(`after ${at}, 07:00 in ${zone} comes at ${next}`, () => {
    assert.equal(
      new Date(nextTime(Date.parse(at), zone, 7 * 60)).toISOString(),
      next.replace("Z", ".000Z"),
    );
  });
}

Deno.test("the date is the recipient's own", () => {
  const at = Date.parse("2026-11-21T23:30:00Z");
  assert.equal(localDate(at, "UTC"), "2026-11-21");
  assert.equal(localDate(at, "Europe/Berlin"), "2026-11-22");
  assert.equal(localDate(at, "America/Los_Angeles"), "2026-11-21");
});
