/**
 * The jobs that send: one for each flow-control key, with the same work.
 *
 * 2 commands and a message for a mail. The job's id is the provider's idempotency key and the log's
 * primary key, so a delivery that comes twice, late or after a crash sends nothing twice. Dead letters
 * are mails that the provider finds fault with, and those whose three attempts got no answer at all.
 *
 * @module
 */
import * as z from "zod";
import {
  type Config,
  defineJob,
  type JobContext,
  type Mailer,
  MailRefusedError,
  NotConfiguredError,
} from "../../../shared/mod.ts";
import { Recipient } from "../contracts.ts";
import { type NotificationEvent, unsubscribeGroups } from "../event.ts";
import { type EventName, eventNames } from "../events/names.ts";
import { quietUntil } from "../local_time.ts";
import { brandOf } from "../mail/brand.ts";
import { unsubscribeHeaders } from "../mail/unsubscribe_headers.ts";
import { renderMail } from "../mail/render.tsx";
import { secretOfNotifications } from "../parts.ts";
import { recipientId, unsubscribeToken } from "../recipients.ts";
import { heldBackBy, suppress } from "../suppressions.ts";
import { closeWindow } from "../windows.ts";
import { contentOf } from "./content.ts";
import { eventOf } from "./event_of.ts";
import { flowControls } from "./flow.ts";
import { logNotification, type Outcome, readStanding } from "./log_store.ts";
import { patiently } from "./patience.ts";

const MOST_WAIT_MS = 6 * 86_400_000;

export const SendInput = z.object({
  event: z.enum(eventNames),
  to: Recipient,
  /** What the event takes; absent where a window holds it. */
  data: z.unknown().optional(),
  /** The window whose items this mail tells of. */
  window: z.string().optional(),
  /** Not before this moment (epoch ms), which may be further ahead than QStash's plan lets a message wait. */
  notBefore: z.int().optional(),
});
export type SendInput = z.infer<typeof SendInput>;

export const SendOutput = z.object({
  outcome: z.string(),
  providerId: z.string().optional(),
});

export interface SendParts {
  config: Config;
  mailer?: Mailer;
}

/** Makes both jobs. */
export function createSendJobs(parts: SendParts) {
  const flow = flowControls(parts.config);
  const common = {
    internal: true,
    input: SendInput,
    output: SendOutput,
    // Without mail nothing is sent, and no key is asked for.
    ...(parts.config.mail && { secrets: secretsOfSending }),
    // 3 attempts: at once, after 2 s and after 4 s; then it waits by itself.
    retries: 2,
    backoff: { first: 2_000, factor: 2 },
    timeoutMs: 30_000,
    run: (input: SendInput, context: JobContext) =>
      patiently(context, () => send(parts, input, context)),
  };
  return {
    "notification.urgent": defineJob({
      ...common,
      name: "notification.urgent",
      description: "Sends a mail about an account, a password or security.",
      flowControl: flow.urgent,
    }),
    "notification.bulk": defineJob({
      ...common,
      name: "notification.bulk",
      description: "Sends any other mail.",
      flowControl: flow.bulk,
    }),
  };
}

/** The event's secrets, where they are in the job's input. */
function secretsOfSending({ event }: z.input<typeof SendInput>): string[] {
  return (eventOf(event)?.secrets ?? []).map((field) => `data.${field}`);
}

async function send(
  { config, mailer }: SendParts,
  input: SendInput,
  context: JobContext,
): Promise<z.infer<typeof SendOutput>> {
  const secret = secretOfNotifications(config);
  if (!mailer || !config.mail) throw new NotConfiguredError("notifications", ["RESEND_API_KEY"]);
  const { clock, id, log, sql } = context;
  const event = eventOf(input.event);
  const recipient = await recipientId(secret, input.to.email);
  const standing = await readStanding(sql, { id, recipient, group: event.group });
  if (standing.outcome) return { outcome: standing.outcome };
  const end = async (outcome: Outcome, more: { providerId?: string; told?: number } = {}) => {
    const { told = 1, providerId } = more;
    const at = clock.now();
    await logNotification(sql, {
      id,
      event: input.event,
      recipient,
      outcome,
      providerId,
      told,
      at,
    });
    log.info("notification.ended", { id, event: input.event, outcome, told });
    return { outcome, providerId };
  };
  const heldBack = heldBackBy(event, standing.suppressions);
  if (heldBack) {
    if (input.window === undefined) return await end(heldBack);
    // What comes later waits in another window: the recipient may want mail again by then.
    const { items } = await closeWindow(sql, input.window, clock.now());
    return await end(heldBack, { told: items.length });
  }
  if (input.notBefore !== undefined && clock.now() < input.notBefore) {
    return await context.defer(nextHop(clock.now(), input.notBefore));
  }
  const until = quietEnd(config, event, input, clock.now());
  if (until !== undefined) return await context.defer(until);
  const { content, told } = await contentOf(sql, input, clock.now());
  if (!content) return await end("empty", { told: 0 });
  const subscription = event.group && { recipient, group: event.group };
  const url = subscription &&
    `${config.publicUrl}/notifications/unsubscribe?token=${await unsubscribeToken(
      secret,
      subscription,
    )}`;
  const mail = renderMail(content, {
    brand: brandOf(config.mail.from),
    name: input.to.name,
    ...(url && event.group && { unsubscribe: { url, what: unsubscribeGroups[event.group] } }),
  });
  try {
    const { id: providerId } = await mailer.send({
      from: config.mail.from,
      to: input.to.email,
      ...mail,
      ...(url && { headers: unsubscribeHeaders(url) }),
    }, context.idempotencyKey);
    return await end("accepted", { providerId, told });
  } catch (error) {
    if (!(error instanceof MailRefusedError)) throw error;
    await suppress(sql, { recipient, scope: "all", reason: "refused", at: clock.now() });
    return await end("refused", { told });
  }
}

/** When the job that waits for `due` runs next: QStash's free plan holds a message for 7 days. */
export function nextHop(now: number, due: number): number {
  return Math.min(due, now + MOST_WAIT_MS);
}

/** When the recipient may be woken, where that is not now. */
export function quietEnd(
  { notifications: { quietHours } }: Config,
  { waits }: Pick<NotificationEvent, "waits">,
  { to: { timeZone } }: { to: Recipient },
  at: number,
): number | undefined {
  if (!waits || !quietHours || timeZone === undefined) return undefined;
  return quietUntil(at, timeZone, quietHours);
}

export type SendJobName = keyof ReturnType<typeof createSendJobs>;

/** The job that sends mail of this event. */
export function sendJobOf(event: EventName): SendJobName {
  return `notification.${eventOf(event).urgency}`;
}
