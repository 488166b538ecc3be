/**
 * A change for each trigger, and what must come of it.
 *
 * @module
 */
import { ADMIN, type RowChange, SITE } from "./row_webhooks_world.ts";

/** One mail: its event, whom it goes to, and what its text says. */
export type Expected = readonly [event: string, to: string, says: readonly string[]];

export interface RowSample extends RowChange {
  name: string;
  told: readonly Expected[];
  /** How long it takes to be told. Default: 2 hours. */
  within?: string;
}

export const ada = { email: "ada@example.com", name: "Ada", timeZone: "Europe/Berlin" };
const ben = { email: "ben@example.com", name: "Ben" };
const loft = { id: 42, title: "Loft at the canal", owner: ada };
const updatedAt = "2026-11-21T11:59:58.123456+00:00";
const reasons = ["The price is missing."];
const decided = { operation: "update", before: { status: "pending" } } as const;
const listing = { id: 42, title: "Loft at the canal", owner: ada, updatedAt };

/** What most tests change: a listing that was looked at. */
export const approved: RowChange = {
  collection: "listings",
  operation: "update",
  row: { ...listing, status: "approved" },
  before: { status: "pending" },
};

const course = {
  id: 7,
  title: "Sourdough for beginners",
  startsAt: "2026-11-25T18:00:00+00:00",
  timeZone: "Europe/Berlin",
  place: "Kitchen 3",
};

const welcomes = ["client", "host", "organizer", "provider"].map((role): RowSample => ({
  name: `a new ${role}`,
  collection: "users",
  row: { id: "u1", ...ada, role },
  told: [
    [`user.welcome.${role}`, ada.email, [`${SITE}/`]],
    ["admin.user.new", ADMIN, [role, `${SITE}/admin/users/u1`]],
  ],
}));

const listings = ["locations", "events", "services"].map((collection): RowSample => ({
  name: `one of the ${collection} is approved`,
  collection,
  operation: "update",
  row: { ...listing, status: "approved" },
  before: { status: "pending" },
  told: [["listing.approved", ada.email, [loft.title, `${SITE}/${collection}/42`]]],
}));

export const rowSamples: readonly RowSample[] = [
  ...welcomes,
  {
    name: "a new account of another kind",
    collection: "users",
    row: { id: "u1", ...ben, role: "authenticated" },
    told: [
      ["user.welcome", ben.email, [`${SITE}/start`]],
      ["admin.user.new", ADMIN, ["Ben"]],
    ],
  },
  {
    name: "a password is changed",
    collection: "users",
    operation: "update",
    row: { id: 3, ...ada, passwordChangedAt: "2026-11-21T11:59:00+00:00" },
    before: { passwordChangedAt: null },
    told: [["user.reset.confirmed", ada.email, [`${SITE}/reset`, "12:59"]]],
  },
  {
    name: "an admin's password is changed",
    collection: "users",
    operation: "update",
    row: {
      id: 3,
      ...ada,
      role: "admin",
      passwordChangedAt: "2026-11-21T11:59:00+00:00",
      passwordChangedFrom: "Firefox on Windows",
    },
    before: { passwordChangedAt: "2026-01-01T00:00:00+00:00" },
    told: [
      ["user.reset.confirmed", ada.email, ["Firefox on Windows"]],
      ["admin.password.changed", ADMIN, [ada.email, `${SITE}/admin/users/3`]],
    ],
  },
  {
    name: "an account is marked as deleted",
    collection: "users",
    operation: "update",
    row: { id: 3, ...ada, deletedAt: "2026-11-21T11:59:00+00:00", restoreUntil: "2026-12-21" },
    before: { deletedAt: null },
    told: [["account.deleted", ada.email, ["21 December 2026", `${SITE}/restore`]]],
  },
  {
    name: "an account's row is deleted",
    collection: "users",
    operation: "delete",
    row: { id: 3, ...ada },
    told: [["account.deleted", ada.email, [`${SITE}/help`]]],
  },
  {
    name: "a message is written",
    collection: "messages",
    row: { id: 5, recipient: ben, sender: ada, text: "Is it free?", conversationId: 12 },
    told: [["message.new", ben.email, ["Ada", "Is it free?", `${SITE}/messages/12`]]],
  },
  {
    name: "a listing is handed in",
    collection: "listings",
    row: { ...listing, status: "pending" },
    told: [["admin.listing.pending", ADMIN, [loft.title, "Ada", `${SITE}/admin/listings/42`]]],
  },
  {
    name: "a listing is handed in again",
    ...approved,
    row: { ...listing, status: "pending" },
    before: { status: "rejected" },
    told: [["admin.listing.pending", ADMIN, [loft.title]]],
  },
  ...listings,
  {
    name: "a listing with a page of its own is approved",
    ...approved,
    row: { ...approved.row, url: `${SITE}/lofts/canal` },
    told: [["listing.approved", ada.email, [`${SITE}/lofts/canal`]]],
  },
  {
    name: "a listing is rejected",
    ...approved,
    row: { ...listing, status: "rejected", reasons, note: "Nice view." },
    told: [[
      "listing.rejected",
      ada.email,
      [reasons[0], "Nice view.", `${SITE}/listings/42/edit`],
    ]],
  },
  {
    name: "a listing's time is over",
    collection: "events",
    operation: "update",
    row: { ...listing, status: "finished", endedOn: "2026-11-20", views: 1_840 },
    before: { status: "approved" },
    told: [["listing.finished", ada.email, ["20 November 2026", "1,840", "/events/42/again"]]],
  },
  {
    name: "a listing is saved",
    collection: "favorites",
    row: { id: 8, listing: loft, user: ben },
    told: [["listing.favorited", ada.email, ["Ben", loft.title, `${SITE}/listings/42`]]],
  },
  {
    name: "a review is written",
    collection: "reviews",
    row: { id: 9, listing: loft, author: ben, stars: 4, text: "Quiet.", status: "pending" },
    told: [
      ["review.new", ada.email, ["Ben", "Quiet.", `${SITE}/listings/42`]],
      ["admin.review.pending", ADMIN, ["Quiet.", `${SITE}/admin/reviews/9`]],
    ],
  },
  {
    name: "a review is approved",
    collection: "reviews",
    ...decided,
    row: { id: 9, listing: loft, author: ben, stars: 4, status: "approved", updatedAt },
    told: [["review.approved", ben.email, [loft.title, `${SITE}/listings/42`]]],
  },
  {
    name: "a review is rejected",
    collection: "reviews",
    operation: "update",
    row: {
      id: 9,
      listing: loft,
      author: ben,
      status: "rejected",
      reasons: "An insult.",
      updatedAt,
    },
    before: { status: "pending" },
    told: [["review.rejected", ben.email, ["An insult.", `${SITE}/reviews/9/edit`]]],
  },
  {
    name: "papers are handed in",
    collection: "verifications",
    row: { id: 6, user: ada, documents: ["front.jpg", "back.jpg"], status: "pending" },
    told: [["admin.verification.request", ADMIN, ["Ada", "2", `${SITE}/admin/verifications/6`]]],
  },
  {
    name: "papers are good",
    collection: "verifications",
    ...decided,
    row: { id: 6, user: ada, status: "approved", updatedAt },
    told: [["account.verified", ada.email, [`${SITE}/profile`]]],
  },
  {
    name: "papers are not good",
    collection: "verifications",
    ...decided,
    row: { id: 6, user: ada, status: "rejected", reasons: [{ text: "Too blurred." }], updatedAt },
    told: [[
      "account.verification-rejected",
      ada.email,
      ["Too blurred.", `${SITE}/profile/verification`],
    ]],
  },
  {
    name: "something is reported",
    collection: "reports",
    row: { id: 1, what: "A message", reason: "Insult", reporter: ben },
    told: [["admin.report.new", ADMIN, ["A message", "Insult", "Ben", `${SITE}/admin/reports/1`]]],
  },
  {
    name: "a listing is reported",
    collection: "reports",
    row: { id: 2, kind: "listing", what: "Palace for one euro", reason: "Too good" },
    told: [["admin.listing.report", ADMIN, ["Palace for one euro", `${SITE}/admin/reports/2`]]],
  },
  {
    name: "a profile is reported",
    collection: "reports",
    row: { id: 4, kind: "profile", what: "Support Team", reason: "Pretends", text: "Phishing." },
    told: [["admin.profile.report", ADMIN, ["Support Team", "Phishing."]]],
  },
  {
    name: "a listing is claimed",
    collection: "claims",
    row: { id: 17, listing: loft, claimant: ben, status: "pending", proof: "The imprint." },
    told: [["admin.claim.pending", ADMIN, ["Ben", "The imprint.", `${SITE}/admin/claims/17`]]],
  },
  {
    name: "a claim is approved",
    collection: "claims",
    ...decided,
    row: { id: 17, listing: loft, claimant: ben, status: "approved", updatedAt },
    told: [["claim.approved", ben.email, [loft.title, `${SITE}/listings/42`]]],
  },
  {
    name: "a claim is rejected",
    collection: "claims",
    ...decided,
    row: { id: 17, listing: loft, claimant: ben, status: "rejected", reasons, updatedAt },
    told: [["claim.rejected", ben.email, [reasons[0], `${SITE}/claims/17`]]],
  },
  {
    name: "somebody is invited to claim a listing",
    collection: "claims",
    row: {
      id: 18,
      listing: loft,
      claimant: ben,
      status: "invited",
      url: `${SITE}/claim/b81f`,
      validUntil: "2026-12-21",
    },
    told: [["listing.claim.invitation", ben.email, [`${SITE}/claim/b81f`, "21 December 2026"]]],
  },
  {
    name: "somebody's place is sure, and the event 4 days ahead",
    collection: "participations",
    operation: "update",
    row: { id: 11, user: ada, event: course, people: 2, code: "K7P4", status: "confirmed" },
    before: { status: "invited" },
    within: "3d7h",
    told: [
      ["event.participation.confirmed", ada.email, ["K7P4", "19:00", `${SITE}/events/7`]],
      ["event.reminder.24h", ada.email, ["Kitchen 3", `${SITE}/events/7`]],
    ],
  },
  {
    name: "somebody's place is sure, and the event today",
    collection: "participations",
    row: {
      id: 11,
      user: ada,
      event: { ...course, startsAt: "2026-11-21T18:00:00+00:00" },
      status: "confirmed",
    },
    within: "1d",
    told: [["event.participation.confirmed", ada.email, [course.title]]],
  },
  {
    name: "somebody who has not answered is asked again",
    collection: "participations",
    operation: "update",
    row: { id: 11, user: ada, event: course, status: "invited", remindedAt: updatedAt },
    before: { remindedAt: null },
    told: [["event.participation.reminder", ada.email, [`${SITE}/events/7/answer`]]],
  },
];
