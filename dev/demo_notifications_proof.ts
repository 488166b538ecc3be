/**
 * What `deno task demo:notifications` compares: what was told with what lies in the provider's inbox,
 * what was let through with the rates, and what was billed with the price list.
 *
 * @module
 */
import type { Finding } from "./demo_feed_proof.ts";
import type { AcceptedMail } from "./mail/mail.ts";
import type { FlowRelease } from "./qstash/flow_control.ts";
import { eventOf, marksIn, type Round, type Telling } from "./demo_notifications_plan.ts";
import type { Sent } from "./demo_notifications_send.ts";
import type { Metered, System } from "./demo_notifications_system.ts";

/** From 22:00 to 07:00 by the recipient's clock, as the settings have it by default. */
const QUIET_FROM_HOUR = 22;
const QUIET_TO_HOUR = 7;

/** What is looked at after a round. */
export interface Evidence {
  system: System;
  round: Round;
  sent: Sent;
  /** Mails that the provider accepted in this round. */
  mails: AcceptedMail[];
  /** What flow control let through in it. */
  releases: readonly FlowRelease[];
  metered: Metered;
}

/** By each telling's marks: told by the right mails, and no other. */
export function compareInbox({ round, mails }: Evidence): Finding[] {
  const { run, tellings } = round;
  const byMail = new Map<number, AcceptedMail[]>();
  const byLine = new Map<number, AcceptedMail[]>();
  const unknown: Finding = { what: "mails that tell of something", compared: 0, differences: [] };
  for (const mail of mails) {
    const told = marksIn(mail.text ?? "", "told", run);
    const lines = told.size > 0 ? new Set<number>() : marksIn(mail.text ?? "", "line", run);
    unknown.compared++;
    if (told.size + lines.size === 0) unknown.differences.push(`${mail.to}: ${mail.subject}`);
    const html = marksIn(mail.html ?? "", told.size > 0 ? "told" : "line", run);
    if (html.size !== told.size + lines.size) {
      unknown.differences.push(`${mail.to}: its HTML tells of ${html.size} things, not of all`);
    }
    for (const number of told) byMail.set(number, [...byMail.get(number) ?? [], mail]);
    for (const number of lines) byLine.set(number, [...byLine.get(number) ?? [], mail]);
  }
  const finding = (what: string): Finding => ({ what, compared: 0, differences: [] });
  const own = finding("told by a mail, once, to the right person");
  const lines = finding("told by a line of a digest, once");
  const none = finding("held back, and told nobody");
  for (const telling of tellings) {
    const { number, held, delivery, event } = telling;
    const isLined = !held && eventOf(event).digestLine !== undefined;
    const isMailed = !held && delivery === "mail";
    compareOne(held ? none : own, telling, byMail.get(number) ?? [], isMailed);
    if (held || isLined) compareOne(lines, telling, byLine.get(number) ?? [], isLined);
  }
  return [own, lines, none, unknown];
}

function compareOne(finding: Finding, telling: Telling, mails: AcceptedMail[], isTold: boolean) {
  finding.compared++;
  const name = `${telling.event} (${telling.number}) to ${telling.to.email}`;
  if (mails.length !== (isTold ? 1 : 0)) {
    finding.differences.push(`${name} is told ${mails.length} times`);
  }
  for (const { to } of mails) {
    if (to.length !== 1 || to[0] !== telling.to.email) {
      finding.differences.push(`${name} went to ${to}`);
    }
  }
}

/** What the log in Postgres says of each answer's id. */
export async function compareLog({ system, round, sent }: Evidence): Promise<Finding> {
  const finding: Finding = {
    what: "accepted, and ended as the log says",
    compared: 0,
    differences: [],
  };
  const rows = await system.sql.query<{ id: string; outcome: string }>(
    "SELECT id, outcome FROM notifications",
  );
  const outcomes = new Map(rows.map(({ id, outcome }) => [id, outcome]));
  for (const { number, event, held, to } of round.tellings) {
    const answers = sent.answers.get(number) ?? [];
    const ids = new Set(answers.map(({ id }) => id));
    finding.compared++;
    const say = (text: string) => finding.differences.push(`${event} (${number}): ${text}`);
    if (ids.size !== 1) say(`${answers.length} answers name ${ids.size} notifications`);
    const hold = round.holds.get(to.email)?.hold;
    const wanted = !held ? "accepted" : hold === "refused" ? "suppressed" : "unsubscribed";
    const [id] = ids;
    if (outcomes.get(id) !== wanted) say(`ended as ${outcomes.get(id)}, not as ${wanted}`);
  }
  return finding;
}

/** Mail that can wait, by the clock of whoever it goes to. */
export function compareQuietHours({ round, mails }: Evidence): Finding {
  const finding: Finding = { what: "outside of quiet hours", compared: 0, differences: [] };
  const byNumber = new Map(round.tellings.map((telling) => [telling.number, telling]));
  for (const mail of mails) {
    const [number] = marksIn(mail.text ?? "", "told", round.run);
    const telling = byNumber.get(number);
    if (!telling?.to.timeZone || !eventOf(telling.event).waits) continue;
    finding.compared++;
    const hour = Number(
      new Intl.DateTimeFormat("en-GB", {
        hour: "2-digit",
        hourCycle: "h23",
        timeZone: telling.to.timeZone,
      }).format(mail.at),
    );
    if (hour >= QUIET_FROM_HOUR || hour < QUIET_TO_HOUR) {
      finding.differences.push(`${mail.subject} came at ${hour} o'clock in ${telling.to.timeZone}`);
    }
  }
  return finding;
}

/**
 * No window of a key's lets more through than its rate, and no key stands still while mail waits: at
 * most for a window, and `heldMs` where faults hold its deliveries.
 */
export function compareReleases(
  { releases }: Pick<Evidence, "releases">,
  { perSecond, heldMs }: { perSecond: number; heldMs: number },
): Finding[] {
  const windows: Finding = {
    what: "windows of QStash, each within its key's rate",
    compared: 0,
    differences: [],
  };
  const busiest: number[] = [];
  const pauses: Finding = {
    what: "releases, none later than its key's rate allows",
    compared: 0,
    differences: [],
  };
  for (const [key, own] of Map.groupBy(releases, ({ key }) => key)) {
    const byWindow = Map.groupBy(own, ({ periodStartAt }) => periodStartAt);
    const rate = rateOf(key, perSecond) * own[0].periodMs / 1_000;
    windows.compared += byWindow.size;
    busiest.push(Math.max(...[...byWindow.values()].map(({ length }) => length)) / own[0].periodMs);
    let lastStart = -Infinity;
    for (const [startAt, { length }] of byWindow) {
      if (length > rate) windows.differences.push(`${key}: ${length} from ${time(startAt)} on`);
      if (startAt < lastStart + own[0].periodMs) {
        windows.differences.push(`${key}: a window within the one before, at ${time(startAt)}`);
      }
      lastStart = startAt;
    }
    own.forEach(({ enteredAt, at, periodMs }, index) => {
      pauses.compared++;
      const since = Math.max(enteredAt, own[index - 1]?.at ?? 0);
      if (at - since > periodMs + heldMs) {
        pauses.differences.push(`${key}: nothing for ${at - since} ms before ${time(at)}`);
      }
    });
  }
  const together = busiest.reduce((sum, rate) => sum + rate, 0) * 1_000;
  if (together > perSecond) windows.differences.push(`all keys together: ${together} in a second`);
  return [windows, pauses];
}

/** A key's part of the rate. Its name says which one it is. */
function rateOf(key: string, perSecond: number): number {
  if (perSecond === 1) return 0.5;
  const urgent = Math.floor(perSecond / 2);
  return key.endsWith("urgent") ? urgent : perSecond - urgent;
}

/** Each idempotency key has one mail, whatever the provider refused or answered in vain. */
export function compareKeys({ mails }: Evidence): Finding {
  const byKey = Map.groupBy(mails, ({ idempotencyKey }) => idempotencyKey ?? "");
  const differences = [...byKey].filter(([key, { length }]) => key === "" || length > 1)
    .map(([key, { length }]) => `${key || "no key"}: ${length} mails`);
  return { what: "keys at the provider, a mail for each", compared: byKey.size, differences };
}

/** What never arrived would lie there. */
export async function compareLetters({ system, sent }: Evidence): Promise<Finding> {
  const { body } = await system.call("/api/dead-letters");
  return {
    what: "notifications, and no dead letter among them",
    compared: sent.answers.size,
    differences: body.letters.map((letter: { id: string; attempts: number; error: unknown }) =>
      `${letter.id}, after ${letter.attempts} attempts: ${JSON.stringify(letter.error)}`
    ),
  };
}

/** How long deliveries waited for their key at most, in ms. */
export interface Waits {
  urgent: number;
  bulk: number;
  /** Of those that were told alone while others waited. */
  probes: number;
}

/** The longest waits. */
export function longestWaits({ system, round, sent, releases }: Evidence): Waits {
  const most = (releases: readonly FlowRelease[]) =>
    releases.reduce((longest, { enteredAt, at }) => Math.max(longest, at - enteredAt), 0);
  const ids = new Set(
    round.tellings.filter(({ isProbe }) => isProbe)
      .flatMap(({ number }) => sent.answers.get(number)!.map(({ id }) => id)),
  );
  const probes = new Set(
    system.seen.deliveries.filter(({ id }) => ids.has(id)).map(({ messageId }) => messageId),
  );
  return {
    urgent: most(releases.filter(({ key }) => key.endsWith("urgent"))),
    bulk: most(releases.filter(({ key }) => key.endsWith("bulk"))),
    probes: most(releases.filter(({ messageId }) => probes.has(messageId))),
  };
}

const time = (at: number) => new Date(at).toISOString().slice(11, 23);
