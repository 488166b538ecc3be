/**
 * The endpoints of events, as the documentation shows them.
 *
 * @module
 */
import type * as z from "zod";
import type { ErrorCode } from "../../../shared/mod.ts";
import type { Operation } from "../../ops/operation.ts";
import {
  BookingRequest,
  EventAnswer,
  FavoriteRequest,
  ImpressionsRequest,
  ViewRequest,
} from "../contracts.ts";

const later = {
  description: "Redis is away: QStash keeps it, and it is counted later, once.",
  body: EventAnswer,
};

interface Event {
  name: "views" | "impressions" | "favorites" | "bookings";
  summary: string;
  counted: string;
  request: z.ZodType;
  problems?: readonly ErrorCode[];
  sample: unknown;
}

const events: readonly Event[] = [
  {
    name: "views",
    summary:
      "Counts a view of a listing, once for each person and UTC day. A person is the user of a token, else a session, else a masked address, else anonymous; a token that is not valid is refused. Programs and prefetches, told by their headers, do not count, but for a backend with a service token.",
    counted:
      "Counted, known before, or ignored. With FEED_UNIQUES=approximate the count is a HyperLogLog's, with a standard error of 0.81 %, and `repeated` as rough.",
    request: ViewRequest,
    sample: { kind: "locations", id: 42, session: "b7a1f0c2d4e5" },
  },
  {
    name: "impressions",
    summary:
      "Counts how often up to 100 listings were shown. The same batch may be sent any number of times: the flush knows it.",
    counted: "Recorded, or ignored.",
    request: ImpressionsRequest,
    sample: {
      batch: "2f1c9a7e4b6d8053",
      impressions: [{ kind: "locations", id: 42 }, { kind: "events", id: "a-7", count: 2 }],
    },
  },
  {
    name: "favorites",
    summary:
      "Keeps a person's favorite, or takes it back. The last word counts; without a token or a session it can be taken back on the same UTC day alone.",
    counted: "Recorded, or ignored.",
    request: FavoriteRequest,
    sample: { kind: "services", id: "s-1", session: "b7a1f0c2d4e5" },
  },
  {
    name: "bookings",
    summary:
      "Counts a booking of a listing, once for its own id and UTC day. Who may: by FEED_BOOKINGS backends with a service token (the default), users with a token of theirs as well, or anyone.",
    problems: ["booking_refused"],
    counted: "Counted, known before, or ignored.",
    request: BookingRequest,
    sample: { kind: "locations", id: 42, booking: "b-1001" },
  },
];

export const eventOperations: readonly Operation[] = events.map((event) => ({
  method: "POST",
  path: `/api/metrics/${event.name}`,
  summary: event.summary,
  caller: "browser",
  request: event.request,
  answers: { 200: { description: event.counted, body: EventAnswer }, 202: later },
  problems: [
    ...event.problems ?? [],
    "body_invalid",
    "body_malformed",
    "body_too_large",
    "queue_rejected",
    "queue_unavailable",
    "user_keys_unavailable",
  ],
  price: { commands: "1", messages: "0" },
  sample: event.sample,
}));
