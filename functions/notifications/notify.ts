/**
 * Tells somebody of an event: now, later, together with others, or in the morning's digest.
 *
 * No Redis command: a mail is a job of 2 commands and a message, and so is a window of many events.
 * What throws has told nobody; with a `dedupeId` it may be called again until it does not throw.
 *
 * @module
 */
import type * as z from "zod";
import {
  AppError,
  BodyInvalidError,
  type Clock,
  type Config,
  dedupedJobId,
  type Enqueued,
  type EnqueueOptions,
  hashedId,
  type Ids,
  RequestError,
  type Sql,
  startOf,
} from "../../shared/mod.ts";
import { parseShape } from "../middleware/body.ts";
import { soundValue } from "../middleware/json.ts";
import { MOST_DELAY_MS, type NotifyAnswer, NotifyOptions, Recipient } from "./contracts.ts";
import type { NotificationEvent } from "./event.ts";
import { type EventName, eventNames } from "./events/names.ts";
import type { notificationEvents } from "./events/table.ts";
import { nextTime } from "./local_time.ts";
import { secretOfNotifications, sqlOfNotifications } from "./parts.ts";
import { readNotification } from "./reading.ts";
import { recipientId } from "./recipients.ts";
import { eventOf } from "./sending/event_of.ts";
import {
  nextHop,
  quietEnd,
  type SendInput,
  type SendJobName,
  sendJobOf,
} from "./sending/send_jobs.ts";
import { joinWindow, windowArmed } from "./windows.ts";

/** What an event takes. */
export type EventData<Name extends EventName> = z.input<(typeof notificationEvents)[Name]["data"]>;

/** What is needed to tell; the app's parts have all of it. */
export interface NotifyParts {
  config: Config;
  clock: Clock;
  ids: Ids;
  jobs: {
    enqueue(job: SendJobName, input: SendInput, options?: EnqueueOptions): Promise<Enqueued>;
  };
  database?: Sql;
}

/**
 * Tells `to` of the event.
 *
 * @throws {BodyInvalidError} naming each field, as in `data.url` and `to.email`
 * @throws {NotConfiguredError | PostgresUnavailableError | QueueUnavailableError | QueueRejectedError}
 */
export async function notify<Name extends EventName>(
  parts: NotifyParts,
  event: Name,
  to: Recipient,
  data: EventData<Name>,
  options: NotifyOptions = {},
): Promise<NotifyAnswer> {
  return await notifyUnchecked(parts, { event, to, data, ...options });
}

/** The same for a name and a payload that come from outside. @throws {RequestError} `notification_unknown` as well */
export async function notifyUnchecked(
  parts: NotifyParts,
  asked: { event: string; to: Recipient; data?: unknown } & NotifyOptions,
): Promise<NotifyAnswer> {
  const secret = secretOfNotifications(parts.config);
  if (!isEventName(asked.event)) throw unknownEvent(asked.event);
  const { event: name } = asked;
  const event = eventOf(name);
  const to = within("to", () => parseShape(Recipient, mended(asked.to)));
  const given = mended(asked.data ?? {});
  const options = parseShape(NotifyOptions, asked);
  if (Date.parse(options.notBefore ?? "") > parts.clock.now() + MOST_DELAY_MS) {
    throw new BodyInvalidError([{ path: "notBefore", message: "must be within 10 years" }]);
  }
  // Stored as it was given: its own schema reads it again where it is told.
  within("data", () => parseShape(event.data, given));
  if (options.delivery === "digest" && !event.digestLine) {
    const message = `there is no digest of ${name}`;
    throw new BodyInvalidError([{ path: "delivery", message }]);
  }
  const telling: Telling = {
    parts,
    name,
    to,
    data: given,
    options,
    recipient: await recipientId(secret, to.email),
  };
  const isLater = options.delayMs !== undefined || options.notBefore !== undefined;
  const mail = options.delivery === "digest"
    ? undefined
    : event.collapse && !isLater
    ? await collapse(telling, event.collapse.withinMs)
    : await mailOne(telling, event);
  const line = event.digestLine?.(event.data.parse(telling.data));
  const digest = line === undefined ? undefined : await addToDigest(telling, line);
  return { event: name, ...(mail ?? digest)! };
}

/** A copy that JSON and Postgres take: a mail must not stay unsent for a character of its text. */
function mended(value: unknown): unknown {
  return soundValue(JSON.parse(JSON.stringify(value) ?? "null"), { mend: "all" });
}

interface Telling {
  parts: NotifyParts;
  name: EventName;
  to: Recipient;
  data: unknown;
  options: z.output<typeof NotifyOptions>;
  recipient: string;
}

type Told = Omit<NotifyAnswer, "event">;

async function mailOne(telling: Telling, event: NotificationEvent): Promise<Told> {
  const { parts: { clock, config, database, jobs }, name, to, data, options, recipient } = telling;
  const { dedupeId, delayMs = 0, notBefore } = options;
  const wanted = notBefore === undefined ? clock.now() + delayMs : Date.parse(notBefore);
  const due = quietEnd(config, event, { to }, wanted) ?? wanted;
  const next = nextHop(clock.now(), due);
  const told = dedupeId === undefined ? undefined : idOf(name, recipient, dedupeId);
  const { id, deduplicated } = await jobs.enqueue(sendJobOf(name), {
    event: name,
    to,
    data,
    ...(next < due && { notBefore: due }),
  }, {
    notBefore: next,
    ...(told !== undefined && { dedupeId: told }),
  });
  // QStash knows those of the last ten minutes; of the others the job finds out, as this does.
  const isKnown = deduplicated || (told !== undefined && await hasEnded(database, id));
  return { id, deduplicated: isKnown };
}

/** Whether it was told before, which the log knows for 400 days. */
async function hasEnded(sql: Sql | undefined, id: string): Promise<boolean> {
  try {
    return sql !== undefined && await readNotification(sql, id) !== undefined;
  } catch (error) {
    // Postgres is away: to send needs it, to be asked does not.
    if (!(error instanceof AppError)) throw error;
    return false;
  }
}

async function collapse(telling: Telling, withinMs: number): Promise<Told> {
  const { parts: { clock }, name, data, recipient } = telling;
  return await gather(telling, {
    event: name,
    key: `${name}:${recipient}`,
    data,
    endsAt: clock.now() + withinMs,
  });
}

async function addToDigest(telling: Telling, line: string): Promise<Told> {
  const { parts: { clock, config }, to, recipient } = telling;
  const { digestMinute } = config.notifications;
  return await gather(telling, {
    event: "admin.digest.daily",
    key: `digest:${recipient}`,
    data: line,
    endsAt: nextTime(clock.now(), to.timeZone ?? "UTC", digestMinute),
  });
}

interface Gathering {
  /** The event of the mail that tells of all. */
  event: EventName;
  key: string;
  data: unknown;
  endsAt: number;
}

/** Puts it into a window, and sees to it that the window's mail is on its way. */
async function gather(telling: Telling, { event, key, data, endsAt }: Gathering): Promise<Told> {
  const { parts: { config, database, ids, jobs }, name, to, options, recipient } = telling;
  const sql = sqlOfNotifications(database);
  const { dedupeId } = options;
  const id = dedupeId === undefined ? ids.random() : `${key}:${idOf(name, recipient, dedupeId)}`;
  const newWindow = { id: await hashedId("window", id), endsAt };
  const joined = await joinWindow(sql, { key, id, data, newWindow });
  const { window } = joined;
  const due = quietEnd(config, eventOf(event), { to }, joined.endsAt) ?? joined.endsAt;
  const job = sendJobOf(event);
  if (!joined.armed) {
    const input: SendInput = { event, to, window };
    // Two that come at once both send it: its id makes them one.
    await jobs.enqueue(job, input, { dedupeId: window, notBefore: due });
    await windowArmed(sql, window);
  }
  return {
    id: await dedupedJobId(job, window),
    deduplicated: !joined.isNew,
    until: new Date(due).toISOString(),
  };
}

function idOf(...parts: string[]): string {
  return JSON.stringify(parts);
}

function isEventName(name: string): name is EventName {
  return (eventNames as readonly string[]).includes(name);
}

function unknownEvent(name: string): RequestError {
  return new RequestError(
    "notification_unknown",
    `Cannot tell "${startOf(name, 64)}": /docs names every event`,
  );
}

/** Names the fields of a part of the body by their whole path. */
function within<T>(part: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof BodyInvalidError)) throw error;
    throw new BodyInvalidError(error.fields.map(({ path, message }) => ({
      path: path === "body" ? part : `${part}.${path}`,
      message,
    })));
  }
}
