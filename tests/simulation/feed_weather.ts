/**
 * One seed's storm over the feed, from before a midnight until long after the last one.
 *
 * @module
 */
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { auditDay } from "../../functions/feed/audit/audit.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import {
  createIdentities,
  createKeys,
  type Database,
  DAY_MS,
  dayOf,
  type Ids,
  type Redis,
  startOfDay,
} from "../../shared/mod.ts";
import { silentLog } from "../support/silent_log.ts";
import { Faults } from "./feed_faults.ts";
import { createFleet, type Fleet } from "./feed_fleet.ts";
import { Ledger } from "./feed_ledger.ts";
import { nameOn, People } from "./feed_people.ts";
import { createRandom, type Random } from "./random.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 20, 20, 0, 0);
/** Two midnights lie in it. */
const STORM_HOURS = 54;
const MIDNIGHTS = [1, 2].map((days) => startOfDay(dayOf(START)) + days * DAY_MS);

export interface WeatherOptions {
  /** Of a Postgres with every table; they are emptied. */
  url: string;
  events: number;
}

/** A seed's world while it lasts. */
interface Storm {
  cloud: Cloud;
  database: Database;
  faults: Faults;
  random: Random;
  people: People;
  ledger: Ledger;
}

/** Goes through the storm of one seed; resolves to what was wrong after it, and all that happened. */
export async function weatherFeed(seed: number, { url, events }: WeatherOptions) {
  const random = createRandom(seed);
  const ids = idsOf(createRandom(~seed));
  const faults = new Faults({
    random,
    sleep: (ms) => cloud.clock.sleep(ms),
    odds: { redis: 0.015, queue: 0.03, postgres: 0.002 },
  });
  const database = createPostgres({ url });
  await database.query(`TRUNCATE ${(await tablesOf(database)).join()} RESTART IDENTITY`);
  let fleet: Fleet | undefined;
  const cloud: Cloud = await createCloud({
    startAt: START,
    environment: { DATABASE_URL: url, FEED_FLUSH_MINUTES: "60", FEED_BOOKINGS: "anyone" },
    newMessageId: () => `msg_${ids.random()}`,
    app: (environment) => {
      fleet = createFleet({ environment, random, ids, faults, database, cloud: () => cloud });
      return fleet;
    },
  });
  try {
    const ledger = new Ledger();
    const people = new People({ cloud, fleet: () => fleet!, ledger, random });
    const storm = { cloud, database, faults, random, people, ledger };
    planEvents(storm, events, planWeather(storm));
    await cloud.advance(STORM_HOURS * HOUR_MS);
    faults.isOn = false;
    faults.away.clear();
    cloud.qstash.faults.clear();
    cloud.redis.faults.clear();
    await cloud.advance("2d");
    const letters = await replayLetters(storm);
    await cloud.advance("1d");
    return await inspect(storm, letters);
  } finally {
    await cloud.close();
    await database.close();
  }
}

/** Events at any time, around midnight, and in bursts while something is away. */
function planEvents({ random, people }: Storm, events: number, bursts: readonly number[]): void {
  for (let event = 0; event < events; event++) {
    const dice = random.next();
    if (dice < 0.7) people.plan(START + random.below(STORM_HOURS * HOUR_MS));
    else if (dice < 0.85) {
      people.plan(random.pick(MIDNIGHTS) + random.below(80_000) - 40_000);
    } else people.plan(random.pick(bursts) + random.below(1_500));
  }
}

/** Returns moments at which something is away. */
function planWeather({ cloud, faults, random }: Storm): number[] {
  const moments: number[] = [];
  const during = (forMs: number, begin: () => () => void) => {
    const start = random.chance(0.3)
      ? random.pick(MIDNIGHTS) - random.below(forMs)
      : START + random.below((STORM_HOURS - 2) * HOUR_MS);
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
  const refused = () => cloud.redis.faults.add({ kind: "refuse", times: 1e9 });
  during(HOUR_MS, refused);
  during(8 * MINUTE_MS, () => {
    const ends = [refused(), away("queue")()];
    return () => ends.forEach((end) => end());
  });
  during(20 * MINUTE_MS, away("queue"));
  during(3 * MINUTE_MS, away("queue"));
  during(90 * MINUTE_MS, away("postgres"));
  const deployAt = START + random.below(STORM_HOURS * HOUR_MS);
  cloud.clock.schedule(deployAt, () => cloud.restart());
  const strikes = (probability: number) => ({
    times: 1e9,
    matches: () => random.chance(probability),
  });
  cloud.redis.faults.add({ kind: "dropReply", ...strikes(0.005) });
  cloud.qstash.faults.add({ kind: "duplicate", ...strikes(0.05) });
  cloud.qstash.faults.add({ kind: "late", ms: 10 * MINUTE_MS, ...strikes(0.05) });
  cloud.qstash.faults.add({ kind: "reordered", count: 3, ...strikes(0.05) });
  cloud.qstash.faults.add({ kind: "lost", ...strikes(0.05) });
  cloud.qstash.faults.add({ kind: "overlapping", from: "wait", ...strikes(0.05) });
  return moments;
}

const backend = { headers: { authorization: "Bearer dev-service-token" } };

async function readLetters(
  { cloud }: Storm,
): Promise<{ job: string; error: { message: string } }[]> {
  return (await (await cloud.fetch("/api/dead-letters?limit=100", backend)).json()).letters;
}

/** As operators do once all is well. */
async function replayLetters(storm: Storm): Promise<string[]> {
  const letters = await readLetters(storm);
  await storm.cloud.fetch("/api/dead-letters/replay", { ...backend, method: "POST", body: "{}" });
  return letters.map(({ job, error }) => `${job}: ${error.message}`);
}

async function inspect(storm: Storm, letters: string[]) {
  const { cloud, database, faults, random, people, ledger } = storm;
  const complaints = await ledger.differences(database, await identitiesOf(people));
  const left = await readLetters(storm);
  complaints.push(...left.map(({ job, error }) => `a letter is left: ${job}: ${error.message}`));
  const days = await database.query<
    { day: string; proven: boolean; position: string; trimmed: boolean }
  >(
    `SELECT day::text, proven_at IS NOT NULL AS proven, log_position AS position, log_trimmed AS trimmed
     FROM feed_days ORDER BY day`,
  );
  for (const day of ledger.days()) {
    if (!days.find((known) => known.day === day)?.proven) complaints.push(`${day} is not proven`);
  }
  const redis = redisOf(cloud);
  for (const { day } of days) {
    const parts = {
      redis,
      sql: database,
      keys: createKeys("zeropoll"),
      clock: cloud.clock,
      log: silentLog,
    };
    const audit = await auditDay(parts, { day, uniques: "exact" }, { run: `after ${day}` });
    if ("next" in audit || audit.drift + audit.pending > 0) {
      complaints.push(`the audit of ${day}: ${JSON.stringify(audit)}`);
    }
  }
  complaints.push(...await keysWithoutEnd(redis));
  const bill = billOf(cloud);
  cloud.redis.meter.reset();
  cloud.qstash.meter.reset();
  await cloud.advance("1d");
  const idle = billOf(cloud);
  if (idle.commands + idle.messages > 0) {
    complaints.push(`a day of rest cost ${JSON.stringify(idle)}`);
  }
  return {
    complaints,
    summary: { ...ledger.summary(), letters, answers: people.answers, struck: faults.struck },
    bill,
    days,
    rows: await Promise.all((await tablesOf(database)).map((table) => rowsOf(database, table))),
    next: random.next(),
  };
}

async function tablesOf(database: Database): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables
     WHERE schemaname = 'public' AND tablename <> 'schema_migrations' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Every row as text, in one order. */
async function rowsOf(database: Database, table: string): Promise<string[]> {
  const rows = await database.query<{ row: string }>(
    `SELECT ${table}::text AS row FROM ${table} ORDER BY 1`,
  );
  return rows.map(({ row }) => row);
}

/** Whose identity is whose, on each day. */
async function identitiesOf(people: People): Promise<Map<string, string>> {
  const identities = createIdentities("dev-identity-secret");
  const names = new Map<string, string>();
  for (let at = START - DAY_MS; at < START + (STORM_HOURS + 48) * HOUR_MS; at += DAY_MS) {
    for (const somebody of people.everybody) {
      const day = dayOf(at);
      names.set(await identities.ofPerson(day, somebody.person), nameOn(somebody, day));
    }
  }
  return names;
}

/** Redis as it is, without any fault. */
function redisOf({ redis, environment, clock }: Cloud): Redis {
  return createUpstashRedis({
    url: environment.UPSTASH_REDIS_REST_URL,
    token: environment.UPSTASH_REDIS_REST_TOKEN,
    clock,
    fetch: (url, init) => redis.fetch(new Request(url, init)),
  });
}

async function keysWithoutEnd(redis: Redis): Promise<string[]> {
  const complaints: string[] = [];
  let cursor = "0";
  do {
    const [next, keys] = await redis.run(["SCAN", cursor, "COUNT", 1_000]) as [string, string[]];
    const ends = await redis.pipeline(keys.map((key) => ["TTL", key]));
    keys.forEach((key, index) => ends[index] === -1 && complaints.push(`${key} has no TTL`));
    cursor = String(next);
  } while (cursor !== "0");
  return complaints;
}

function billOf({ redis, qstash }: Cloud) {
  const { commands, byCommand } = redis.meter.snapshot();
  return { commands, byCommand, messages: qstash.meter.snapshot().messages };
}

function idsOf(random: Random): Ids {
  return {
    random: () => Array.from({ length: 26 }, () => random.below(32).toString(32)).join(""),
  };
}
