/**
 * What jobs hold of people: inputs that wait, dead letters, results. What can be found is erased by
 * `people.erase` itself.
 *
 * @module
 */
import { DAY_MS, type PeopleContribution } from "../../shared/mod.ts";

/** The longest of QStash's plans. */
const QUEUE_LOG_DAYS = 14;

export const jobsPeople: PeopleContribution = {
  tables: { dead_letters: ["envelope", "message"], effects: ["result"] },
  keys: ["jobClaim", "jobOutcome", "deadLetter", "deadLetters"],
  export: () => Promise.resolve({}),
  erase: () => Promise.resolve({}),
  remains: (now) => [
    {
      what: "results, progress, steps and errors of their jobs",
      until: now + 7 * DAY_MS,
      because: "they are kept by the job's id, and end by themselves",
    },
    {
      what: "results of transactions of their jobs",
      until: now + 400 * DAY_MS,
      because: "they are kept by the job's id: without them a retry would write twice",
    },
    {
      what: "inputs of their jobs in QStash's log",
      until: now + QUEUE_LOG_DAYS * DAY_MS,
      because: "QStash erases nothing on request: 3 days on the free plan, 14 at most",
    },
    {
      what: "jobs that were sent longer ago than QStash's log reaches, and wait still",
      until: now + 365 * DAY_MS,
      because: "QStash lists no messages: only those in its log can be found",
    },
  ],
};
