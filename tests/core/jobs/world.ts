/**
 * A cloud with one job that does as it is told, for the tests of what jobs promise.
 *
 * @module
 */
import * as z from "zod";
import { createApp } from "../../../functions/app.ts";
import { createDeps, type Deps } from "../../../functions/deps.ts";
import {
  feedAudit,
  feedClose,
  feedFlush,
  feedRank,
  feedRecord,
} from "../../../functions/feed/jobs.ts";
import { debugEcho } from "../../../functions/jobs/debug_echo.ts";
import { githubPush } from "../../../functions/jobs/github_push.ts";
import { type Cloud, type CloudOptions, createCloud } from "../../../dev/cloud.ts";
import { silentLog } from "../../support/silent_log.ts";
import {
  defineJob,
  defineRegistry,
  type Ids,
  ImportWatch,
  type JobContext,
  type Jobs,
  NonRetryableError,
  readConfig,
} from "../../../shared/mod.ts";

/** What `work.do` does, in this order. */
const Orders = z.object({
  /** Steps, each run once. */
  steps: z.array(z.string()).default([]),
  /** Virtual ms that each attempt takes; an attempt not listed takes none. */
  takesMs: z.array(z.number()).default([]),
  /** Steps after that. */
  stepsAfter: z.array(z.string()).default([]),
  /** How many attempts fail. */
  failures: z.number().default(0),
  forGood: z.boolean().default(false),
  /** Defers by this long, once for each, by generation. */
  defersMs: z.array(z.number()).default([]),
  progress: z.unknown().optional(),
  transaction: z.boolean().default(false),
});

/** One run of the handler, as the test sees it. */
export interface Seen {
  id: string;
  attempt: number;
  generation: number;
  tracked: boolean;
}

/** An outside service that applies what carries the same key once, as a mail provider does. */
export interface Effect {
  /** The key that the service goes by. */
  key: string;
  id: string;
  generation: number;
}

type Observed = Pick<
  World,
  "seen" | "stepsRun" | "followUps" | "overlaps" | "effects" | "sleep" | "onStart"
>;

export function createRegistry(world: Observed) {
  /** When the lease of each job's latest attempt ends, while that attempt runs. */
  const running = new Map<string, number>();

  async function work(orders: z.output<typeof Orders>, context: JobContext) {
    const { id, tracked, leaseUntil } = context;
    if (tracked && (running.get(id) ?? 0) > Date.now()) world.overlaps.push(id);
    // One without tracking may run beside another, and says so.
    if (tracked) running.set(id, leaseUntil);
    try {
      return await obey(orders, context);
    } finally {
      if (running.get(id) === leaseUntil) running.delete(id);
    }
  }

  async function obey(orders: z.output<typeof Orders>, context: JobContext) {
    const { id, attempt, generation, tracked } = context;
    world.seen.push({ id, attempt, generation, tracked });
    await world.onStart?.(context);
    const step = (name: string) =>
      context.step(name, () => {
        world.stepsRun.push(name);
        return `${name} of attempt ${attempt}`;
      });
    for (const name of orders.steps) await step(name);
    if (orders.progress !== undefined) await context.progress(orders.progress);
    if (orders.transaction) await context.transaction(() => Promise.resolve());
    const takesMs = orders.takesMs[attempt] ?? 0;
    if (takesMs > 0) await world.sleep(takesMs);
    for (const name of orders.stepsAfter) await step(name);
    const defersMs = orders.defersMs[generation];
    if (defersMs !== undefined) await context.defer(Date.now() + defersMs);
    if (orders.forGood) throw new NonRetryableError("told to fail for good");
    if (attempt < orders.failures) throw new Error(`told to fail at attempt ${attempt}`);
    world.effects.push({ key: context.idempotencyKey, id, generation });
    return { attempt, generation };
  }
  return defineRegistry({
    // What the app's own endpoints enqueue.
    "debug.echo": debugEcho,
    "feed.audit": feedAudit,
    "feed.close": feedClose,
    "feed.flush": feedFlush,
    "feed.rank": feedRank,
    "feed.record": feedRecord,
    "github.push": githubPush,
    "work.do": defineJob({
      name: "work.do",
      input: Orders,
      retries: 3,
      timeoutMs: 60_000,
      run: work,
    }),
    "work.untracked": defineJob({
      name: "work.untracked",
      input: Orders,
      retries: 3,
      timeoutMs: 60_000,
      tracked: false,
      run: work,
    }),
    "work.once": defineJob({
      name: "work.once",
      input: Orders,
      retries: 0,
      timeoutMs: 60_000,
      run: work,
    }),
    "work.ladder": defineJob({
      name: "work.ladder",
      input: Orders,
      retries: 5,
      backoff: { first: 3_600_000, factor: 2, max: 86_400_000 },
      timeoutMs: 60_000,
      run: work,
    }),
    "work.deferring": defineJob({
      name: "work.deferring",
      input: Orders,
      retries: 3,
      timeoutMs: 60_000,
      maxDeferrals: 3,
      run: work,
    }),
    "work.sum": defineJob({
      name: "work.sum",
      input: z.object({ note: z.string() }),
      async run({ note }, context) {
        const outcomes = await context.group?.outcomes() ?? [];
        world.followUps.push({ note, states: outcomes.map((outcome) => outcome?.state ?? "none") });
        return { note };
      },
    }),
  });
}

export type WorldRegistry = ReturnType<typeof createRegistry>;

export interface World extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps<WorldRegistry>;
  jobs: Jobs<WorldRegistry>;
  seen: Seen[];
  stepsRun: string[];
  followUps: { note: string; states: string[] }[];
  /** Jobs that began although an attempt held the lease. */
  overlaps: string[];
  /** What handlers that succeeded asked of the outside, each time. */
  effects: Effect[];
  /** Called when a handler begins. */
  onStart?: (context: JobContext) => Promise<void>;
  sleep(ms: number): Promise<void>;
  /** Billed Redis commands and messages since the last call. */
  bill(): { commands: number; messages: number };
}

export interface WorldOptions {
  /** Puts something between the app and its dependencies. */
  wrap?: (deps: Deps<WorldRegistry>) => Deps<WorldRegistry>;
  /** When the clock starts, in epoch ms. Default: now. */
  startAt?: number;
  ids?: Ids;
  onStart?: World["onStart"];
  /** Settings to add. */
  environment?: Record<string, string>;
  /** Arms the import of dead letters, as the app does: one more message in an hour. Default: false. */
  armsImport?: boolean;
  /** Default: `payg`. */
  plan?: CloudOptions["plan"];
}

/** Starts a cloud with these jobs. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const {
    wrap = (deps) => deps,
    armsImport = false,
    startAt,
    ids,
    onStart,
    environment,
    plan,
  } = options;
  const seen: Seen[] = [];
  const stepsRun: string[] = [];
  const followUps: World["followUps"] = [];
  const overlaps: string[] = [];
  const sleep = (ms: number) => cloud.clock.sleep(ms);
  const effects: Effect[] = [];
  const observed = { seen, stepsRun, followUps, overlaps, effects, sleep, onStart };
  const registry = createRegistry(observed);
  let deps: Deps<WorldRegistry> | undefined;
  const cloud: Cloud = await createCloud({
    startAt,
    environment,
    plan,
    ...(ids && { newMessageId: () => `msg_${ids.random()}` }),
    app: (environment) => {
      const outside = {
        log: silentLog,
        importWatch: armsImport ? new ImportWatch() : ImportWatch.off(),
        ...(ids && { ids }),
      };
      // The app's own as well: what its endpoints enqueue and arm.
      deps = createDeps(
        readConfig(environment),
        outside,
        (own): WorldRegistry => ({ ...own, ...registry }),
      );
      return createApp(wrap(deps));
    },
  });
  return {
    cloud,
    deps: deps!,
    jobs: deps!.jobs,
    ...observed,
    bill() {
      const bill = {
        commands: cloud.redis.meter.snapshot().commands,
        messages: cloud.qstash.meter.snapshot().messages,
      };
      cloud.redis.meter.reset();
      cloud.qstash.meter.reset();
      return bill;
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
    },
  };
}
