/**
 * `deno task demo`: 1,000 jobs of mixed fate through the running system, and a ledger that must add up.
 *
 * Start `deno task dev` first. Every figure is counted twice: as the price list says, and as
 * the meters of dev/redis and dev/qstash saw it. Ends with 1 when they differ.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { print, printError } from "../shared/adapters/terminal.ts";
import { readSettings } from "./settings_file.ts";
import { IMPORT_JOB } from "../shared/mod.ts";

const running = readSettings();
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    app: { type: "string", default: running.PUBLIC_URL ?? "http://127.0.0.1:8787" },
    redis: { type: "string", default: running.UPSTASH_REDIS_REST_URL ?? "http://127.0.0.1:8079" },
    qstash: { type: "string", default: running.QSTASH_URL ?? "http://127.0.0.1:8080" },
    token: { type: "string", default: running.SERVICE_TOKENS ?? "dev-service-token" },
    jobs: { type: "string", default: "1000" },
    "idle-seconds": { type: "string", default: "60" },
  },
});

/** What is to become of a job, and what that costs by the price list. */
interface Fate {
  name: string;
  share: number;
  input: Record<string, unknown>;
  end: "succeeded" | "failed" | "cancelled";
  /** Deliveries of the job, its failure callback among them. */
  deliveries: number;
  /** Billed Redis commands, from the enqueue to the end. */
  commands: number;
  /** Sent a second time with the same dedupeId. */
  twice?: boolean;
  cancel?: boolean;
}

const fates: Fate[] = [
  { name: "succeeds at once", share: 0.5, input: {}, end: "succeeded", deliveries: 1, commands: 2 },
  {
    name: "fails twice, then succeeds",
    share: 0.2,
    input: { failures: 2 },
    end: "succeeded",
    deliveries: 3,
    commands: 2 + 2 + 2,
  },
  {
    name: "fails for good",
    share: 0.1,
    input: { failForGood: true },
    end: "failed",
    deliveries: 2,
    // dev has a Postgres, which keeps the letter.
    commands: 2 + 3,
  },
  {
    name: "enqueued twice with one dedupeId",
    share: 0.1,
    input: {},
    end: "succeeded",
    deliveries: 1,
    // Each of both looks for the other first.
    commands: 2 + 2,
    twice: true,
  },
  {
    name: "cancelled before it runs",
    share: 0.1,
    input: {},
    end: "cancelled",
    deliveries: 0,
    commands: 3,
    cancel: true,
  },
];

/** Longer than any backoff of the jobs sent, in ms. */
const PATIENCE_MS = 30_000;

interface Sent {
  id: string;
  fate: Fate;
}

const total = wholeNumber("jobs", 5);
const idleSeconds = wholeNumber("idle-seconds", 0);
await requireRunning();
const before = await meters();
const sent = await sendAll();
await cancelAll(sent.filter(({ fate }) => fate.cancel));
await waitUntilDelivered(sent.filter(({ fate }) => !fate.cancel).length);
const after = await meters();
const states = await readStates(sent);
const beforeIdle = await meters();
const ledgerAddsUp = printLedger(sent, states, before, after);
const idle = await idleMinute(beforeIdle);
print(ledgerAddsUp && idle === 0 ? "\nEverything adds up" : "\nSomething does not add up");
Deno.exit(ledgerAddsUp && idle === 0 ? 0 : 1);

function wholeNumber(option: "jobs" | "idle-seconds", least: number): number {
  const value = Number(options[option]);
  if (Number.isInteger(value) && value >= least) return value;
  printError(`--${option} must be a whole number from ${least} on, got ${options[option]}`);
  return Deno.exit(1);
}

async function requireRunning(): Promise<void> {
  try {
    await (await fetch(`${options.app}/health`)).body?.cancel();
    await meters();
  } catch {
    printError(
      `Nothing answers at ${options.app}, ${options.redis} and ${options.qstash}.\n` +
        "Start `deno task dev` in another terminal of this folder; for one of another folder, add\n" +
        "--app, --redis and --qstash with the addresses of its table.",
    );
    Deno.exit(1);
  }
}

async function meters() {
  const [redis, qstash] = await Promise.all(
    [options.redis, options.qstash].map(async (url) => await (await fetch(`${url}/_meter`)).json()),
  );
  // The import of what could not be told is a message of the hour's, and no job's of this demo.
  const imports = Object.entries(qstash.byDestination as Record<string, number>)
    .filter(([url]) => url.endsWith(IMPORT_JOB));
  return {
    commands: redis.commands as number,
    byCommand: redis.byCommand,
    messages: qstash.messages - imports.reduce((sum, [, count]) => sum + count, 0),
  };
}

/** Calls the app; anything but a 2xx ends the demo with what the app said. */
async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${options.app}${path}`, {
    method,
    headers: { "Authorization": `Bearer ${options.token}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  }
  return answer;
}

async function sendAll(): Promise<Sent[]> {
  const run = crypto.randomUUID();
  const plan = fates.flatMap((fate) =>
    Array.from({ length: Math.round(fate.share * total) }, () => fate)
  ).map((fate, index) => ({ fate, index }));
  // A fixed shuffle, so that fates are mixed and every run is alike.
  plan.sort((one, other) => (one.index * 7919) % plan.length - (other.index * 7919) % plan.length);
  const show = progress("enqueued", plan.length);
  return await inParallel(20, plan, async ({ fate, index }) => {
    const body = {
      input: { message: `demo ${index}`, ...fate.input },
      ...(fate.twice && { dedupeId: `${run}:${index}` }),
      ...(fate.cancel && { delay: "1h" }),
    };
    const { id } = await call("POST", "/api/jobs/debug.echo", body);
    if (fate.twice) await call("POST", "/api/jobs/debug.echo", body);
    show();
    return { id, fate };
  });
}

async function cancelAll(jobs: Sent[]): Promise<void> {
  const show = progress("cancelled", jobs.length);
  await inParallel(10, jobs, async ({ id }) => {
    await call("DELETE", `/api/jobs/${id}`);
    show();
  });
}

/** Watches QStash, which costs no Redis command, until nothing of ours is on its way. */
async function waitUntilDelivered(count: number): Promise<void> {
  const expected = {
    messages: sent.reduce((sum, { fate }) => sum + fate.deliveries, 0),
    commands: sent.reduce((sum, { fate }) => sum + fate.commands, 0),
  };
  const show = progress("deliveries", expected.messages);
  let seen = 0;
  let last = before;
  let changedAt = performance.now();
  for (;;) {
    const now = await meters();
    for (; seen < Math.min(now.messages - before.messages, expected.messages); seen++) show();
    // A delivery is billed when it begins; its last command says that it is over.
    const over = seen === expected.messages &&
      now.commands - before.commands >= expected.commands;
    if (over) return print(`  ${count} jobs have ended`);
    if (now.messages !== last.messages || now.commands !== last.commands) {
      changedAt = performance.now();
    } else if (performance.now() - changedAt > PATIENCE_MS) {
      return print(`  Nothing has moved for ${PATIENCE_MS / 1_000} s: on to the ledger`);
    }
    last = now;
    await pause(200);
  }
}

async function readStates(jobs: Sent[]): Promise<Map<string, string>> {
  const show = progress("states read", jobs.length);
  const states = new Map<string, string>();
  await inParallel(20, jobs, async ({ id }) => {
    states.set(id, (await call("GET", `/api/jobs/${id}`)).state);
    show();
  });
  return states;
}

type Meters = Awaited<ReturnType<typeof meters>>;

function printLedger(jobs: Sent[], states: Map<string, string>, from: Meters, to: Meters): boolean {
  let addsUp = true;
  const row = (...cells: (string | number)[]) =>
    print(
      "  " +
        cells.map((cell, index) =>
          index === 0 ? String(cell).padEnd(34) : String(cell).padStart(12)
        ).join(""),
    );
  print("\nLedger");
  row("fate", "jobs", "ended so", "deliveries", "commands");
  let deliveries = 0;
  let commands = 0;
  for (const fate of fates) {
    const mine = jobs.filter((job) => job.fate === fate);
    const ended = mine.filter(({ id }) => states.get(id) === fate.end).length;
    if (ended !== mine.length) addsUp = false;
    deliveries += mine.length * fate.deliveries;
    commands += mine.length * fate.commands;
    row(fate.name, mine.length, ended, mine.length * fate.deliveries, mine.length * fate.commands);
  }
  row("by the price list", jobs.length, "", deliveries, commands);
  const billed = { messages: to.messages - from.messages, commands: to.commands - from.commands };
  row("as the meters saw it", "", "", billed.messages, billed.commands);
  addsUp &&= billed.messages === deliveries && billed.commands === commands;
  print("\nBilled commands by name");
  for (const [name, count] of Object.entries(to.byCommand as Record<string, number>)) {
    const difference = count - (from.byCommand[name] ?? 0);
    if (difference > 0) row(`  ${name}`, "", "", "", difference);
  }
  row("reading the states afterwards", jobs.length, "", "", beforeIdle.commands - to.commands);
  print(
    `\n  ${(billed.commands / jobs.length).toFixed(2)} commands a job; ` +
      `BullMQ takes 32 to 85, Celery 17, and both go on when nothing happens`,
  );
  return addsUp;
}

async function idleMinute(from: Meters): Promise<number> {
  const show = progress("idle seconds", idleSeconds);
  for (let second = 0; second < idleSeconds; second++) {
    await pause(1_000);
    show();
  }
  const { commands } = await meters();
  const added = commands - from.commands;
  print(`  ${idleSeconds} idle seconds added ${added} commands`);
  return added;
}

function progress(what: string, outOf: number): () => void {
  let done = 0;
  const isTerminal = Deno.stdout.isTerminal();
  return () => {
    done++;
    if (isTerminal) {
      Deno.stdout.writeSync(new TextEncoder().encode(`\r  ${what}: ${done} of ${outOf} `));
      if (done === outOf) print();
    } else if (done === outOf || done % Math.ceil(outOf / 5) === 0) {
      print(`  ${what}: ${done} of ${outOf}`);
    }
  };
}

async function inParallel<T, R>(
  width: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index]);
    }
  }));
  return results;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
