/**
 * For those who run the marketplace.
 *
 * @module
 */
import * as z from "zod";
import { defineEvent } from "../event.ts";

export const adminEvents = {
  "admin.listing.pending": defineEvent({
    description: "To an admin: a listing waits to be looked at.",
    data: z.object({ title: z.string().max(200), by: z.string().max(200), url: z.url() }),
    urgency: "bulk",
    digestLine: ({ title, by }) => `Listing to look at: ${title}, by ${by}`,
    mail: ({ title, by, url }) => ({
      subject: `Listing to look at: ${title}`,
      blocks: [
        { kind: "text", text: `${by} handed in a listing.` },
        { kind: "facts", rows: [["Listing", title], ["By", by]] },
        { kind: "button", label: "Look at it", url },
      ],
    }),
    sample: { title: "Loft at the canal", by: "Ada", url: "https://market.example/admin/42" },
  }),
  "admin.digest.daily": defineEvent({
    description: "To an admin, each morning after a day with something to tell: what came in.",
    data: z.object({
      day: z.iso.date(),
      lines: z.array(z.string().max(500)).min(1).max(1_000),
    }),
    urgency: "bulk",
    mail: ({ day, lines }) => ({
      subject: `${lines.length} to look at, ${day}`,
      blocks: [
        { kind: "text", text: "What came in:" },
        { kind: "list", items: lines },
      ],
    }),
    sample: { day: "2026-11-20", lines: ["Listing to look at: Loft at the canal, by Ada"] },
  }),
};
