/**
 * What must not compile. `deno check` is the test: an unused @ts-expect-error is an error.
 *
 * @module
 */
import * as z from "zod";
import {
  defineJob,
  defineRegistry,
  defineSchedules,
  type JobContext,
  type Jobs,
} from "../../../shared/mod.ts";

const greet = defineJob({
  name: "greet.send",
  input: z.object({ to: z.string() }),
  run: ({ to }) => ({ greeted: to }),
});
const registry = defineRegistry({ "greet.send": greet });

export async function misuse(jobs: Jobs<typeof registry>, context: JobContext): Promise<void> {
  await jobs.enqueue("greet.send", { to: "you" });
  await context.enqueue(greet, { to: "you" });
  // @ts-expect-error: a job that is not there
  await jobs.enqueue("greet.sent", { to: "you" });
  // @ts-expect-error: a wrong payload
  await jobs.enqueue("greet.send", { too: "you" });
  // @ts-expect-error: a wrong payload from within a job
  await context.enqueue(greet, { to: 7 });
  // @ts-expect-error: a wrong payload in a group
  await jobs.enqueueGroup([{ job: "greet.send", input: {} }]);
  // @ts-expect-error: a follow-up that is not there
  await jobs.enqueueGroup([], { then: { job: "greet.sent", input: {} } });
}

// @ts-expect-error: a job without a handler
defineJob({ name: "greet.none", input: z.object({}) });

// @ts-expect-error: a job under another name than its own
defineRegistry({ "greet.sent": greet });

defineSchedules(registry, {
  fixed: { daily: { cron: "0 6 * * *", job: "greet.send", input: { to: "all" } } },
  armed: { hourly: { slotMs: 3_600_000, job: "greet.send", input: () => ({ to: "all" }) } },
});

defineSchedules(registry, {
  // @ts-expect-error: a schedule for a job that is not there
  fixed: { daily: { cron: "0 6 * * *", job: "greet.sent", input: { to: "all" } } },
  armed: {},
});

defineSchedules(registry, {
  fixed: {},
  // @ts-expect-error: a schedule with a wrong payload
  armed: { hourly: { slotMs: 3_600_000, job: "greet.send", input: () => ({ too: "all" }) } },
});
