import assert from "node:assert/strict";
import {
  addDays,
  dayOf,
  forgottenAtSeconds,
  refusedFrom,
  startOfDay,
} from "../../../shared/mod.ts";

Deno.test("a day is UTC's, and ends at midnight", () => {
  assert.equal(dayOf(Date.parse("2026-11-20T23:59:59.999Z")), "2026-11-20");
  assert.equal(dayOf(Date.parse("2026-11-21T00:00:00.000Z")), "2026-11-21");
  assert.equal(dayOf(Date.parse("2026-11-21T00:05:00+02:00")), "2026-11-20");
  assert.equal(startOfDay("2026-11-21"), Date.parse("2026-11-21T00:00:00Z"));
});

Deno.test("days are added across months, leap days and years", () => {
  assert.equal(addDays("2028-02-28", 1), "2028-02-29");
  assert.equal(addDays("2026-12-31", 1), "2027-01-01");
  assert.equal(addDays("2026-11-01", -1), "2026-10-31");
});

Deno.test("an event may be 7 days late, and its keys live an hour longer", () => {
  assert.equal(refusedFrom("2026-11-21"), Date.parse("2026-11-29T00:00:00Z"));
  assert.equal(forgottenAtSeconds("2026-11-21") * 1_000, Date.parse("2026-11-29T01:00:00Z"));
});
