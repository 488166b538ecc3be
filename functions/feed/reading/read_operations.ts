/**
 * The endpoints of counts, feeds and listings, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../../ops/operation.ts";
import {
  CountsAnswer,
  FeedAnswer,
  kinds,
  ListingsAnswer,
  ListingsRequest,
  ManyCountsAnswer,
} from "../contracts.ts";
import { rankingDescription } from "../ranking/ranking_formula.ts";

const nothing = { commands: "0", messages: "0" };
const kind = {
  name: "kind",
  in: "path",
  description: `One of ${kinds.join(", ")}.`,
  required: true,
} as const;
const problems = [
  "feed_kind_unknown",
  "body_invalid",
  "postgres_unavailable",
  "postgres_busy",
  "circuit_open",
] as const;
const stale =
  "While Postgres is away, as it was answered last, with `stale` and X-Degraded: stale.";

export const readOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/api/metrics/:kind/:id",
    summary: "Says how often a listing was viewed, shown, favorited and booked.",
    caller: "browser",
    parameters: [kind, {
      name: "id",
      in: "path",
      description: "The listing's id; one that nothing was counted of has zeros.",
      required: true,
    }],
    answers: {
      200: { description: `Its counts of 1, 7 and 30 days. ${stale}`, body: CountsAnswer },
    },
    problems,
    price: nothing,
  },
  {
    method: "GET",
    path: "/api/metrics/:kind",
    summary: "Says the same of up to 100 listings.",
    caller: "browser",
    parameters: [kind, {
      name: "id",
      in: "query",
      description: "A listing's id, once for each: ?id=42&id=43.",
      required: true,
    }],
    answers: {
      200: {
        description: `Their counts, in the order of the ids. ${stale}`,
        body: ManyCountsAnswer,
      },
    },
    problems,
    price: nothing,
  },
  {
    method: "GET",
    path: "/api/feed/:segment",
    summary: "Shows a page of a ranked feed.",
    caller: "browser",
    parameters: [
      {
        name: "segment",
        in: "path",
        description: "A kind, or a kind and one of its listings' segments: locations:berlin.",
        required: true,
      },
      { name: "limit", in: "query", description: "1 to 100 listings. Default: 20." },
      {
        name: "cursor",
        in: "query",
        description:
          "From the page before: goes on in the same ranking, while a newer one is there.",
      },
      { name: "If-None-Match", in: "header", description: "The ETag of an answer that is kept." },
    ],
    answers: {
      200: { description: `The best first: ${rankingDescription} ${stale}`, body: FeedAnswer },
      304: { description: "It is as the ETag's." },
    },
    problems: [...problems, "feed_cursor_gone"],
    price: nothing,
  },
  {
    method: "POST",
    path: "/api/listings",
    summary: "Says which segments listings are in, which are hidden and which are gone.",
    caller: "backend",
    request: ListingsRequest,
    answers: {
      200: {
        description:
          "Kept. Hidden ones are in no feed from now on, the rest follows in 10 minutes.",
        body: ListingsAnswer,
      },
    },
    problems: [
      "body_invalid",
      "body_malformed",
      "body_too_large",
      "postgres_unavailable",
      "postgres_busy",
      "circuit_open",
    ],
    price: { commands: "0", messages: "at most 1 in 10 minutes" },
    sample: { listings: [{ kind: "locations", id: 42, segments: ["berlin"] }] },
  },
];
