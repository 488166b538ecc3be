/**
 * The whole system in this process, as `deno task demo:chat` sees it: what each reply asks of Redis,
 * what the provider says when, and the meters.
 *
 * The clock is the machine's own, so that tokens come at their pace; it is moved where nothing is said.
 *
 * @module
 */
import { sign } from "hono/jwt";
import { printError } from "../shared/adapters/terminal.ts";
import { createApp } from "../functions/app.ts";
import { createDatabase, createDeps } from "../functions/deps.ts";
import { createOpenAi } from "../shared/adapters/openai.ts";
import { createUpstashRedis } from "../shared/adapters/upstash_redis.ts";
import { readConfig } from "../shared/config.ts";
import { ImportWatch } from "../shared/mod.ts";
import { createBreaker } from "../shared/core/breaker.ts";
import { createKeys } from "../shared/core/keys.ts";
import type { Database, Llm, LogFields } from "../shared/ports.ts";
import { installClock } from "./clock.ts";
import { type Cloud, createCloud } from "./cloud.ts";
import { CommandLedger } from "./demo_chat_ledger.ts";

/** One answer of the provider's, by `performance.now()`. */
export interface Spoken {
  question: string;
  user: string;
  startedAt: number;
  endedAt?: number;
  pieces: number;
}

/** What the meters counted since the last look. */
export interface Metered {
  commands: number;
  byCommand: Record<string, number>;
  /** Billed messages to the job that makes replies. */
  messages: number;
  /** Of these, what a job put off by itself. */
  deferrals: number;
}

export interface System extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly sql: Database;
  readonly ledger: CommandLedger;
  readonly spoken: Spoken[];
  /** Requests that the app has not ended. */
  open(): number;
  call(user: string, path: string, init?: RequestInit): Promise<Response>;
  /** Moves the clock on in steps, each with a moment for what is due. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Resolves once no request runs; false where that takes too long. */
  atRest(): Promise<boolean>;
  /** How many messages QStash has not ended. */
  unended(): number;
  metered(): Metered;
}

const AUTH_SECRET = "users-of-the-demo-0123456789abcdef";
const REPLY_JOB = /\/qstash\/jobs\/chat\.reply$/;
const PATIENCE_MS = 10_000;
const MOST_TRIES = 20;
const STEP_MS = 15_000;
const STEP_REAL_MS = 4;

/** Starts Redis, QStash, Postgres, the model and the app on free ports. */
export async function startSystem(): Promise<System> {
  const ledger = new CommandLedger(createKeys("zeropoll"));
  const spoken: Spoken[] = [];
  let deferrals = 0;
  let open = 0;
  const keep = (event: string, fields: LogFields = {}) => {
    if (event === "request.ended") open--;
    if (event === "job.deferred") deferrals++;
    if (event === "stream.failed" || event === "reply.broke_off") {
      printError(`${event} ${JSON.stringify(fields)}`);
    }
  };
  let database: Database | undefined;
  const cloud: Cloud = await createCloud({
    clock: "wall",
    postgres: true,
    // Everybody of the demo is at one address.
    environment: {
      AUTH_SECRET,
      STREAMS_PER_ADDRESS: "10000",
      OPEN_LIMITS: "streams=off,history=off",
    },
    app: (environment) => {
      const config = readConfig(environment);
      const clock = { now: () => cloud.clock.now() };
      const deps = createDeps(config, {
        importWatch: ImportWatch.off(),
        clock,
        sleep: (ms) => cloud.clock.sleep(ms),
        log: { info: keep, warn: keep, error: keep },
        redis: ledger.count(createUpstashRedis({
          ...config.redis,
          clock,
          timeoutMs: PATIENCE_MS,
          // A machine that is busy with the demo is no outage of Redis.
          breaker: createBreaker({ dependency: "redis", clock, failures: Infinity }),
        })),
        llm: listenedTo(createOpenAi(config.llm!), spoken),
      });
      database = deps.database;
      const app = createApp(deps);
      return {
        fetch(request, bindings) {
          open++;
          return app.fetch(request, bindings);
        },
      };
    },
  });
  // The SDKs read the machine's clock, which is to move with the cloud's.
  const uninstall = installClock(cloud.clock);
  const sql = createDatabase(readConfig(cloud.environment))!;
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (user: string) => {
    const exp = Math.floor(cloud.clock.now() / 1_000) + 86_400;
    if (!tokens.has(user)) tokens.set(user, sign({ sub: user, exp }, AUTH_SECRET, "HS256"));
    return tokens.get(user)!;
  };
  const system: System = {
    cloud,
    sql,
    ledger,
    spoken,
    open: () => open,
    async call(user, path, { headers, ...init } = {}) {
      const authorization = `Bearer ${await tokenOf(user)}`;
      for (let tries = 1;; tries++) {
        const answer = await cloud.fetch(path, { ...init, headers: { ...headers, authorization } });
        if (answer.status !== 503 || tries === MOST_TRIES) return answer;
        // A limit could not be checked in time: nothing was stored.
        await answer.body?.cancel();
        await new Promise((resolve) => setTimeout(resolve, STEP_REAL_MS * 50));
      }
    },
    async pass(ms, stepMs = STEP_MS) {
      for (let left = ms; left > 0; left -= stepMs) {
        await cloud.advance(Math.min(stepMs, left));
        await new Promise((resolve) => setTimeout(resolve, STEP_REAL_MS));
      }
    },
    async atRest() {
      for (let tries = 0; tries < 1_000 && open > 0; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return open === 0;
    },
    unended: () => cloud.qstash.messages().filter(({ endedAt }) => endedAt === undefined).length,
    metered() {
      const { commands, byCommand } = cloud.redis.meter.snapshot();
      const { byDestination } = cloud.qstash.meter.snapshot();
      cloud.redis.meter.reset();
      cloud.qstash.meter.reset();
      const messages = Object.entries(byDestination)
        .filter(([url]) => REPLY_JOB.test(url))
        .reduce((sum, [, count]) => sum + count, 0);
      const metered = { commands, byCommand, messages, deferrals };
      deferrals = 0;
      return metered;
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await Promise.all([sql, database].map((each) => each?.close()));
      uninstall();
    },
  };
  await warmUp(system);
  return system;
}

/** The first script takes a second to compile, which is not the app's: it would count as an outage. */
async function warmUp(system: System): Promise<void> {
  const conversation = "/api/chat/conversations/first";
  const answer = await system.call("nobody", `${conversation}/messages`, {
    method: "POST",
    headers: { accept: "text/event-stream" },
    body: JSON.stringify({ text: "/tokens 3 Hello?", mode: "direct" }),
  });
  await answer.text();
  await (await system.call("nobody", conversation, { method: "DELETE" })).text();
  await system.pass(60_000);
  system.metered();
  system.ledger.clear();
  system.spoken.length = 0;
}

/** The same model; what it says is noted. */
function listenedTo(llm: Llm, spoken: Spoken[]): Llm {
  return {
    ...llm,
    async *stream(request, options) {
      const question = request.messages.findLast(({ role }) => role === "user")?.content ?? "";
      const answer: Spoken = {
        question,
        user: request.user ?? "",
        startedAt: performance.now(),
        pieces: 0,
      };
      spoken.push(answer);
      try {
        for await (const piece of llm.stream(request, options)) {
          answer.pieces++;
          yield piece;
        }
      } finally {
        answer.endedAt = performance.now();
      }
    },
  };
}
