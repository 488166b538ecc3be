/**
 * Every job, by name. A new one is a file of its own, or a part of its function's jobs.ts, and a
 * line here.
 *
 * @module
 */
import {
  type Config,
  defineRegistry,
  type Llm,
  type Mailer,
  type PeopleContributions,
  type Sleep,
} from "../../shared/mod.ts";
import { createRankJob, feedAudit, feedClose, feedFlush, feedRecord } from "../feed/jobs.ts";
import { createReplyJob } from "../chat/jobs.ts";
import { createRowJob, createSendJobs } from "../notifications/jobs.ts";
import { createPeopleJobs } from "../people/jobs.ts";
import { type Catalogs, createProfileJobs } from "../profiles/jobs.ts";
import { debugEcho } from "./debug_echo.ts";
import { githubPush } from "./github_push.ts";

/** Yours go here. */
const jobs = defineRegistry({
  "debug.echo": debugEcho,
  "feed.close": feedClose,
  "feed.flush": feedFlush,
  "feed.record": feedRecord,
  "github.push": githubPush,
});

/** What some jobs ask of the app, besides what every job is given. */
export interface JobParts {
  config: Config;
  /** Absent without `RESEND_API_KEY`. */
  mailer?: Mailer;
  /** Absent without `OPENAI_API_KEY`. */
  llm?: Llm;
  sleep: Sleep;
  /** Who knows what users' songs, films and games are. Absent: nobody is asked. */
  catalogs?: Catalogs;
  /** What every feature holds of people. */
  people: PeopleContributions;
}

/** Makes the table of all jobs; once for each isolate. */
export function createRegistry(parts: JobParts) {
  const { config } = parts;
  // Upkeep shares one key, so that it never takes all of QStash's parallelism.
  const flowControl = {
    key: `${config.namespace}.maintenance`,
    rate: 2,
    parallelism: config.maintenanceConcurrency,
  };
  return defineRegistry({
    ...jobs,
    ...createSendJobs(parts),
    "notification.row": createRowJob(parts),
    "chat.reply": createReplyJob(parts),
    ...createPeopleJobs(parts),
    ...createProfileJobs(parts),
    "feed.audit": { ...feedAudit, flowControl },
    "feed.rank": { ...createRankJob(config.feed.rank), flowControl },
  });
}

export type AppRegistry = ReturnType<typeof createRegistry>;
