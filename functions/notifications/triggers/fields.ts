/**
 * What triggers read of a row. A text that a mail has no room for is cut, and what need not be
 * there and does not fit is left out: either is better than a mail that never comes.
 *
 * @module
 */
import * as z from "zod";
import { Recipient } from "../contracts.ts";
import * as fields from "../events/fields.ts";

const cut = (length: number) => z.string().transform((text) => text.trim().slice(0, length));

/** What need not be there. */
export function maybe<S extends z.ZodType>(schema: S) {
  return schema.optional().catch(undefined);
}

export const title = cut(200).pipe(fields.line);
export const text = cut(10_000).pipe(fields.words);
export const id = z.union([z.string().min(1), z.number()]).transform((id) => String(id));

/** Of five, as a number or as its digits: Postgres sends `numeric` as a number, forms send text. */
export const stars = z.coerce.number().pipe(fields.stars);

/** One reason, several, or Payload's rows with a `text` each. */
export const reasons = z.preprocess(
  (value) => {
    if (value === undefined) return undefined;
    const all = Array.isArray(value) ? value : [value];
    return all.map((item) => item?.text ?? item).filter((item) => item !== "").slice(0, 10);
  },
  z.array(cut(500)).pipe(fields.reasons),
);

/** Postgres's own way to write a moment as JSON is ISO 8601 with an offset. */
export const moment = fields.moment;
export const day = z.string().transform((moment) => moment.slice(0, 10)).pipe(fields.day);
export const count = fields.count;
export const url = maybe(fields.link);

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
