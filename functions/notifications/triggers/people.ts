/**
 * Rows about people: accounts, what they write to one another, what is checked and reported.
 *
 * @module
 */
import * as z from "zod";
import { became, changed, created, deleted } from "./change.ts";
import * as field from "./fields.ts";
import { type Told, trigger } from "./trigger.ts";

const account = field.person.extend({ role: field.maybe(field.title) });

/** Where each kind of account begins; every other one is plainly welcome. */
const welcomes = {
  client: { event: "user.welcome.client", page: ["search"] },
  host: { event: "user.welcome.host", page: ["host", "new"] },
  organizer: { event: "user.welcome.organizer", page: ["events", "new"] },
  provider: { event: "user.welcome.provider", page: ["services", "new"] },
} as const;

function welcomeOf(role: string | undefined) {
  const isOne = role !== undefined && Object.hasOwn(welcomes, role);
  return isOne
    ? welcomes[role as keyof typeof welcomes]
    : { event: "user.welcome", page: ["start"] } as const;
}

const reportEvents = {
  listing: "admin.listing.report",
  profile: "admin.profile.report",
} as const;

function reportOf(kind: string | undefined) {
  return kind === "listing" || kind === "profile" ? reportEvents[kind] : "admin.report.new";
}

export const peopleTriggers = [
  trigger({
    name: "user.created",
    collections: ["users"],
    when: created(),
    row: account,
    tell: ({ row: { role, ...to }, id, admins, site }) => {
      const { event, page } = welcomeOf(role);
      const data = { name: to.name ?? to.email, role, email: to.email };
      return [
        { event, to, data: { url: site(...page) } },
        ...admins.map((to): Told => ({
          event: "admin.user.new",
          to,
          data: { ...data, url: site("admin", "users", id) },
        })),
      ];
    },
  }),
  trigger({
    name: "user.password",
    collections: ["users"],
    when: changed("passwordChangedAt"),
    row: account.extend({
      passwordChangedAt: field.moment,
      passwordChangedFrom: field.maybe(field.title),
    }),
    tell: ({ row, id, admins, site }) => {
      const { role, passwordChangedAt: at, passwordChangedFrom: device, ...to } = row;
      const { timeZone } = to;
      const url = site("admin", "users", id);
      return [
        {
          event: "user.reset.confirmed",
          to,
          data: { at, timeZone, device, url: site("reset") },
        },
        ...(role === "admin" ? admins : []).map((to): Told => ({
          event: "admin.password.changed",
          to,
          data: { account: row.email, at, timeZone, from: device, url },
        })),
      ];
    },
  }),
  trigger({
    name: "user.deleted",
    collections: ["users"],
    when: deleted("deletedAt"),
    row: field.person.extend({
      deletedAt: field.maybe(field.moment),
      restoreUntil: field.maybe(field.day),
    }),
    tell: ({ row: { deletedAt, restoreUntil, ...to }, site, now }) => [{
      event: "account.deleted",
      to,
      data: {
        at: deletedAt ?? new Date(now).toISOString(),
        timeZone: to.timeZone,
        restoreUntil,
        url: site(restoreUntil === undefined ? "help" : "restore"),
      },
    }],
  }),
  trigger({
    name: "message.created",
    collections: ["messages"],
    when: created(),
    row: z.object({
      recipient: field.person,
      sender: field.named,
      text: field.text,
      conversationId: field.maybe(field.id),
      url: field.url,
    }),
    tell: ({ row: { recipient: to, sender: from, text, conversationId, url }, id, site }) => [{
      event: "message.new",
      to,
      data: { from, text, url: url ?? site("messages", conversationId ?? id) },
    }],
  }),
  trigger({
    name: "verification.created",
    collections: ["verifications"],
    when: created(),
    row: z.object({
      user: field.person,
      documents: field.maybe(
        z.union([field.count, z.array(z.unknown()).transform((all) => all.length)]),
      ),
    }),
    tell: ({ row: { user, documents }, id, admins, site }) =>
      admins.map((to) => ({
        event: "admin.verification.request",
        to,
        data: { name: user.name ?? user.email, documents, url: site("admin", "verifications", id) },
      })),
  }),
  trigger({
    name: "verification.approved",
    collections: ["verifications"],
    when: became("status", "approved"),
    row: z.object({ user: field.person }),
    tell: ({ row: { user: to }, site }) => [{
      event: "account.verified",
      to,
      data: { url: site("profile") },
    }],
  }),
  trigger({
    name: "verification.rejected",
    collections: ["verifications"],
    when: became("status", "rejected"),
    row: z.object({ user: field.person, reasons: field.reasons }),
    tell: ({ row: { user: to, reasons }, site }) => [{
      event: "account.verification-rejected",
      to,
      data: { reasons, url: site("profile", "verification") },
    }],
  }),
  trigger({
    name: "report.created",
    collections: ["reports"],
    when: created(),
    row: z.object({
      kind: field.maybe(field.title),
      what: field.title,
      reason: field.title,
      text: field.maybe(field.text),
      reporter: field.maybe(z.object({ name: field.title })),
    }),
    tell: ({ row: { kind, reporter, ...report }, id, admins, site }) =>
      admins.map((to) => ({
        event: reportOf(kind),
        to,
        data: { ...report, by: reporter?.name, url: site("admin", "reports", id) },
      })),
  }),
];
