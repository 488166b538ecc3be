/**
 * What the feed's endpoints take and answer.
 *
 * @module
 */
import * as z from "zod";

/** The kinds of listings there are; a new one is added here. */
export const kinds = ["locations", "events", "services"] as const;
export const Kind = z.enum(kinds);
export type Kind = z.infer<typeof Kind>;

/** Text without what is no text: lone surrogates, control characters. */
const text = (least: number, most: number) =>
  z.string().min(least).max(most).refine(
    (value) => value.isWellFormed() && !/\p{Cc}/u.test(value),
    "must be well-formed text without control characters",
  );

/** What others gave as an id: the integer 42 and the text "42" are the same. */
const idOf = (what: string) =>
  z.union([z.int().min(0).transform(String), text(1, 128)], {
    error: "must be an integer from 0 to 2^53 - 1, or well-formed text of 1 to 128 characters",
  }).describe(what);

/** What ids of listings are made of: none needs care in a URL, in HTML or in a log. */
export const LISTING_ID = /^[A-Za-z0-9._~-]{1,128}$/;
const NO_LISTING_ID =
  "must be an integer from 0 to 2^53 - 1, or 1 to 128 of A-Z, a-z, 0-9, ., _, ~ and -";

/** An id as the caller has it. */
export const ListingId = z.union([
  z.int().min(0).transform(String),
  z.string().regex(LISTING_ID, NO_LISTING_ID),
], { error: NO_LISTING_ID }).describe(
  'An integer, or 1 to 128 of A-Z, a-z, 0-9, ., _, ~ and -; the integer 42 and the text "42" are one listing.',
);

/** Such an id, or any text of the time when others were taken: to be read, hidden and removed. */
export const KnownListingId = idOf("As it was given when it was counted.");

/** What every event may say of who caused it. */
const person = {
  token: z.string().max(4_096).optional().describe(
    "The user's token, for senders that cannot set a header, as navigator.sendBeacon.",
  ),
  session: text(8, 128).optional().describe(
    "Made by the browser, for people who are not signed in.",
  ),
  user: text(1, 256).optional().describe("Who it was, said by a backend."),
  address: z.string().max(64).optional().describe(
    "The visitor's IP address, said by a backend; its own is nobody's.",
  ),
};
export type Said = z.infer<z.ZodObject<typeof person>>;

const listing = { kind: Kind, id: ListingId };

export const ViewRequest = z.strictObject({ ...listing, ...person });

export const MOST_IMPRESSIONS = 100;
export const ImpressionsRequest = z.strictObject({
  batch: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, "must be 16 to 64 of A-Z, a-z, 0-9, _ and -")
    .describe("Random, made by the sender: a batch that is sent again counts once."),
  impressions: z.array(z.strictObject({
    ...listing,
    count: z.int().min(1).max(1_000).default(1).describe(
      "How often it was shown; more than 1,000 is refused, not cut.",
    ),
  })).min(1).max(MOST_IMPRESSIONS).describe("Equal listings are added up."),
  ...person,
});

export const FavoriteRequest = z.strictObject({
  ...listing,
  undo: z.boolean().default(false).describe("True takes the favorite back."),
  ...person,
});

export const BookingRequest = z.strictObject({
  ...listing,
  booking: idOf("The booking's own id: it counts once for the listing and UTC day."),
  ...person,
});

export const EventAnswer = z.object({
  outcome: z.enum(["counted", "repeated", "ignored", "later"]).describe(
    "`repeated`: known before. `ignored`: not a person's. `later`: Redis is away, QStash keeps it.",
  ),
  because: z.enum(["bot", "prefetch"]).optional().describe("Why it was ignored."),
});
export type EventAnswer = z.infer<typeof EventAnswer>;

const count = z.int().min(0);

/** What was counted in some days; favorites are those that were not taken back. */
export const Counts = z.object({
  views: count,
  impressions: count,
  favorites: z.int(),
  bookings: count,
});
export type Counts = z.infer<typeof Counts>;

export const CountsAnswer = z.object({
  kind: Kind,
  id: z.string(),
  days: z.object({ 1: Counts, 7: Counts, 30: Counts }).describe(
    "Today, and the last 7 and 30 UTC days with today.",
  ),
  favorites: count.describe("People whose favorite it is now."),
  asOf: z.iso.datetime().nullable().describe(
    "Until when everything is counted: the last flush from Redis; null before the first.",
  ),
  stale: z.boolean().optional().describe("True while Postgres is away: as it was answered last."),
});
export type CountsAnswer = z.infer<typeof CountsAnswer>;

export const ManyCountsAnswer = z.object({ counts: z.array(CountsAnswer) });
export type ManyCountsAnswer = z.infer<typeof ManyCountsAnswer>;

export const MOST_COUNTS = 100;
/** The query of counts: `?id=42&id=43`. */
export const CountsQuery = z.object({ id: z.array(KnownListingId).min(1).max(MOST_COUNTS) });

export const FeedAnswer = z.object({
  segment: z.string(),
  rankedAt: z.iso.datetime().nullable().describe("Null before the first ranking."),
  listings: z.array(z.object({
    position: z.int().describe("From 1; a listing hidden since then leaves a gap."),
    kind: Kind,
    id: z.string(),
    score: z.number().describe("Rounded to 9 decimals; the position is exact."),
  })),
  cursor: z.string().optional().describe("For the next page; absent on the last."),
  stale: z.boolean().optional().describe("True while Postgres is away: as it was answered last."),
});
export type FeedAnswer = z.infer<typeof FeedAnswer>;

/** The segment of a feed: a kind, or one of its caller-given parts, as in `locations:berlin`. */
const SEGMENT = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const SegmentName = z.string().regex(SEGMENT, "must be 1 to 64 of a-z, 0-9, ., _ and -");

/** The query of a feed's page. */
export const FeedQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(300).optional(),
});

export const ListingsRequest = z.strictObject({
  listings: z.array(
    z.strictObject({
      kind: Kind,
      id: KnownListingId.describe(
        "As in events; one of an older form can be hidden and removed alone.",
      ),
      segments: z.array(SegmentName).max(20).default([]).describe(
        "Such as a city; all of them, those that are left out are no longer its own.",
      ),
      hidden: z.boolean().default(false).describe("True takes it out of every feed at once."),
      removed: z.boolean().default(false).describe(
        "True for one that is gone: as hidden, and forgotten once it has no more counts to rank.",
      ),
    }).refine(({ id, hidden, removed }) => hidden || removed || LISTING_ID.test(id), {
      path: ["id"],
      message: NO_LISTING_ID,
    }),
  ).min(1).max(500).describe("Of one listing named twice, the last counts."),
});
export type ListingsRequest = z.infer<typeof ListingsRequest>;

export const ListingsAnswer = z.object({
  listings: z.int().describe("How many were named."),
  changed: z.int().describe("How many of them were not like that before."),
});
export type ListingsAnswer = z.infer<typeof ListingsAnswer>;
