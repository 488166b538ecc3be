/**
 * What must hold after a storm over notifications.
 *
 * @module
 */
import type { Cloud } from "../../dev/cloud.ts";
import { eventOf, marksIn, type Recipient } from "../../dev/demo_notifications_plan.ts";
import { compareReleases } from "../../dev/demo_notifications_proof.ts";
import type { AcceptedMail } from "../../dev/mail/mail.ts";
import type { FlowRelease } from "../../dev/qstash/flow_control.ts";
import type { Database } from "../../shared/mod.ts";
import type { Asked } from "./notifications_callers.ts";

export const PER_SECOND = 2;

export const backend = { headers: { authorization: "Bearer dev-service-token" } };

/** A dead letter, as operators see it. */
export interface Letter {
  id: string;
  job: string;
  generation: number;
  error: { message: string };
}

export async function readLetters(cloud: Cloud): Promise<Letter[]> {
  const response = await cloud.fetch("/api/dead-letters?limit=100", backend);
  const { letters = [] } = await response.json();
  return letters;
}

/** Users in the order of their addresses: those whom the storm holds back come first. */
export function recipientsOf(asked: readonly Asked[]): Recipient[] {
  const users = asked.map(({ to }) => to).filter(({ email }) => email.startsWith("user-"));
  const byEmail = new Map(users.map((to) => [to.email, to]));
  return [...byEmail.values()].sort((one, other) => one.email < other.email ? -1 : 1);
}

/** What is wrong, in words; nothing, if all is well. */
export async function inspect(
  { cloud, database }: { cloud: Cloud; database: Database },
  asked: readonly Asked[],
  releases: readonly FlowRelease[],
): Promise<string[]> {
  const mails = cloud.mail.mails();
  const complaints = [
    ...wronglyTold(asked, mails),
    ...compareReleases({ releases }, { perSecond: PER_SECOND, heldMs: Infinity })
      .flatMap(({ differences }) => differences),
    ...(await readLetters(cloud)).map(({ job, error }) =>
      `a letter is left: ${job}: ${error.message}`
    ),
  ];
  for (const [key, { length }] of cloud.mail.mailsByKey()) {
    if (length > 1) complaints.push(`${key} was sent ${length} times`);
  }
  const rows = await database.query<{ id: string; outcome: string }>(
    "SELECT id, outcome FROM notifications",
  );
  const outcomes = new Map(rows.map(({ id, outcome }) => [id, outcome]));
  for (const { number, event, ids } of asked) {
    if (ids.size > 1) complaints.push(`${event} (${number}) has ${ids.size} ids`);
    for (const id of ids) {
      if (!outcomes.has(id)) complaints.push(`${event} (${number}): ${id} has not ended`);
    }
  }
  // One that is not armed holds what nobody was told is accepted, and who told it has given up.
  const open = await database.query<{ key: string }>(
    "SELECT key FROM notification_windows WHERE closed_at IS NULL AND armed",
  );
  complaints.push(...open.map(({ key }) => `the window of ${key} is open`));
  const { length } = cloud.qstash.messages().filter(({ endedAt }) => endedAt === undefined);
  if (length > 0) complaints.push(`${length} messages are on their way`);
  return complaints;
}

/** By the marks in mails: told once, to the right person, or held back. */
function wronglyTold(asked: readonly Asked[], mails: readonly AcceptedMail[]): string[] {
  const complaints: string[] = [];
  const told = { told: new Map<number, AcceptedMail[]>(), line: new Map<number, AcceptedMail[]>() };
  for (const mail of mails) {
    const own = marksIn(mail.text ?? "", "told", 1);
    const kind = own.size > 0 ? "told" : "line";
    const numbers = own.size > 0 ? own : marksIn(mail.text ?? "", "line", 1);
    for (const number of numbers) {
      told[kind].set(number, [...told[kind].get(number) ?? [], mail]);
    }
  }
  const [refused, alsoRefused, quiet, returning] = recipientsOf(asked).map(({ email }) => email);
  for (const { number, event, to, delivery, isSure } of asked) {
    const { group, digestLine } = eventOf(event);
    const isHeld = to.email === refused || to.email === alsoRefused ||
      (to.email === quiet && (group === "messages" || group === "activity"));
    const mayBeHeld = to.email === returning && (group === "messages" || group === "activity");
    const check = (kind: "told" | "line", isDue: boolean) => {
      const found = told[kind].get(number) ?? [];
      const least = isDue && isSure && !isHeld && !mayBeHeld ? 1 : 0;
      const most = isDue && !isHeld ? 1 : 0;
      if (found.length < least || found.length > most) {
        complaints.push(
          `${event} (${number}) to ${to.email} is told ${found.length} times (${kind}), ` +
            `${isSure ? "accepted" : "not known to be accepted"}`,
        );
      }
      for (const mail of found) {
        if (mail.to[0] !== to.email) complaints.push(`${event} (${number}) went to ${mail.to}`);
      }
    };
    check("told", delivery === "mail");
    check("line", digestLine !== undefined);
  }
  return complaints;
}
