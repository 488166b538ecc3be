/**
 * Tells of a change whatever the table says.
 *
 * No Redis command; each mail is a job. What throws may be sent again: what was told is not told
 * twice, as each notification is one by the change, its trigger, its event and its recipient. What a
 * trigger lacks makes the row a dead letter, which an operator mends and replays: one message.
 *
 * @module
 */
import {
  BodyInvalidError,
  type Enqueued,
  type EnqueueOptions,
  hashedId,
  type Log,
  UnsupportedDelayError,
} from "../../../shared/mod.ts";
import { type NotifyParts, notifyUnchecked } from "../notify.ts";
import { type Change, changeId } from "./change.ts";
import type { RowInput, ToldAnswer, TriggerAnswer } from "./contracts.ts";
import { readOf } from "./row.ts";
import { triggers } from "./table.ts";
import { IncompleteRowError, type Told, toldBy, type Trigger } from "./trigger.ts";

/** One change tells no more: a mistake in the table must not become a flood. */
export const MOST_TOLD = 20;

/** What is needed to tell; the app's parts have all of it. */
export interface TellParts extends NotifyParts {
  log: Log;
}

export interface FireParts extends TellParts {
  jobs: NotifyParts["jobs"] & {
    enqueue(
      job: "notification.row",
      input: RowInput,
      options?: EnqueueOptions,
    ): Promise<Enqueued>;
  };
}

/**
 * Tells of the change. A row that lacks something for a trigger is kept for it as a dead letter: its
 * sender would send the same again.
 *
 * @throws {AppError} where the same change may be sent again
 */
export async function fire(parts: FireParts, change: Change): Promise<TriggerAnswer> {
  const matching = triggers.filter(({ collections, when }) =>
    collections.includes(change.collection) && when.holds(change)
  );
  if (matching.length === 0) {
    return { accepted: false, because: "no trigger is made of this change" };
  }
  // All of them, whatever becomes of one: what is told now need not be told again.
  const ends = await Promise.allSettled(
    matching.map((trigger) => fireOne(parts, trigger, change)),
  );
  const told: ToldAnswer[] = [];
  const lacking: string[] = [];
  const letters: string[] = [];
  for (const end of ends) {
    if (end.status === "rejected") throw end.reason;
    told.push(...end.value.told);
    lacking.push(...end.value.lacking);
    if (end.value.letter !== undefined) letters.push(end.value.letter);
  }
  if (letters.length === 0) return { accepted: true, told };
  if (told.length > 0) return { accepted: true, told, lacking, letters };
  return { accepted: false, because: `the row lacks ${lacking.join(", ")}`, letters };
}

async function fireOne(
  parts: FireParts,
  trigger: Trigger,
  change: Change,
): Promise<{ told: ToldAnswer[]; lacking: readonly string[]; letter?: string }> {
  const { told, lacking } = await tellOf(parts, trigger, change);
  if (lacking.length === 0) return { told, lacking };
  const { name } = trigger;
  parts.log.warn("trigger.incomplete", { trigger: name, fields: lacking.join(", ") });
  const kept = readOf(change) as Change;
  const { id } = await parts.jobs.enqueue("notification.row", { trigger: name, change: kept }, {
    // Not the change's own: rows that lack their id have one in common.
    dedupeId: await hashedId(name, JSON.stringify(change)),
  });
  return { told, lacking, letter: id };
}

/**
 * Tells what one trigger says of the change, and resolves to the fields that it lacks for that.
 *
 * @throws {AppError} where it may be tried again; whatever could be told has been
 */
export async function tellOf(
  parts: TellParts,
  trigger: Trigger,
  change: Change,
): Promise<{ told: ToldAnswer[]; lacking: readonly string[] }> {
  const read = readRow(parts, trigger, change);
  if (read.tellings.length > MOST_TOLD) {
    const { collection } = change;
    parts.log.error("trigger.cut", { collection, told: read.tellings.length });
  }
  const dedupeId = await changeId(trigger, change);
  const ends = await Promise.allSettled(
    read.tellings.slice(0, MOST_TOLD).map((telling) => tell(parts, telling, dedupeId)),
  );
  const told: ToldAnswer[] = [];
  const lacking = [...read.lacking];
  for (const end of ends) {
    if (end.status === "rejected") throw end.reason;
    if ("lacking" in end.value) lacking.push(...end.value.lacking);
    else told.push(end.value);
  }
  return { told, lacking };
}

function readRow(
  { config: { adminEmails, siteUrl }, clock }: TellParts,
  trigger: Trigger,
  change: Change,
): { tellings: readonly Told[]; lacking: readonly string[] } {
  try {
    const tellings = toldBy(trigger, change, {
      admins: adminEmails.map((email) => ({ email })),
      now: clock.now(),
      site: (...path) => {
        if (siteUrl === undefined) throw new IncompleteRowError(["SITE_URL"]);
        return [siteUrl, ...path.map(encodeURIComponent)].join("/");
      },
    });
    return { tellings, lacking: [] };
  } catch (error) {
    if (!(error instanceof IncompleteRowError)) throw error;
    return { tellings: [], lacking: error.fields };
  }
}

async function tell(
  parts: TellParts,
  { event, to, data, notBefore }: Told,
  dedupeId: string,
): Promise<ToldAnswer | { lacking: readonly string[] }> {
  try {
    // The pair fits by the type of `Told`; TypeScript cannot follow it through a union.
    const { id, deduplicated } = await notifyUnchecked(parts, {
      event,
      to,
      data,
      dedupeId,
      notBefore,
    });
    return { event, id, deduplicated };
  } catch (error) {
    // Neither gets better by being sent again as it is.
    if (!(error instanceof BodyInvalidError || error instanceof UnsupportedDelayError)) throw error;
    return { lacking: error.fields.map(({ path }) => path) };
  }
}
