/**
 * The endpoints of events, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import { EventAnswer, ViewRequest } from "./contracts.ts";

export const eventOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/api/metrics/views",
    summary: "Counts a view of a listing, once for each person and UTC day.",
    caller: "browser",
    request: ViewRequest,
    answers: { 200: { description: "Counted, or known.", body: EventAnswer } },
    problems: ["body_invalid", "body_malformed", "body_too_large"],
    price: { commands: "1", messages: "0" },
    sample: { kind: "locations", id: 42 },
  },
];
