/**
 * Telling somebody from within a job, once for the job, whatever becomes of its attempts.
 *
 * @module
 */
import { type Config, hashedId, type JobContext } from "../../shared/mod.ts";
import type { NotifyAnswer, NotifyOptions, Recipient } from "./contracts.ts";
import type { EventName } from "./events/table.ts";
import { type EventData, notify } from "./notify.ts";
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
  const sendJobs = createSendJobs({ config });
  const { clock, sql } = context;
  const dedupeId = options.dedupeId ??
    (eventOf(event).secrets
      ? await context.fingerprint(data)
      : await hashedId(context.id, JSON.stringify(data)));
  return await notify(
    {
      config,
      clock,
      ids: { random: () => dedupeId },
      database: sql,
      jobs: { enqueue: (name, ...rest) => context.enqueue(sendJobs[name], ...rest) },
    },
    event,
    to,
    data,
    { ...options, dedupeId },
  );
}
