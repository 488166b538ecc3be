/**
 * Tells of a change whatever the table says.
 *
 * No Redis command; each mail is a job. What throws may be sent again: what was told is not told
 * twice, as each notification is one by the change, its trigger, its event and its recipient.
 *
 * @module
 */
import { BodyInvalidError, type Log, UnsupportedDelayError } from "../../../shared/mod.ts";
import { type NotifyParts, notifyUnchecked } from "../notify.ts";
import { type Change, changeId } from "./change.ts";
import type { ToldAnswer, TriggerAnswer } from "./contracts.ts";
import { triggers } from "./table.ts";
import { IncompleteRowError, type Told, toldBy, type Trigger } from "./trigger.ts";

/** One change tells no more: a mistake in the table must not become a flood. */
export const MOST_TOLD = 20;

/** What is needed to tell; the app's parts have all of it. */
export interface FireParts extends NotifyParts {
  log: Log;
}

/**
 * Tells of the change. A row that lacks something is logged by the field's name and let go, as its
 * sender would send it in vain.
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
  const read = matching.map((trigger) => readRow(parts, trigger, change));
  const tellings = read.flatMap(({ tellings }) => tellings);
  if (tellings.length > MOST_TOLD) {
    parts.log.error("trigger.cut", { collection: change.collection, told: tellings.length });
  }
  // All of them, whatever becomes of one: what is told now need not be told again.
  const ends = await Promise.allSettled(
    tellings.slice(0, MOST_TOLD).map((telling) => tell(parts, telling, change)),
  );
  const told: ToldAnswer[] = [];
  const lacking = read.flatMap(({ lacking }) => lacking);
  for (const end of ends) {
    if (end.status === "rejected") throw end.reason;
    told.push(...end.value.told);
    lacking.push(...end.value.lacking);
  }
  if (told.length === 0 && lacking.length > 0) {
    return { accepted: false, because: `the row lacks ${lacking.join(", ")}` };
  }
  return { accepted: true, told, ...(lacking.length > 0 && { lacking }) };
}

interface Telling {
  trigger: Trigger;
  told: Told;
}

function readRow(
  parts: FireParts,
  trigger: Trigger,
  change: Change,
): { tellings: Telling[]; lacking: string[] } {
  const { adminEmails, siteUrl } = parts.config;
  try {
    const all = toldBy(trigger, change, {
      admins: adminEmails.map((email) => ({ email })),
      now: parts.clock.now(),
      site: (...path) => {
        if (siteUrl === undefined) throw new IncompleteRowError(["SITE_URL"]);
        return [siteUrl, ...path.map(encodeURIComponent)].join("/");
      },
    });
    return { tellings: all.map((told) => ({ trigger, told })), lacking: [] };
  } catch (error) {
    if (!(error instanceof IncompleteRowError)) throw error;
    return { tellings: [], lacking: incomplete(parts, trigger, error.fields) };
  }
}

async function tell(
  parts: FireParts,
  { trigger, told: { event, to, data, notBefore } }: Telling,
  change: Change,
): Promise<{ told: ToldAnswer[]; lacking: string[] }> {
  try {
    const dedupeId = await changeId(trigger, change);
    // The pair fits by the type of `Told`; TypeScript cannot follow it through a union.
    const asked = { event, to, data, dedupeId, notBefore };
    const { id, deduplicated } = await notifyUnchecked(parts, asked);
    return { told: [{ event, id, deduplicated }], lacking: [] };
  } catch (error) {
    // Neither gets better by being sent again.
    if (!(error instanceof BodyInvalidError || error instanceof UnsupportedDelayError)) throw error;
    return { told: [], lacking: incomplete(parts, trigger, error.fields.map(({ path }) => path)) };
  }
}

function incomplete({ log }: FireParts, { name }: Trigger, fields: readonly string[]): string[] {
  log.warn("trigger.incomplete", { trigger: name, fields: fields.join(", ") });
  return [...fields];
}
