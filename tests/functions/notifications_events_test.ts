/**
 * The table of notification events: total, and as law and common sense want it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { defineEvent, type NotificationEvent } from "../../functions/notifications/event.ts";
import { eventNames } from "../../functions/notifications/events/names.ts";
import { type EventName, notificationEvents } from "../../functions/notifications/events/table.ts";
import {
  counted,
  daysText,
  dayText,
  momentText,
  number,
} from "../../functions/notifications/events/wording.ts";
import { events } from "./notifications_samples.ts";

Deno.test("all 38 events are in the table, and no other", () => {
  assert.equal(eventNames.length, 38);
  assert.deepEqual(Object.keys(notificationEvents).sort(), [...eventNames].sort());
});

Deno.test("a table that lacks an event, or has one too many, does not compile", () => {
  const { "message.new": left, ...rest } = notificationEvents;
  // @ts-expect-error -- message.new is missing
  rest satisfies Record<EventName, NotificationEvent>;
  // @ts-expect-error -- there is no message.old
  ({ "message.old": left }) satisfies Partial<Record<EventName, NotificationEvent>>;
  // @ts-expect-error -- a sample has what its data asks for
  defineEvent({ ...notificationEvents["listing.approved"], sample: { title: "Loft" } });
});

/** Each way of travelling, and every event that travels so. */
const facts: { what: string; has: (event: NotificationEvent) => unknown; events: EventName[] }[] = [
  {
    what: "urgent",
    has: ({ urgency }) => urgency === "urgent",
    events: [
      "user.welcome",
      "user.welcome.client",
      "user.welcome.host",
      "user.welcome.organizer",
      "user.welcome.provider",
      "user.reset.start",
      "user.reset.confirmed",
      "account.verified",
      "account.verification-rejected",
      "account.deleted",
      "admin.password.changed",
    ],
  },
  {
    what: "to be unsubscribed from",
    has: ({ group }) => group,
    events: [
      "message.new",
      "listing.favorited",
      "listing.recommended",
      "listing.search-stats",
      "listing.view-stats",
      "review.new",
      "event.reminder.24h",
      "event.participation.reminder",
      "listing.claim.invitation",
    ],
  },
  {
    what: "collapsed",
    has: ({ collapse }) => collapse,
    events: ["message.new", "listing.favorited", "review.new"],
  },
  {
    what: "a line in a digest",
    has: ({ digestLine }) => digestLine,
    events: [
      "admin.claim.pending",
      "admin.listing.pending",
      "admin.review.pending",
      "admin.user.new",
      "admin.verification.request",
      "admin.contact",
      "admin.report.new",
      "admin.listing.report",
      "admin.profile.report",
    ],
  },
  {
    what: "kept until quiet hours are over",
    has: ({ waits }) => waits,
    events: [
      "message.new",
      "listing.finished",
      "listing.favorited",
      "listing.recommended",
      "listing.search-stats",
      "listing.view-stats",
      "review.new",
      "review.approved",
      "review.rejected",
      "event.participation.reminder",
      "listing.claim.invitation",
    ],
  },
];
for (const { what, has, events: names } of facts) {
  Deno.test(`these events, and no others, are ${what}: ${names.join(", ")}`, () => {
    const found = events.filter(([, event]) => has(event)).map(([name]) => name);
    assert.deepEqual(found.sort(), names.sort());
  });
}

Deno.test("nothing urgent waits, collapses or can be unsubscribed from", () => {
  for (const [name, { urgency, waits, collapse, group }] of events) {
    if (urgency === "urgent") assert.ok(!waits && !collapse && !group, name);
  }
});

const refused = [
  "javascript:alert(1)",
  "data:text/html,x",
  "//market.example",
  "market.example",
  "",
];
for (const url of refused) {
  Deno.test(`no event takes ${JSON.stringify(url)} for an address`, () => {
    for (const [name, { data, sample }] of events) {
      const { success } = data.safeParse({ ...(sample as object), url });
      assert.equal(success, false, name);
    }
  });
}

Deno.test("an event's data is the same after it was parsed again, as the job does", () => {
  for (const [name, { data, sample }] of events) {
    const parsed = data.parse(sample);
    assert.deepEqual(data.parse(parsed), parsed, name);
  }
});

Deno.test("a title in several lines becomes one", () => {
  const { data } = notificationEvents["listing.approved"];
  const { title } = data.parse({
    title: " Loft\n\nYour account\tis locked\u2028 ",
    url: "https://a.b",
  });
  assert.equal(title, "Loft Your account is locked");
});

const texts: { is: string; text: string }[] = [
  { text: number(0), is: "0" },
  { text: number(999), is: "999" },
  { text: number(1_000), is: "1,000" },
  { text: number(1_234_567), is: "1,234,567" },
  { text: counted(1, "view"), is: "1 view" },
  { text: counted(0, "view"), is: "0 views" },
  { text: dayText("2026-01-02"), is: "2 January 2026" },
  { text: daysText("2026-11-14", "2026-11-20"), is: "14 to 20 November 2026" },
  { text: daysText("2026-10-30", "2026-11-05"), is: "30 October to 5 November 2026" },
  { text: daysText("2026-12-28", "2027-01-03"), is: "28 December 2026 to 3 January 2027" },
  { text: daysText("2026-11-20", "2026-11-20"), is: "20 November 2026" },
  {
    text: momentText("2026-11-28T23:30:00Z", "Europe/Berlin"),
    is: "Sunday, 29 November 2026, 00:30 (Berlin time)",
  },
  {
    text: momentText("2026-07-01T12:00:00-04:00", "America/New_York"),
    is: "Wednesday, 1 July 2026, 12:00 (New York time)",
  },
  {
    text: momentText("2026-11-28T00:00:00Z", "UTC"),
    is: "Saturday, 28 November 2026, 00:00 (UTC)",
  },
];
for (const { is, text } of texts) Deno.test(`mails say ${is}`, () => assert.equal(text, is));
