/**
 * Reading mails back: `GET /emails` and `GET /emails/:id`.
 *
 * @module
 */
import { MailApiError } from "./api_error.ts";
import { type AcceptedMail, lastEventOf } from "./mail.ts";
import type { MailStore } from "./store.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MOST_LISTED = 100;
const USUALLY_LISTED = 20;

/** One mail, in full. @throws {MailApiError} */
export function showMail(store: MailStore, id: string, now: number): Record<string, unknown> {
  const mail = store.get(id);
  if (mail) {
    const { html, text, tags } = mail;
    return {
      object: "email",
      ...summaryOf(mail, now),
      html: html ?? null,
      text: text ?? null,
      tags,
    };
  }
  if (!UUID.test(id)) {
    throw new MailApiError(422, "invalid_parameter", "The `id` must be a valid UUID.");
  }
  throw new MailApiError(404, "not_found", "Email not found");
}

/** A page of mails, the newest first; `after` and `before` are ids. @throws {MailApiError} */
export function listMails(
  store: MailStore,
  query: { limit?: string; after?: string; before?: string },
  now: number,
): Record<string, unknown> {
  const limit = Number(query.limit ?? USUALLY_LISTED);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED) {
    throw new MailApiError(
      422,
      "validation_error",
      `The \`limit\` must be between 1 and ${MOST_LISTED}.`,
    );
  }
  const { after, before } = query;
  if (after !== undefined && before !== undefined) {
    throw new MailApiError(
      422,
      "validation_error",
      "The `after` and `before` parameters cannot be used together.",
    );
  }
  const all = store.list().reverse();
  const places = all.map(({ id }) => id);
  const from = after === undefined ? 0 : places.indexOf(after) + 1;
  const to = before === undefined ? all.length : Math.max(0, places.indexOf(before));
  // What stands right before a mail, not the start of the list.
  const page = before === undefined
    ? all.slice(from, from + limit)
    : all.slice(Math.max(0, to - limit), to);
  const rest = before === undefined ? all.length - from - page.length : to - page.length;
  return {
    object: "list",
    has_more: rest > 0,
    data: page.map((mail) => summaryOf(mail, now)),
  };
}

/** A moment as the API writes it. */
export function apiTime(at: number): string {
  return new Date(at).toISOString().replace("Z", "000+00:00");
}

function summaryOf(mail: AcceptedMail, now: number): Record<string, unknown> {
  const { id, at, from, to, subject, cc, bcc, replyTo } = mail;
  return {
    id,
    to,
    from,
    created_at: apiTime(at),
    subject,
    bcc,
    cc,
    reply_to: replyTo,
    last_event: lastEventOf(mail, now),
    scheduled_at: null,
  };
}
