/**
 * The endpoints of people, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../ops/operation.ts";
import { ErasedAnswer, EraseRequest, ExportAnswer } from "./contracts.ts";

const address = {
  name: "address",
  in: "query",
  description: "An e-mail address of theirs; may stand several times.",
} as const;

export const peopleOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/api/people/:user",
    summary: "Shows all that is kept of a person, by feature.",
    caller: "backend",
    parameters: [address],
    answers: { 200: { description: "What is kept, as JSON.", body: ExportAnswer } },
    problems: ["body_invalid", "redis_unavailable", "circuit_open", "postgres_unavailable"],
    price: {
      commands: "1; without Postgres 2 more and 1 for each 100 dead letters",
      messages: "0",
    },
  },
  {
    method: "DELETE",
    path: "/api/people/:user",
    summary:
      "Erases what is kept of a person, by a job whose result says what stays, and until when.",
    caller: "backend",
    parameters: [address],
    request: EraseRequest,
    answers: {
      202: { description: "Accepted: the job's state says how far it is.", body: ErasedAnswer },
    },
    problems: ["body_invalid", "queue_unavailable", "not_configured"],
    price: {
      commands: "5, and 3 for each of their jobs that waits",
      messages: "1",
    },
    sample: { addresses: ["ada@example.com"] },
  },
];
