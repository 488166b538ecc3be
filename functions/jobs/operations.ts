/**
 * The endpoints of jobs, as the documentation shows them.
 *
 * @module
 */
import { DeadLetter, JobView } from "../../shared/mod.ts";
import type { Operation } from "../ops/operation.ts";
import {
  DeadLettersAnswer,
  EnqueuedAnswer,
  EnqueuedManyAnswer,
  EnqueueManyRequest,
  EnqueueRequest,
  GroupAnswer,
  GroupRequest,
  ReplayAllRequest,
  ReplayedAllAnswer,
  ReplayedAnswer,
  ReplayRequest,
  RevealedAnswer,
  RevealRequest,
} from "./contracts.ts";

const enqueueProblems = [
  "job_internal",
  "job_unknown",
  "body_invalid",
  "body_malformed",
  "body_too_large",
  "charset_unsupported",
  "overloaded",
  "delay_unsupported",
  "queue_rejected",
  "queue_unavailable",
] as const;
const redisProblems = ["redis_unavailable", "circuit_open"] as const;
/** Dead letters are kept in Postgres, where there is one. */
const letterProblems = [...redisProblems, "postgres_unavailable", "postgres_busy"] as const;
const dedupePrice = "0; with a dedupeId 1, and for a failed one that runs anew at most 5";
const onDelivery = "1 for each delivery";

export const jobOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/api/jobs/:name",
    summary: "Enqueues a job.",
    caller: "backend",
    parameters: [{
      name: "Idempotency-Key",
      in: "header",
      description: "The same as dedupeId, which wins.",
    }],
    request: EnqueueRequest,
    answers: { 202: { description: "Accepted.", body: EnqueuedAnswer } },
    problems: enqueueProblems,
    price: { commands: dedupePrice, messages: onDelivery },
    sample: { input: { message: "hello" }, delay: "10s" },
  },
  {
    method: "POST",
    path: "/api/jobs",
    summary: "Enqueues up to 100 jobs: all of them, or none.",
    caller: "backend",
    request: EnqueueManyRequest,
    answers: { 202: { description: "Accepted.", body: EnqueuedManyAnswer } },
    problems: enqueueProblems,
    price: { commands: dedupePrice, messages: onDelivery },
    sample: { jobs: [{ job: "debug.echo", input: { message: "one" } }] },
  },
  {
    method: "POST",
    path: "/api/groups",
    summary: "Enqueues jobs that belong together, and one that runs when all of them have ended.",
    caller: "backend",
    request: GroupRequest,
    answers: { 202: { description: "Accepted.", body: GroupAnswer } },
    problems: enqueueProblems,
    price: {
      commands: "0; with a dedupeId 1; with a follow-up 2 for each job that ends, 2 for the group",
      messages: onDelivery,
    },
    sample: {
      jobs: [{ job: "debug.echo", input: { message: "one" } }],
      then: { job: "debug.echo", input: { message: "all done" } },
    },
  },
  {
    method: "GET",
    path: "/api/jobs/:id",
    summary: "Says where a job stands.",
    caller: "backend",
    answers: { 200: { description: "Its state, progress, result or error.", body: JobView } },
    problems: ["job_not_found", "queue_unavailable"],
    price: { commands: "1", messages: "0" },
  },
  {
    method: "DELETE",
    path: "/api/jobs/:id",
    summary: "Cancels a job unless it has ended; what runs at this moment goes on, unheard.",
    caller: "backend",
    answers: { 200: { description: "How it stands now.", body: JobView } },
    problems: ["job_not_found", "queue_unavailable", ...redisProblems],
    price: { commands: "3", messages: "0" },
  },
  {
    method: "GET",
    path: "/api/dead-letters",
    summary: "Lists the jobs that failed for good in the last 30 days.",
    caller: "backend",
    parameters: [
      { name: "cursor", in: "query", description: "From the page before." },
      { name: "limit", in: "query", description: "How many: 1 to 100. Default: 50." },
    ],
    answers: { 200: { description: "A page.", body: DeadLettersAnswer } },
    problems: ["body_invalid", ...letterProblems],
    price: { commands: "2", messages: "0" },
  },
  {
    method: "GET",
    path: "/api/dead-letters/:id",
    summary: "Shows one dead letter.",
    caller: "backend",
    answers: { 200: { description: "The letter.", body: DeadLetter } },
    problems: ["not_found", ...letterProblems],
    price: { commands: "1", messages: "0" },
  },
  {
    method: "DELETE",
    path: "/api/dead-letters/:id",
    summary: "Throws a dead letter away.",
    caller: "backend",
    answers: { 204: { description: "It is gone." } },
    problems: [...letterProblems],
    price: { commands: "2", messages: "0" },
  },
  {
    method: "POST",
    path: "/api/dead-letters/:id/replay",
    summary: "Sends a dead letter again, with its input or another.",
    caller: "backend",
    request: ReplayRequest,
    answers: { 202: { description: "Accepted.", body: ReplayedAnswer } },
    problems: [
      "not_found",
      "replay_refused",
      "body_invalid",
      "queue_unavailable",
      ...letterProblems,
    ],
    price: { commands: "6", messages: onDelivery },
    sample: { input: { message: "mended" } },
  },
  {
    method: "POST",
    path: "/api/dead-letters/:id/reveal",
    summary: "Shows one secret of a dead letter; the log says who asked.",
    caller: "operator",
    request: RevealRequest,
    answers: { 200: { description: "The field's value.", body: RevealedAnswer } },
    problems: ["not_found", "secret_unreadable", "body_invalid", ...letterProblems],
    price: { commands: "1", messages: "0" },
    sample: { path: "data.url" },
  },
  {
    method: "POST",
    path: "/api/dead-letters/replay",
    summary: "Sends up to 100 dead letters again, at a stated pace.",
    caller: "backend",
    request: ReplayAllRequest,
    answers: { 202: { description: "Which were sent.", body: ReplayedAllAnswer } },
    problems: ["body_invalid", "queue_unavailable", ...letterProblems],
    price: { commands: "2, 2 for each and 3 for 25 of them", messages: onDelivery },
    sample: { job: "debug.echo", perSecond: 2 },
  },
  {
    method: "POST",
    path: "/qstash/jobs/:name",
    summary: "Runs one delivery of a job.",
    caller: "QStash",
    answers: { 200: { description: "There is nothing left to do." } },
    problems: [
      "job_unknown",
      "job_failed",
      "job_failed_for_good",
      "delivery_in_progress",
    ],
    price: { commands: "2 for a first attempt that succeeds", messages: "1" },
  },
  {
    method: "POST",
    path: "/qstash/failures",
    summary: "Takes in a job that QStash has given up on.",
    caller: "QStash",
    answers: { 200: { description: "It is settled, and its dead letter is kept." } },
    problems: ["delivery_in_progress", ...letterProblems],
    price: { commands: "7", messages: "1" },
  },
];
