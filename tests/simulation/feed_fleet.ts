/**
 * Several isolates of the app on one cloud, each with a clock of its own; one that has ended is
 * replaced by another that remembers nothing.
 *
 * @module
 */
import * as z from "zod";
import type { App, Cloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import type { AppRegistry } from "../../functions/jobs/registry.ts";
import { createQstash } from "../../shared/adapters/qstash.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import {
  type Clock,
  type Database,
  defineJob,
  type Ids,
  ImportWatch,
  readConfig,
} from "../../shared/mod.ts";
import { silentLog } from "../support/silent_log.ts";
import type { Faults, Life } from "./feed_faults.ts";
import type { Random } from "./random.ts";

const ISOLATES = 3;
/** How far their clocks are from the cloud's at most. */
const SKEW_MS = 2_000;

/** To rank would be most of the work, and changes nothing that is counted. */
const noRanking = defineJob({
  name: "feed.rank",
  input: z.object({}),
  run: () => Promise.resolve(),
});

export interface Isolate extends Life {
  app: App;
  clock: Clock;
}

export interface FleetOptions {
  environment: Record<string, string>;
  random: Random;
  ids: Ids;
  faults: Faults;
  database: Database;
  /** The cloud, once it stands. */
  cloud(): Cloud;
}

/** A deployment: as one app to QStash. */
export interface Fleet extends App {
  /** One that lives. */
  pick(): Isolate;
}

export function createFleet(
  { environment, random, ids, faults, database, cloud }: FleetOptions,
): Fleet {
  const config = readConfig(environment);
  const jobs = (own: AppRegistry) => ({ ...own, "feed.rank": noRanking });

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
    const queue = createQstash({ ...config.queue, clock });
    const deps = createDeps(config, {
      importWatch: ImportWatch.off(),
      clock,
      ids,
      log: silentLog,
      sleep: (ms) => cloud().clock.sleep(ms),
      redis: faults.redis(life, redis),
      queue: faults.queue(life, queue),
      database: faults.database(life, database),
    }, jobs);
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
