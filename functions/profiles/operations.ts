/**
 * The endpoints of profiles, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import { ActivityAnswer, ActivityRequest, ProfileView } from "./contracts.ts";

const postgres = ["postgres_unavailable", "postgres_busy", "circuit_open"] as const;
const price = { commands: "1 cached, else 2; 1 where there is none", messages: "0" };
const answers = {
  200: { description: "The profile; every score says what it rests on.", body: ProfileView },
};

export const profileOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/api/activity",
    summary:
      "Takes in up to 100 activities, of any users. The profiles of the day's users are made when it is over.",
    caller: "backend",
    request: ActivityRequest,
    answers: { 200: { description: "They are stored.", body: ActivityAnswer } },
    problems: [
      "body_invalid",
      "body_malformed",
      "body_too_large",
      "queue_rejected",
      "queue_unavailable",
      "redis_unavailable",
      ...postgres,
    ],
    price: { commands: "0; 2 for an isolate's first of a day", messages: "1 a day" },
    sample: {
      activities: [{
        user: "ada",
        domain: "music",
        item: "spotify:track:4uLU6h",
        minutes: 4,
        tags: ["pop"],
        id: "play-1",
      }],
    },
  },
  {
    method: "GET",
    path: "/api/profiles/me",
    summary: "What was learnt of the user whose token this is.",
    caller: "browser",
    answers,
    problems: ["token_missing", "token_invalid", "not_configured", "not_found", ...postgres],
    price,
  },
  {
    method: "GET",
    path: "/api/profiles/:user",
    summary: "What was learnt of a user.",
    caller: "backend",
    answers,
    problems: ["not_found", ...postgres],
    price,
  },
];
