/**
 * Upstash Workflow runs on QStash, and this server does not run it yet: it says so, where it
 * would otherwise take a message that never becomes a run.
 *
 * @module
 */
import { Hono } from "hono";
import { ApiError } from "./api_error.ts";
import { goCase } from "./header_map.ts";
import type { Settings } from "./destination.ts";

const SETTING = /^upstash-((failure-)?callback-)?workflow-/;

/** Refuses a publish that is part of a workflow, naming the header that says so. */
export function assertNoWorkflow(settings: Settings): void {
  for (const name of settings.keys()) if (SETTING.test(name)) throw refusal(goCase(name));
}

/** The routes of workflows, each refused in the same words. */
export function workflowRoutes(): Hono {
  const app = new Hono();
  const paths = ["trigger", "batch/trigger", "workflows", "notify", "wait", "waiters"];
  for (const path of paths.flatMap((each) => [`/v2/${each}`, `/v2/${each}/*`])) {
    app.all(path, (c) => {
      throw refusal(c.req.path);
    });
  }
  return app;
}

function refusal(what: string): ApiError {
  return new ApiError(
    501,
    `${what}: workflows do not run on the local server yet; set QSTASH_URL to a real QStash for them`,
  );
}
