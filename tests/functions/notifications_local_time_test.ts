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

const changes = [
  {
    what: "quiet hours without an end are none",
    until: ["2026-11-21T23:00:00Z", "UTC", { fromMinute: 1_320, toMinute: 1_320 }],
    is: undefined,
  },
  {
    what: "quiet hours that end inside a skipped hour end with it",
    until: ["2027-03-28T00:45:00Z", "Europe/Berlin", { fromMinute: 1_320, toMinute: 150 }],
    is: "2027-03-28T01:00:00Z",
  },
  {
    what: "an hour that comes twice is quiet twice",
    until: ["2026-10-25T01:10:00Z", "Europe/Berlin", { fromMinute: 1_320, toMinute: 150 }],
    is: "2026-10-25T01:30:00Z",
  },
  {
    what: "quiet hours that a change takes away whole are over at once",
    until: ["2026-03-29T01:00:00Z", "Europe/Berlin", { fromMinute: 120, toMinute: 180 }],
    is: undefined,
  },
  {
    what: "a skipped time is the first moment after it",
    next: ["2027-03-28T00:15:00Z", "Europe/Berlin", 150],
    is: "2027-03-28T01:00:00Z",
  },
  {
    what: "and is not told again in that night",
    next: ["2027-03-28T01:00:00Z", "Europe/Berlin", 150],
    is: "2027-03-29T00:30:00Z",
  },
  {
    what: "a repeated time comes as the first of both",
    next: ["2026-10-24T23:00:00Z", "Europe/Berlin", 150],
    is: "2026-10-25T00:30:00Z",
  },
  {
    what: "and once",
    next: ["2026-10-25T00:30:00Z", "Europe/Berlin", 150],
    is: "2026-10-26T01:30:00Z",
  },
  {
    what: "a midnight that is skipped",
    next: ["2018-11-04T02:30:00Z", "America/Sao_Paulo", 0],
    is: "2018-11-04T03:00:00Z",
  },
  {
    what: "half an hour that is skipped",
    next: ["2026-10-03T15:00:00Z", "Australia/Lord_Howe", 135],
    is: "2026-10-03T15:30:00Z",
  },
  {
    what: "a day that is skipped",
    next: ["2011-12-30T09:30:00Z", "Pacific/Apia", 420],
    is: "2011-12-30T10:00:00Z",
  },
] as const;
for (const { what, is, ...ask } of changes) {
  Deno.test(`clock changes: ${what}`, () => {
    const [at, zone, wanted] = "until" in ask ? ask.until : ask.next;
    const moment = typeof wanted === "number"
      ? nextTime(Date.parse(at), zone, wanted)
      : quietUntil(Date.parse(at), zone, wanted);
    const shown = moment === undefined ? undefined : new Date(moment).toISOString();
    assert.equal(shown, is?.replace("Z", ".000Z"));
  });
}

const nights = [
  ["Europe/Berlin", "2026-03-28"],
  ["Europe/Berlin", "2026-10-24"],
  ["America/Havana", "2026-10-31"],
  ["America/Sao_Paulo", "2018-02-17"],
  ["Australia/Lord_Howe", "2026-04-04"],
  ["Pacific/Chatham", "2026-09-26"],
  ["Antarctica/Troll", "2026-03-28"],
  ["Pacific/Apia", "2011-12-29"],
] as const;
for (const [zone, day] of nights) {
  Deno.test(`clock changes: around ${day} in ${zone} nothing is due at a moment that is over`, () => {
    const from = Date.parse(`${day}T00:00:00Z`);
    for (let at = from - 12 * 3_600_000; at < from + 60 * 3_600_000; at += 20 * 60_000) {
      for (const minute of [0, 30, 120, 150, 180, 420]) {
        const next = nextTime(at, zone, minute);
        assert(
          next > at && next <= at + 50 * 3_600_000,
          `${minute} after ${new Date(at).toISOString()}`,
        );
        const until = quietUntil(at, zone, { fromMinute: 1_320, toMinute: minute });
        assert(until === undefined || until > at && until <= at + 27 * 3_600_000);
      }
    }
  });
}
