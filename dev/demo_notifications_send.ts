/**
 * Sends a round through the running system: all at once, then whatever comes later, while the clock
 * is moved until nothing is left to do.
 *
 * @module
 */
import type { Recipient, Round, Telling } from "./demo_notifications_plan.ts";
import type { System } from "./demo_notifications_system.ts";

const WIDTH = 16;
const MOST_TRIES = 50;
const STEP_MS = 5_000;
/** A caller who was refused comes again, on the cloud's clock. */
const AGAIN_MS = 5_000;
const MINUTE_MS = 60_000;

/** What a telling was answered, each time. */
export interface Answered {
  id: string;
  /** When it was accepted, in epoch ms. */
  at: number;
}

export interface Sent {
  startAt: number;
  endAt: number;
  /** By the number of the telling, as often as it was told. */
  answers: Map<number, Answered[]>;
  /** Calls that were answered with an error, and made again. */
  refusals: number;
}

/** Where a round stands. */
export interface Standing {
  told: number;
  waiting: number;
  now: number;
}

/** Sees to it that these recipients are held back: an address that fails, or a click on a link. */
export async function holdBack(system: System, { holds }: Round): Promise<void> {
  const { cloud } = system;
  const link = "https://market.example/before";
  const mailTo = (to: Recipient) =>
    cloud.mail.mails().find((mail) => mail.to.includes(to.email))?.headers["List-Unsubscribe"];
  for (const { to, hold } of holds.values()) {
    // A recipient without a time zone has no quiet hours.
    const person = { email: to.email };
    if (hold === "refused") {
      cloud.mail.faults.add({ kind: "address", to: to.email });
      await system.tell({
        event: "user.reset.confirmed",
        to: person,
        data: confirmed(system, link),
      });
    } else if (hold === "messages") {
      const data = { from: "Ada", text: "Hello", url: link };
      await system.tell({ event: "message.new", to: person, data });
    } else {
      const data = { listings: [{ title: "Loft", url: link }], url: link };
      await system.tell({ event: "listing.recommended", to: person, data });
    }
  }
  await cloud.advance(15 * MINUTE_MS);
  for (const { to, hold } of holds.values()) {
    if (hold === "refused") continue;
    const url = new URL(/<(.*)>/.exec(mailTo(to) ?? "")![1]);
    await system.call(url.pathname + url.search, {
      method: "POST",
      body: "List-Unsubscribe=One-Click",
    });
  }
}

const confirmed = (system: System, url: string) => ({
  at: new Date(system.now()).toISOString(),
  url,
});

/** Tells all of the round; resolves once nothing is left to do. */
export async function sendRound(
  system: System,
  { tellings }: Round,
  show: (standing: Standing) => void,
): Promise<Sent> {
  const startAt = system.now();
  const sent: Sent = { startAt, endAt: startAt, answers: new Map(), refusals: 0 };
  const agenda = tellings.flatMap((telling) =>
    [telling.afterMs, telling.againAfterMs]
      .filter((afterMs) => afterMs !== undefined)
      .map((afterMs): Errand => ({ at: startAt + afterMs, telling, tries: 1 }))
  ).sort((one, other) => one.at - other.at);
  const standing = () =>
    show({ told: sent.answers.size, waiting: system.waiting(), now: system.now() });
  for (;;) {
    const due: Errand[] = [];
    while (agenda.length > 0 && agenda[0].at <= system.now()) due.push(agenda.shift()!);
    await inParallel(due, async (errand) => {
      if (!await tell(system, errand, sent)) {
        agenda.push({ ...errand, at: system.now() + AGAIN_MS, tries: errand.tries + 1 });
      }
      standing();
    });
    agenda.sort((one, other) => one.at - other.at);
    const next = nextMoment(system, agenda[0]?.at);
    if (next === undefined) break;
    await system.cloud.advance(next - system.now());
    standing();
  }
  sent.endAt = system.now();
  return sent;
}

/** A telling that is to be made at this moment. */
interface Errand {
  at: number;
  telling: Telling;
  tries: number;
}

/** False where it was refused, and is to be made again. */
async function tell(system: System, { telling, tries }: Errand, sent: Sent): Promise<boolean> {
  const { number, event, to, data, delivery, dedupeId } = telling;
  const { status, body } = await system.tell({ event, to, data, delivery, dedupeId });
  if (status === 202) {
    const answers = sent.answers.get(number) ?? [];
    sent.answers.set(number, [...answers, { id: body.id, at: system.now() }]);
    return true;
  }
  sent.refusals++;
  if (status < 500 || dedupeId === undefined || tries === MOST_TRIES) {
    throw new Error(`Cannot tell ${event}: ${status} ${JSON.stringify(body)}`);
  }
  return false;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>) {
  let next = 0;
  await Promise.all(Array.from({ length: WIDTH }, async () => {
    for (let index = next++; index < items.length; index = next++) await work(items[index]);
  }));
}

/** In small steps while mails wait, so that there is something to see; else to what comes next. */
function nextMoment(system: System, toldAt: number | undefined): number | undefined {
  const now = system.now();
  if (toldAt === undefined && system.unended() === 0) return undefined;
  const dueAt = system.waiting() > 0
    ? now + STEP_MS
    : Math.max(now, system.nextDueAt() ?? Infinity);
  const next = Math.min(dueAt, toldAt ?? Infinity);
  return Number.isFinite(next) ? next : undefined;
}
