/**
 * What triggers read of a row. A text that a mail has no room for is cut, and what need not be
 * there and does not fit is left out: either is better than a mail that never comes.
 *
 * @module
 */
import * as z from "zod";
import { startOf } from "../../../shared/mod.ts";
import { Recipient } from "../contracts.ts";
import * as fields from "../events/fields.ts";

const cut = (length: number) =>
  z.preprocess(textOf, z.string().transform((text) => startOf(text.trim(), length)));

/** What need not be there. */
export function maybe<S extends z.ZodType>(schema: S) {
  return schema.optional().catch(undefined);
}

/** A number, or its digits: Postgres sends `numeric` as a number, forms and other drivers as text. */
function number<S extends z.ZodType>(schema: S) {
  return z.preprocess(
    (value) => typeof value === "string" && value.trim() !== "" ? Number(value) : value,
    schema,
  );
}

export const title = cut(200).pipe(fields.line);
export const text = cut(10_000).pipe(fields.words);
export const id = z.preprocess(textOf, z.string().min(1));
/** What a recipient types off. */
export const code = z.preprocess(textOf, z.string().trim().min(1).max(32));

/** Of five; an average becomes the half that is nearest. */
export const stars = number(
  z.number().transform((stars) => Math.round(stars * 2) / 2).pipe(fields.stars),
);

/** One reason, several, or Payload's rows with a `text` each. */
export const reasons = z.preprocess(
  (value) => {
    if (value === undefined) return undefined;
    const all = Array.isArray(value) ? value : [value];
    return all.map((item) => item?.text ?? item)
      .filter((item) => item != null && String(item).trim() !== "").slice(0, 10);
  },
  z.array(cut(500)).pipe(fields.reasons),
);

/** As any database writes a moment: without a zone it is UTC, as columns without one hold it. */
export const moment = z.preprocess(isoOf, fields.moment);
export const day = z.preprocess(isoOf, z.string())
  .transform((moment) => moment.slice(0, 10)).pipe(fields.day);
export const count = number(fields.count);
export const url = maybe(fields.link);

/** Text, whatever a column's type makes of it. */
function textOf(value: unknown): unknown {
  return typeof value === "number" ? String(value) : value;
}

const MOMENT =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:[.,]\d+)?)? ?(?:(Z|UTC|GMT)|([+-]\d\d)(?::?(\d\d))?)?)?$/i;
/** Epoch seconds reach it in the year 5138, epoch milliseconds had it in 1973. */
const LEAST_MS = 1e11;

/** A moment in ISO 8601 with an offset, where it is one. */
function isoOf(value: unknown): unknown {
  const epoch = typeof value === "string" && /^\d{9,15}$/.test(value) ? Number(value) : value;
  if (typeof epoch === "number") {
    const date = new Date(epoch < LEAST_MS ? epoch * 1_000 : epoch);
    return Number.isNaN(date.getTime()) ? value : date.toISOString();
  }
  const [, day, time = "00:00", seconds = ":00", utc, hours, minutes = "00"] =
    typeof value === "string" ? MOMENT.exec(value.trim()) ?? [] : [];
  if (day === undefined) return value;
  return `${day}T${time}${seconds.replace(",", ".")}${
    utc || hours === undefined ? "Z" : `${hours}:${minutes}`
  }`;
}

/** Somebody who can be written to. */
export const person = z.object({
  email: Recipient.shape.email,
  name: maybe(cut(100).pipe(z.string().min(1))),
  timeZone: maybe(Recipient.shape.timeZone.unwrap()),
});
export type Person = z.infer<typeof person>;

/** Somebody who is named. */
export const named = z.object({ name: maybe(title) }).optional().catch(undefined)
  .transform((who) => who?.name ?? "Somebody");

/** A listing that the row is about, and whose it is. */
export const listing = z.object({ id, title, owner: person, url });
