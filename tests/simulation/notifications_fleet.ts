/**
 * Several isolates of the app on one cloud, each with a clock of its own, that send mail; one that has
 * ended is replaced by another that remembers nothing.
 *
 * @module
 */
import type { Cloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { createQstash } from "../../shared/adapters/qstash.ts";
import { createResend } from "../../shared/adapters/resend.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import { type Database, type Ids, ImportWatch, type Log, readConfig } from "../../shared/mod.ts";
import type { Faults, Life } from "./feed_faults.ts";
import type { Fleet, Isolate } from "./feed_fleet.ts";
import type { Random } from "./random.ts";

const ISOLATES = 3;
/** How far their clocks are from the cloud's at most. */
const SKEW_MS = 2_000;

export interface MailFleetOptions {
  environment: Record<string, string>;
  random: Random;
  ids: Ids;
  log: Log;
  faults: Faults;
  database: Database;
  /** The cloud, once it stands. */
  cloud(): Cloud;
}

export function createMailFleet(
  { environment, random, ids, log, faults, database, cloud }: MailFleetOptions,
): Fleet {
  const config = readConfig(environment);

  function start(): Isolate {
    const skewMs = Math.round((random.next() - 0.5) * 2 * SKEW_MS);
    const clock = { now: () => cloud().clock.now() + skewMs };
    const life: Life = { isOver: false };
    const redis = createUpstashRedis({
      ...config.redis,
      clock,
      retries: 1,
      fetch: (url, init) => cloud().redis.fetch(new Request(url, init)),
    });
    const deps = createDeps(config, {
      importWatch: ImportWatch.off(),
      clock,
      ids,
      log,
      sleep: (ms) => cloud().clock.sleep(ms),
      redis: faults.redis(life, redis),
      queue: faults.queue(life, createQstash({ ...config.queue, clock })),
      mailer: faults.mailer(life, createResend({ ...config.mail!, clock })),
      database: faults.database(life, database),
    });
    return Object.assign(life, { app: createApp(deps), clock });
  }

  const isolates: Isolate[] = [];
  const pick = () => {
    const place = random.below(ISOLATES);
    if (isolates[place]?.isOver ?? true) isolates[place] = start();
    return isolates[place];
  };
  return { pick, fetch: (...call) => pick().app.fetch(...call) };
}
