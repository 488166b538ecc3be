/**
 * Every job, by name. A new one is a file of its own, or a part of its function's jobs.ts, and a
 * line here.
 *
 * @module
 */
import { defineRegistry } from "../../shared/mod.ts";
import { feedAudit, feedClose, feedFlush, feedRank, feedRecord } from "../feed/jobs.ts";
import { debugEcho } from "./debug_echo.ts";
import { githubPush } from "./github_push.ts";

export const registry = defineRegistry({
  "debug.echo": debugEcho,
  "feed.audit": feedAudit,
  "feed.close": feedClose,
  "feed.flush": feedFlush,
  "feed.rank": feedRank,
  "feed.record": feedRecord,
  "github.push": githubPush,
});

export type AppRegistry = typeof registry;
