/**
 * One seed's storm over notifications.
 *
 * @module
 */
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import type { FlowRelease } from "../../dev/qstash/flow_control.ts";
import { recipientId } from "../../functions/notifications/recipients.ts";
import { suppress, unsuppress } from "../../functions/notifications/suppressions.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import type { Database, Ids } from "../../shared/mod.ts";
import { TABLES } from "../functions/notifications_world.ts";
import { silentLog } from "../support/silent_log.ts";
import { Faults } from "./feed_faults.ts";
import type { Fleet } from "./feed_fleet.ts";
import { type Asked, Callers } from "./notifications_callers.ts";
import {
  backend,
  inspect,
  type Letter,
  PER_SECOND,
  readLetters,
  recipientsOf,
} from "./notifications_inspect.ts";
import { createMailFleet } from "./notifications_fleet.ts";
import { createRandom, type Random } from "./random.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 20, 20, 0, 0);
const STORM_HOURS = 14;
const SECRET = "dev-identity-secret";

export interface NotificationsWeatherOptions {
  /** Of a Postgres with every table; those of notifications are emptied. */
  url: string;
  count: number;
}

interface Storm {
  cloud: Cloud;
  database: Database;
  faults: Faults;
  random: Random;
}

/** Goes through the storm of one seed; resolves to what was wrong after it, and all that happened. */
export async function weatherNotifications(
  seed: number,
  { url, count }: NotificationsWeatherOptions,
) {
  const random = createRandom(seed);
  const ids = idsOf(createRandom(~seed));
  const faults = new Faults({
    random,
    sleep: (ms) => cloud.clock.sleep(ms),
    odds: { redis: 0.01, queue: 0.02, postgres: 0.008, mail: 0.03 },
  });
  const database = createPostgres({ url });
  await database.query(`TRUNCATE ${TABLES}, dead_letters, effects`);
  let fleet: Fleet | undefined;
  const cloud: Cloud = await createCloud({
    startAt: START,
    environment: { DATABASE_URL: url, MAIL_PER_SECOND: String(PER_SECOND) },
    newMessageId: () => `msg_${ids.random()}`,
    app: (environment) =>
      fleet = createMailFleet({
        environment,
        random,
        ids,
        log: silentLog,
        faults,
        database,
        cloud: () => cloud,
      }),
  });
  try {
    const releases: FlowRelease[] = [];
    cloud.qstash.onRelease((release) => releases.push(release));
    const storm = { cloud, database, faults, random };
    const moments = planWeather(storm);
    const callers = new Callers({
      cloud,
      fleet: () => fleet!,
      random,
      seed,
      count,
      startAt: START,
      stormMs: STORM_HOURS * HOUR_MS,
      moments,
    });
    await holdBack(storm, callers.asked);
    callers.plan();
    const letters: string[] = [];
    for (let hour = 0; hour < STORM_HOURS; hour++) {
      await cloud.advance(HOUR_MS);
      letters.push(...await replayLetters(storm));
    }
    faults.isOn = false;
    faults.away.clear();
    cloud.qstash.faults.clear();
    cloud.redis.faults.clear();
    cloud.mail.faults.clear();
    refuseAddresses(cloud, callers.asked);
    // The last attempts of what went wrong until now, then mornings and digests.
    for (const time of ["1h", "59h"]) {
      letters.push(...await replayLetters(storm));
      await cloud.advance(time);
    }
    letters.push(...await replayLetters(storm));
    await cloud.advance("1d");
    const complaints = await inspect(storm, callers.asked, releases);
    const { commands } = cloud.redis.meter.snapshot();
    const { messages } = cloud.qstash.meter.snapshot();
    await cloud.advance("1d");
    const rest = cloud.redis.meter.snapshot().commands - commands;
    if (rest > 0) complaints.push(`a day of rest cost ${rest} commands`);
    return {
      complaints,
      summary: {
        mails: cloud.mail.mails().length,
        letters,
        answers: callers.answers,
        struck: faults.struck,
        provider: { ...cloud.mail.counts(), windows: undefined },
      },
      bill: { commands, messages },
      mails: cloud.mail.mails().map(({ at, to, subject, text }) => ({
        at,
        to,
        subject,
        text: text?.replaceAll(cloud.url, ""),
      })),
      next: random.next(),
    };
  } finally {
    await cloud.close();
    await database.close();
  }
}

/** Returns moments at which something is away. */
function planWeather({ cloud, faults, random }: Storm): number[] {
  const moments: number[] = [];
  const during = (forMs: number, begin: () => () => void) => {
    const start = START + random.below((STORM_HOURS - 3) * HOUR_MS);
    moments.push(start + random.below(forMs), start + random.below(forMs));
    cloud.clock.schedule(start, () => {
      const end = begin();
      cloud.clock.schedule(start + forMs, () => end());
    });
  };
  const away = (target: "queue" | "postgres") => () => {
    faults.away.add(target);
    return () => void faults.away.delete(target);
  };
  during(25 * MINUTE_MS, () => cloud.redis.faults.add({ kind: "refuse", times: 1e9 }));
  during(15 * MINUTE_MS, away("queue"));
  during(40 * MINUTE_MS, away("postgres"));
  during(30 * MINUTE_MS, () => cloud.mail.faults.add({ kind: "refuse", times: 1e9 }));
  during(5 * MINUTE_MS, () => cloud.mail.faults.add({ kind: "quota", retryAfter: "300" }));
  cloud.clock.schedule(START + random.below(STORM_HOURS * HOUR_MS), () => cloud.restart());
  const often = (probability: number) => ({
    times: 1e9,
    matches: () => random.chance(probability),
  });
  cloud.redis.faults.add({ kind: "dropReply", ...often(0.005) });
  const { faults: queue } = cloud.qstash;
  queue.add({ kind: "duplicate", ...often(0.05) });
  queue.add({ kind: "late", ms: 10 * MINUTE_MS, ...often(0.04) });
  queue.add({ kind: "reordered", count: 3, ...often(0.04) });
  queue.add({ kind: "lost", ...often(0.05) });
  queue.add({ kind: "overlapping", from: "wait", ...often(0.05) });
  queue.add({ kind: "publishReplyLost", ...often(0.02) });
  const { faults: provider } = cloud.mail;
  provider.add({ kind: "limit", retryAfter: "2", ...often(0.04) });
  provider.add({ kind: "refuse", status: 500, ...often(0.04) });
  provider.add({ kind: "disconnect", ...often(0.02) });
  provider.add({ kind: "dropReply", ...often(0.04) });
  provider.add({ kind: "garble", ...often(0.02) });
  provider.add({ kind: "slow", ms: 3_000, ...often(0.03) });
  return moments;
}

/** Two addresses fail; one person wants no messages, and one wants none for the first hours. */
async function holdBack({ cloud, database }: Storm, asked: readonly Asked[]): Promise<void> {
  const people = recipientsOf(asked);
  refuseAddresses(cloud, asked);
  const [, , quiet, returning] = people;
  for (const { email } of [quiet, returning]) {
    const recipient = await recipientId(SECRET, email);
    for (const scope of ["messages", "activity"] as const) {
      await suppress(database, { recipient, scope, reason: "unsubscribed", at: START });
    }
  }
  const back = await recipientId(SECRET, returning.email);
  cloud.clock.schedule(START + 5 * HOUR_MS, async () => {
    for (const scope of ["messages", "activity"] as const) {
      await unsuppress(database, { recipient: back, scope });
    }
  });
}

function refuseAddresses(cloud: Cloud, asked: readonly Asked[]): void {
  for (const { email } of recipientsOf(asked).slice(0, 2)) {
    cloud.mail.faults.add({ kind: "address", times: 1e9, to: email });
  }
}

/**
 * As operators do, while the provider remembers what it may have taken. Resolves to what there was; a job
 * that was on its way all the same is marked.
 */
async function replayLetters(storm: Storm): Promise<string[]> {
  const { cloud, faults } = storm;
  // An operator comes until it works; here the first time does.
  const before = { isOn: faults.isOn, away: [...faults.away] };
  faults.isOn = false;
  faults.away.clear();
  const letters = await readLetters(cloud);
  const wasPutOff = isPutOff(cloud);
  const seen = letters.map((letter) =>
    `${letter.job}${wasPutOff(letter) ? ", which was put off" : ""}: ${letter.error.message}`
  );
  const replay = { ...backend, method: "POST", body: "{}" };
  const answer = letters.length > 0
    ? await cloud.fetch("/api/dead-letters/replay", replay)
    : undefined;
  await answer?.body?.cancel();
  faults.isOn = before.isOn;
  for (const target of before.away) faults.away.add(target);
  return answer?.ok ? seen : [];
}

/** Whether QStash knew of a later generation of a job when it was given up. */
function isPutOff({ qstash }: Cloud): (letter: Letter) => boolean {
  const published = qstash.logs().filter(({ state }) => state === "CREATED")
    .map(({ body }) => new TextDecoder().decode(Uint8Array.fromBase64(body as string)))
    .filter((body) => body.startsWith('{"version"'))
    .map((body): { id: string; generation: number } => JSON.parse(body));
  return (letter) =>
    published.some(({ id, generation }) => id === letter.id && generation > letter.generation);
}

function idsOf(random: Random): Ids {
  return {
    random: () => Array.from({ length: 26 }, () => random.below(32).toString(32)).join(""),
  };
}
