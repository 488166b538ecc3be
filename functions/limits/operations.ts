/**
 * The endpoints of limits, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import { LimitCheckRequest, LimitView } from "./contracts.ts";

const redisProblems = ["redis_unavailable", "circuit_open"] as const;

export const limitOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/api/limits/:service/check",
    summary:
      "Takes units of a limit for somebody: 200 when they may go on, 429 with Retry-After when they are over it. RateLimit, RateLimit-Policy and X-RateLimit-* say what is left.",
    caller: "backend",
    request: LimitCheckRequest,
    answers: { 200: { description: "They may go on.", body: LimitView } },
    problems: [
      "limit_exceeded",
      "limit_unavailable",
      "limit_unknown",
      "body_invalid",
      "body_malformed",
      "body_too_large",
    ],
    price: { commands: "5 first, then 3; 0 on a lease, or when known to be over", messages: "0" },
    sample: { identifier: "user-42" },
  },
  {
    method: "GET",
    path: "/api/limits/:service",
    summary:
      "Says what a user has left, and takes nothing: a browser with a user's token asks for that user, a backend for anyone.",
    caller: "browser",
    parameters: [{
      name: "identifier",
      in: "query",
      description: "Whose; for backends alone, and then required.",
    }],
    answers: { 200: { description: "What is left.", body: LimitView } },
    problems: [
      "limit_unknown",
      "limit_exceeded",
      "body_invalid",
      "token_missing",
      "token_invalid",
      "not_configured",
      ...redisProblems,
    ],
    price: { commands: "1; for a browser, and what its own limit costs", messages: "0" },
  },
  {
    method: "DELETE",
    path: "/api/limits/:service/:identifier",
    summary:
      "Forgets what somebody has taken of a limit. Other isolates may go on refusing for a sixth of its window, at most a minute.",
    caller: "backend",
    answers: { 204: { description: "They have all of it again." } },
    problems: ["limit_unknown", "body_invalid", ...redisProblems],
    price: { commands: "1", messages: "0" },
  },
];
