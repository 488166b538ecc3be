/**
 * The body of a request to send, checked as Resend checks it and refused in its words.
 *
 * `attachments`, `scheduled_at` and `template` are refused rather than lost. Addresses at
 * example.com are taken, which Resend refuses: tests and demos write to nobody else.
 *
 * @module
 */
import { MailApiError, refusals } from "./api_error.ts";
import { addressOf, type MailContent } from "./mail.ts";

const MOST_RECIPIENTS = 50;
const MOST_IN_BATCH = 100;
const ADDRESS = /^[^\s<>@,;"]+@[^\s<>@,;"]+\.[^\s<>@,;".]+$/;
const TAG = /^[A-Za-z0-9_-]{1,256}$/;
const NOT_HERE = ["attachments", "scheduled_at", "template"];

/** A mail that may be sent. @throws {MailApiError} */
export function readMail(body: unknown): MailContent {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalid("The request body must be an object.");
  }
  const fields = body as Record<string, unknown>;
  for (const name of ["from", "to", "subject"]) {
    const value = fields[name];
    if (value === undefined || value === null || value === "") throw missing(name);
  }
  if (fields.html === undefined && fields.text === undefined) {
    throw new MailApiError(422, "missing_required_field", "Missing `html` or `text` field.");
  }
  for (const name of NOT_HERE) {
    if (fields[name] !== undefined) {
      throw invalid(`This local server does not know the \`${name}\` field.`);
    }
  }
  return {
    from: readAddress("from", fields.from),
    to: readAddresses("to", fields.to, { least: 1 }),
    cc: readAddresses("cc", fields.cc),
    bcc: readAddresses("bcc", fields.bcc),
    replyTo: readAddresses("reply_to", fields.reply_to),
    subject: readText("subject", fields.subject)!,
    html: readText("html", fields.html),
    text: readText("text", fields.text),
    headers: readHeaders(fields.headers),
    tags: readTags(fields.tags),
  };
}

/** The mails of a batch; one that is wrong refuses all of them. @throws {MailApiError} */
export function readBatch(body: unknown): MailContent[] {
  if (!Array.isArray(body) || body.length === 0 || body.length > MOST_IN_BATCH) {
    throw invalid(`The request body must be an array of 1 to ${MOST_IN_BATCH} emails.`);
  }
  return body.map(readMail);
}

/** To whom a body is, whether or not the rest of it is right. */
export function recipientsIn(body: unknown): string[] {
  const mails = Array.isArray(body) ? body : [body];
  return mails.flatMap((mail) => (mail as { to?: unknown } | null)?.to ?? []).filter((to) =>
    typeof to === "string"
  );
}

function readAddresses(field: string, value: unknown, { least = 0 } = {}): string[] {
  if (value === undefined || value === null) return [];
  const list = Array.isArray(value) ? value : [value];
  if (list.length < least) throw missing(field);
  if (list.length > MOST_RECIPIENTS) {
    throw invalid(`The \`${field}\` field must not have more than ${MOST_RECIPIENTS} items.`);
  }
  return list.map((item) => readAddress(field, item));
}

function readAddress(field: string, value: unknown): string {
  const isAddress = typeof value === "string" && !/[\r\n]/.test(value) &&
    (ADDRESS.test(value) || (/^[^<>]*<[^<>]*>$/.test(value) && ADDRESS.test(addressOf(value))));
  if (!isAddress) throw refusals.invalidAddress(field);
  return value as string;
}

function readText(field: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(`The \`${field}\` field must be a \`string\`.`);
  return value;
}

function readHeaders(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  const entries = typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [];
  const isFine = ([name, text]: [string, unknown]) =>
    /^[!-9;-~]+$/.test(name) && typeof text === "string" && !/[\r\n]/.test(text);
  if (typeof value !== "object" || Array.isArray(value) || !entries.every(isFine)) {
    throw invalid("The `headers` field must be an object of names and values.");
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

function readTags(value: unknown): { name: string; value: string }[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid("The `tags` field must be an array.");
  return value.map((tag) => {
    const { name, value } = (tag ?? {}) as { name?: unknown; value?: unknown };
    if (!TAG.test(String(name ?? "")) || !TAG.test(String(value ?? ""))) {
      throw invalid(
        "Tags should only contain ASCII letters, numbers, underscores, or dashes.",
      );
    }
    return { name: String(name), value: String(value) };
  });
}

function missing(field: string): MailApiError {
  return new MailApiError(422, "missing_required_field", `Missing \`${field}\` field.`);
}

function invalid(message: string): MailApiError {
  return new MailApiError(422, "validation_error", message);
}
