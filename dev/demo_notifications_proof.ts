/**
 * What `deno task demo:notifications` compares: what was told with what lies in the provider's inbox,
 * what was let through with the rates, and what was billed with the price list.
 *
 * @module
 */
import type { Finding } from "./demo_feed_proof.ts";
import type { AcceptedMail } from "./mail/mail.ts";
import { eventOf, marksIn, type Round, type Telling } from "./demo_notifications_plan.ts";
import type { Sent } from "./demo_notifications_send.ts";
import type { System } from "./demo_notifications_system.ts";

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
    const { number, held, delivery, event, to } = telling;
    const isLined = !held && eventOf(event).digestLine !== undefined;
    const isMailed = !held && delivery === "mail";
    compareOne(held ? none : own, telling, byMail.get(number) ?? [], isMailed);
    if (held || isLined) compareOne(lines, telling, byLine.get(number) ?? [], isLined);
    void to;
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
