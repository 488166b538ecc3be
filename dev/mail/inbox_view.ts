/**
 * What the inbox shows: the mails that a search finds, a page at a time, and the one that is open.
 *
 * @module
 */
import { type AcceptedMail, lastEventOf } from "./mail.ts";
import type { MailStore } from "./store.ts";

export const TABS = ["html", "text", "headers", "raw"] as const;
export type Tab = typeof TABS[number];

/** What the page's address says. */
export interface InboxQuery {
  search: string;
  /** From 1. */
  page: number;
  /** The id of the mail that is open. */
  mail?: string;
  /** Absent: HTML where there is any, or else text. */
  tab?: Tab;
}

export interface InboxRow {
  id: string;
  at: number;
  from: string;
  to: readonly string[];
  subject: string;
  isRead: boolean;
  lastEvent: string;
}

export interface InboxView {
  query: InboxQuery;
  total: number;
  unread: number;
  /** How many the search finds. */
  found: number;
  pages: number;
  /** The newest first. */
  rows: InboxRow[];
  open?: AcceptedMail;
}

const ROWS_ON_A_PAGE = 50;

/** Reads the page's address; what makes no sense is as if it were not there. */
export function readQuery(parameters: Readonly<Record<string, string>>): InboxQuery {
  const { search = "", page = "1", mail, tab } = parameters;
  return {
    search: search.trim(),
    page: /^[1-9]\d{0,6}$/.test(page) ? Number(page) : 1,
    mail: mail || undefined,
    tab: TABS.find((name) => name === tab),
  };
}

/** The address of the page that shows this. */
export function addressOfPage({ search, page, mail, tab }: Partial<InboxQuery>): string {
  const parameters = new URLSearchParams();
  if (search) parameters.set("search", search);
  if (page !== undefined && page > 1) parameters.set("page", String(page));
  if (mail) parameters.set("mail", mail);
  if (tab) parameters.set("tab", tab);
  return parameters.size === 0 ? "/" : `/?${parameters}`;
}

/** What the inbox shows at `now`. */
export function viewOf(store: MailStore, query: InboxQuery, now: number): InboxView {
  const words = query.search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const found = store.list().reverse().filter((mail) => holdsAll(mail, words));
  const pages = Math.max(1, Math.ceil(found.length / ROWS_ON_A_PAGE));
  const page = Math.min(query.page, pages);
  return {
    query: { ...query, page },
    total: store.size,
    unread: store.unread,
    found: found.length,
    pages,
    rows: found.slice((page - 1) * ROWS_ON_A_PAGE, page * ROWS_ON_A_PAGE)
      .map((mail) => rowOf(mail, store, now)),
    open: query.mail === undefined ? undefined : store.get(query.mail),
  };
}

/** A mail's line in the list. */
export function rowOf(mail: AcceptedMail, store: MailStore, now: number): InboxRow {
  const { id, at, from, to, subject } = mail;
  return {
    id,
    at,
    from,
    to,
    subject,
    isRead: store.isRead(id),
    lastEvent: lastEventOf(mail, now),
  };
}

function holdsAll(mail: AcceptedMail, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { from, to, subject, text = mail.html ?? "", idempotencyKey = "" } = mail;
  const whole = [from, ...to, subject, text, idempotencyKey].join("\n").toLowerCase();
  return words.every((word) => whole.includes(word));
}
