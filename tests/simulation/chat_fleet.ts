/**
 * The app as several isolates that may end at any await, each with a clock of its own, and the servers
 * that they stand on: Redis, QStash and the language model of dev/, in this process.
 *
 * @module
 */
import { cloudSecrets } from "../../dev/cloud.ts";
import { createLlmServer, type LlmServer } from "../../dev/llm/server.ts";
import { createQstashServer, type QstashServer } from "../../dev/qstash/server.ts";
import { createRedisServer, type RedisServer } from "../../dev/redis/server.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { createOpenAi } from "../../shared/adapters/openai.ts";
import { createQstash } from "../../shared/adapters/qstash.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import {
  type Config,
  type Database,
  type Ids,
  ImportWatch,
  type Llm,
  type Log,
  readConfig,
  type Redis,
} from "../../shared/mod.ts";
import { endedBy, withBody } from "./chat_loopback.ts";
import { type Fate, Life } from "./chat_mortal.ts";
import type { Stage } from "./chat_stage.ts";
import type { Random } from "./random.ts";

export const APP = "http://app.test";
const REDIS = "http://redis.test";
const QSTASH = "http://qstash.test";
const MODEL = "http://model.test";
export const AUTH_SECRET = "users-of-the-simulation-0123456789";
const ISOLATES = 3;
/** How far their clocks are from the stage's at most. */
const SKEW_MS = 2_000;

/** What one call of the model said. */
export interface Said {
  question: string;
  text: string;
}

export interface FleetOptions {
  stage: Stage;
  random: Random;
  ids: Ids;
  fate: Fate;
  database: Database;
  log: Log;
  /** How many there are. Default: 3, with clocks that differ by 4 s at most. */
  isolates?: number;
  /** Puts something between the app and Redis. */
  around?: (redis: Redis) => Redis;
}

export interface Fleet {
  redis: RedisServer;
  qstash: QstashServer;
  model: LlmServer;
  config: Config;
  /** By the number that each answer begins with. */
  said: Said[];
  /** Ends all isolates: a deploy. */
  deploy(): void;
  close(): Promise<void>;
}

/** Puts the servers and the app on the stage. */
export async function createFleet(options: FleetOptions): Promise<Fleet> {
  const { stage, random, ids, fate, database, log, isolates: most = ISOLATES } = options;
  const { around = (redis) => redis } = options;
  const redis = await createRedisServer({ clock: stage });
  const qstash = createQstashServer({
    clock: stage,
    newMessageId: () => `msg_${ids.random()}`,
    transport: (request) => stage.fetch(request),
  });
  const model = createLlmServer({ clock: stage, newId: ids.random, random: random.next });
  // Its engine compiles scripts off the clock.
  stage.serve(REDIS, (request) => stage.real(() => redis.fetch(request)));
  stage.serve(QSTASH, (request) => qstash.fetch(request));
  stage.serve(MODEL, (request) => model.fetch(request));
  const config = readConfig({
    ...cloudSecrets,
    PUBLIC_URL: APP,
    UPSTASH_REDIS_REST_URL: REDIS,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    QSTASH_URL: QSTASH,
    QSTASH_TOKEN: qstash.token,
    QSTASH_CURRENT_SIGNING_KEY: qstash.signingKeys.current,
    QSTASH_NEXT_SIGNING_KEY: qstash.signingKeys.next,
    OPENAI_API_KEY: model.token,
    OPENAI_BASE_URL: `${MODEL}/v1`,
    DATABASE_URL: "postgres://as-given",
    AUTH_SECRET,
  });
  const said: Said[] = [];

  function start() {
    const skewMs = most === 1 ? 0 : Math.round((random.next() - 0.5) * 2 * SKEW_MS);
    const clock = { now: () => stage.now() + skewMs };
    const life = new Life(fate, (ms) => stage.sleep(ms));
    // Its connections to Redis end with it.
    const own = (url: string, { signal, ...init }: RequestInit) =>
      stage.fetch(url, {
        ...init,
        signal: AbortSignal.any([life.ending, ...signal ? [signal] : []]),
      });
    const deps = createDeps(config, {
      importWatch: ImportWatch.off(),
      clock,
      ids,
      log,
      sleep: life.sleep((ms) => stage.sleep(ms)),
      redis: life.redis(around(createUpstashRedis({ ...config.redis, clock, fetch: own }))),
      queue: life.queue(createQstash({ ...config.queue, clock })),
      database: life.database(database),
      llm: life.model(numbered(createOpenAi({ ...config.llm!, clock }), said)),
    });
    return { life, app: createApp(deps) };
  }

  const isolates: ReturnType<typeof start>[] = [];
  stage.serve(APP, async (request) => {
    const place = random.below(most);
    if (isolates[place]?.life.isOver ?? true) isolates[place] = start();
    const { life, app } = isolates[place];
    const answer = Promise.resolve(app.fetch(request));
    return withBody(await endedBy(life.ending, answer), life.ending);
  });
  return {
    redis,
    qstash,
    model,
    config,
    said,
    deploy: () => isolates.forEach(({ life }) => life.end()),
    async close() {
      await qstash.close();
      await model.close();
      await redis.close();
    },
  };
}

/** The same model, but no two of its answers are the same: each begins with its number. */
function numbered(llm: Llm, said: Said[]): Llm {
  return {
    ...llm,
    async *stream(request, options) {
      const told = request.messages.findLast(({ role }) => role === "user")?.content ?? "";
      // One that was not answered is told together with the next.
      const question = told.split("\n\n").at(-1)!;
      const own: Said = { question, text: "" };
      const mark = `#${said.push(own) - 1} `;
      for await (const piece of llm.stream(request, options)) {
        const text = own.text === "" ? mark + piece : piece;
        own.text += text;
        yield text;
      }
    },
  };
}
