import assert from "node:assert/strict";
import { CronError, parseCron } from "../../../dev/qstash/cron.ts";

interface Firing {
  cron: string;
  after: string;
  at: (string | undefined)[];
  because?: string;
}

const firings: Firing[] = [
  { cron: "* * * * *", after: "2026-03-01T10:00:00Z", at: ["2026-03-01T10:01:00Z"] },
  { cron: "* * * * *", after: "2026-03-01T09:59:59.999Z", at: ["2026-03-01T10:00:00Z"] },
  {
    cron: "*/15 9-10 * * *",
    after: "2026-03-01T09:40:00Z",
    at: ["09:45", "10:00", "10:15", "10:30", "10:45"].map((time) => `2026-03-01T${time}:00Z`)
      .concat("2026-03-02T09:00:00Z"),
  },
  {
    cron: "50/4 0 * * *",
    after: "2026-03-01T00:00:00Z",
    at: ["2026-03-01T00:50:00Z", "2026-03-01T00:54:00Z", "2026-03-01T00:58:00Z"],
    because: "a start with a step goes on to the end of the field",
  },
  { cron: "0 0 1 JAN ?", after: "2026-03-01T00:00:00Z", at: ["2027-01-01T00:00:00Z"] },
  { cron: "30 6 * jun-aug Mon", after: "2026-06-10T00:00:00Z", at: ["2026-06-15T06:30:00Z"] },
  { cron: "0 0 29 2 *", after: "2026-03-01T00:00:00Z", at: ["2028-02-29T00:00:00Z"] },
  { cron: "0 0 30 2 *", after: "2026-03-01T00:00:00Z", at: [undefined], because: "no such day" },
  {
    cron: "0 12 13 * FRI",
    after: "2026-03-01T00:00:00Z",
    at: ["2026-03-06T12:00:00Z", "2026-03-13T12:00:00Z", "2026-03-20T12:00:00Z"],
    because: "with both restricted, either day will do",
  },
  {
    cron: "0 12 1 * 1",
    after: "2026-03-28T00:00:00Z",
    at: ["2026-03-30T12:00:00Z", "2026-04-01T12:00:00Z", "2026-04-06T12:00:00Z"],
    because: "with both restricted, either day will do",
  },
  {
    cron: "0 0 */10 * 0",
    after: "2026-03-01T00:00:00Z",
    at: ["2026-03-08T00:00:00Z", "2026-03-11T00:00:00Z"],
    because: "a star with a step is a restriction",
  },
  {
    cron: "0 0 * * 1-5",
    after: "2026-03-06T00:00:00Z",
    at: ["2026-03-09T00:00:00Z"],
    because: "a star alone is none",
  },
  { cron: "@hourly", after: "2026-03-01T10:00:00Z", at: ["2026-03-01T11:00:00Z"] },
  { cron: "@daily", after: "2026-03-01T10:00:00Z", at: ["2026-03-02T00:00:00Z"] },
  { cron: "@weekly", after: "2026-03-02T10:00:00Z", at: ["2026-03-08T00:00:00Z"] },
  { cron: "@monthly", after: "2026-03-02T10:00:00Z", at: ["2026-04-01T00:00:00Z"] },
  { cron: "@yearly", after: "2026-03-02T10:00:00Z", at: ["2027-01-01T00:00:00Z"] },
  {
    cron: "CRON_TZ=Asia/Kolkata 0 9 * * *",
    after: "2026-03-01T00:00:00Z",
    at: ["2026-03-01T03:30:00Z"],
  },
  {
    cron: "CRON_TZ=Pacific/Kiritimati 0 0 1 * *",
    after: "2026-03-01T00:00:00Z",
    at: ["2026-03-31T10:00:00Z"],
    because: "the date is the zone's, not UTC's",
  },
  {
    cron: "CRON_TZ=America/New_York 30 2 * * *",
    after: "2026-03-07T12:00:00Z",
    at: ["2026-03-09T06:30:00Z"],
    because: "02:30 does not exist on 8 March",
  },
  {
    cron: "CRON_TZ=America/New_York 0 * * * *",
    after: "2026-03-08T05:30:00Z",
    at: ["2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"],
    because: "an hourly job does not notice the skipped hour",
  },
  {
    cron: "CRON_TZ=America/New_York 30 1 * * *",
    after: "2026-11-01T00:00:00Z",
    at: ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z"],
    because: "01:30 occurs twice on 1 November",
  },
  {
    cron: "CRON_TZ=Europe/Berlin 0 12 * * *",
    after: "2026-03-27T12:00:00Z",
    at: ["2026-03-28T11:00:00Z", "2026-03-29T10:00:00Z", "2026-03-30T10:00:00Z"],
    because: "noon stays noon across a change",
  },
  {
    cron: "CRON_TZ=Australia/Lord_Howe 15 2 * * *",
    after: "2026-10-02T15:30:00Z",
    at: ["2026-10-02T15:45:00Z", "2026-10-04T15:15:00Z"],
    because: "there the clock skips half an hour, 02:15 among it",
  },
];

for (const { cron, after, at, because } of firings) {
  Deno.test(`"${cron}" after ${after} fires at ${at}${because ? `: ${because}` : ""}`, () => {
    const parsed = parseCron(cron);
    let from = Date.parse(after);
    for (const expected of at) {
      const found = parsed.next(from);
      assert.equal(
        found && new Date(found).toISOString(),
        expected && new Date(expected).toISOString(),
      );
      from = found ?? from;
    }
  });
}

const rejected: [text: string, detail: string][] = [
  ["", "empty spec string"],
  ["   ", "empty spec string"],
  ["CRON_TZ=UTC ", "empty spec string"],
  ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
  ["* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"],
  ["60 * * * *", "end of range (60) above maximum (59): 60"],
  ["* 24 * * *", "end of range (24) above maximum (23): 24"],
  ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
  ["* * * 13 *", "end of range (13) above maximum (12): 13"],
  ["* * * * 7", "end of range (7) above maximum (6): 7"],
  ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
  ["*/0 * * * *", "step of range should be a positive number: */0"],
  ["1/2/3 * * * *", "too many slashes: 1/2/3"],
  ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
  ["* * L * *", "failed to parse int from L: L"],
  ["* * 15W * *", "failed to parse int from 15W: 15W"],
  ["* * * * 5#2", "failed to parse int from 5#2: 5#2"],
  ["* * * * MONDAY", "failed to parse int from MONDAY: MONDAY"],
  ["-1 * * * *", "failed to parse int from : -1"],
  ["@every 1h", "unrecognized descriptor: @every 1h"],
  ["@constructor", "unrecognized descriptor: @constructor"],
  ["CRON_TZ=Mars/Base * * * * *", "provided bad location Mars/Base: unknown time zone"],
  ["CRON_TZ=europe/berlin * * * * *", "provided bad location europe/berlin: unknown time zone"],
  ["CRON_TZ=+02:00 * * * * *", "provided bad location +02:00: unknown time zone"],
];

for (const [text, detail] of rejected) {
  Deno.test(`parseCron() rejects "${text}": ${detail}`, () => {
    assert.throws(() => parseCron(text), (error) => {
      assert.ok(error instanceof CronError);
      assert.equal(error.message, `Invalid cron expression ${detail}`);
      return true;
    });
  });
}

Deno.test("parseCron() trims the text and keeps the zone", () => {
  const cron = parseCron("  CRON_TZ=Europe/Berlin   0 9 * * *\t");
  assert.equal(cron.text, "CRON_TZ=Europe/Berlin   0 9 * * *");
  assert.equal(cron.timeZone, "Europe/Berlin");
  assert.equal(parseCron("@daily").timeZone, "UTC");
});

Deno.test("every minute of a day in which the clock goes back fires once each", () => {
  const cron = parseCron("CRON_TZ=America/New_York * * * * *");
  let at = Date.parse("2026-11-01T03:00:00Z");
  for (let minute = 1; minute <= 24 * 60; minute++) {
    at = cron.next(at)!;
    assert.equal(at, Date.parse("2026-11-01T03:00:00Z") + minute * 60_000);
  }
});
