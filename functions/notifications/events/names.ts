/**
 * The names of all notification events. The table of events has a row for each, or does not compile.
 *
 * @module
 */
export const eventNames = [
  "user.welcome",
  "user.welcome.client",
  "user.welcome.host",
  "user.welcome.organizer",
  "user.welcome.provider",
  "user.reset.start",
  "user.reset.confirmed",
  "message.new",
  "listing.approved",
  "listing.rejected",
  "listing.finished",
  "listing.recommended",
  "listing.search-stats",
  "listing.view-stats",
  "listing.claim.invitation",
  "account.verified",
  "account.verification-rejected",
  "account.deleted",
  "listing.favorited",
  "review.new",
  "review.approved",
  "review.rejected",
  "event.reminder.24h",
  "event.participation.reminder",
  "event.participation.confirmed",
  "admin.listing.pending",
  "admin.review.pending",
  "admin.user.new",
  "admin.report.new",
  "admin.password.changed",
  "admin.verification.request",
  "admin.digest.daily",
  "admin.listing.report",
  "admin.profile.report",
  "admin.contact",
  "admin.claim.pending",
  "claim.approved",
  "claim.rejected",
] as const;

export type EventName = typeof eventNames[number];
