/**
 * Telling somebody from within a job, once for the job, whatever becomes of its attempts.
 *
 * @module
 */
import { type Config, hashedId, type JobContext } from "../../shared/mod.ts";
import type { NotifyAnswer, NotifyOptions, Recipient } from "./contracts.ts";
import type { EventName } from "./events/table.ts";
import { type EventData, notify, type NotifyParts } from "./notify.ts";
import { eventOf } from "./sending/event_of.ts";
import { createSendJobs } from "./sending/send_jobs.ts";

/**
 * As `notify`. Without a `dedupeId`, the job, the event, the recipient and the data are one: an
 * attempt that comes after one that failed tells nobody again.
 */
export async function notifyInJob<Name extends EventName>(
  context: JobContext,
  config: Config,
  event: Name,
  to: Recipient,
  data: EventData<Name>,
  options: NotifyOptions = {},
): Promise<NotifyAnswer> {
  const dedupeId = options.dedupeId ??
    (eventOf(event).secrets
      ? await context.fingerprint(data)
      : await hashedId(context.id, JSON.stringify(data)));
  const parts = partsInJob(context, config, dedupeId);
  return await notify(parts, event, to, data, { ...options, dedupeId });
}

/** What telling needs, in a job. `id` stands for what has no `dedupeId`. */
export function partsInJob(context: JobContext, config: Config, id: string): NotifyParts {
  const sendJobs = createSendJobs({ config });
  const { clock, sql } = context;
  return {
    config,
    clock,
    ids: { random: () => id },
    database: sql,
    jobs: { enqueue: (name, ...rest) => context.enqueue(sendJobs[name], ...rest) },
  };
}
