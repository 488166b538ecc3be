/**
 * What payloads are made of. Every text is bounded, and every address is one of the web.
 *
 * @module
 */
import * as z from "zod";

const LINE = 200;
const TEXT = 10_000;

/** A name or a title: one line, whatever line breaks came with it, so that it never looks like a paragraph of ours. */
export const line = z.string().overwrite((text) => text.replace(/\s+/g, " ").trim())
  .min(1).max(LINE);

/** What a person wrote, in as many lines as they like. */
export const words = z.string().trim().min(1).max(TEXT);

/** An address that a mail may link to. Normalized: what is no ASCII, or would end a header, is encoded. */
export const link = z.url({ protocol: /^https?$/, normalize: true }).max(2_000);

/** A number of people, views or bookings. */
export const count = z.int().min(0);

/** Of five, in halves. */
export const stars = z.number().min(0.5).max(5).multipleOf(0.5);

/** Why something was turned down, one sentence each. */
export const reasons = z.array(z.string().trim().min(1).max(500)).min(1).max(10);

/** A day of the calendar, as in `2026-11-21`. */
export const day = z.iso.date();

/** A moment, with its offset or in UTC. */
export const moment = z.iso.datetime({ offset: true });

/** Whose clock a moment is shown by, or goes by. */
export const timeZone = z.string().max(64).refine((zone) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
  } catch {
    // It knows no such zone.
    return false;
  }
}, "must be an IANA time zone, as in Europe/Berlin");
