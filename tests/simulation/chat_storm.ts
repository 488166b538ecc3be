/**
 * One seed's conversations, and the storm that goes over them.
 *
 * @module
 */
import type { Database, LogFields } from "../../shared/mod.ts";
import { sign } from "hono/jwt";
import { APP, AUTH_SECRET, createFleet, type Fleet } from "./chat_fleet.ts";
import type { Fate, Point, Strike, Target } from "./chat_mortal.ts";
import { inspectRecords, prepareRecords, type Sent } from "./chat_records.ts";
import { Stage } from "./chat_stage.ts";
import { type Message, Tab } from "./chat_tab.ts";
import { createRandom, type Random } from "./random.ts";

const START = Date.UTC(2026, 10, 21, 12, 0, 0);
const MINUTE_MS = 60_000;
const LATE_MS = 6_000;

/** What the storm has ready. */
export interface Weather {
  fate: Fate;
  /** Plans what goes wrong, and who says what. */
  plan(world: World): void;
  stormMs: number;
}

export interface World {
  stage: Stage;
  random: Random;
  fleet: Fleet;
  people: People;
}

/** Goes through it; resolves to what was wrong, and to all that happened. */
export async function weatherChat(
  seed: number,
  { database, weather }: { database: Database; weather: (random: Random) => Weather },
) {
  const random = createRandom(seed);
  const idRandom = createRandom(~seed);
  const ids = {
    random: () => Array.from({ length: 26 }, () => idRandom.below(32).toString(32)).join(""),
  };
  await prepareRecords(database);
  const stage = new Stage(START);
  const complaints: string[] = [];
  const lines: Record<string, number> = {};
  const note = (event: string, { code }: LogFields = {}) => {
    const line = code === undefined ? event : `${event} ${code}`;
    lines[line] = (lines[line] ?? 0) + 1;
  };
  try {
    const { fate, plan, stormMs } = weather(random);
    const fleet = await createFleet({
      stage,
      random,
      ids,
      fate,
      database: onStage(stage, database),
      log: { info: note, warn: note, error: note },
    });
    const people = new People({ stage, random, fleet, complain: (what) => complaints.push(what) });
    plan({ stage, random, fleet, people });
    await stage.advance(stormMs);
    calm(fate);
    fleet.qstash.faults.clear();
    fleet.redis.faults.clear();
    fleet.model.faults.clear();
    await stage.advance(10 * MINUTE_MS);
    const letters = await replayLetters(stage);
    await stage.advance(20 * MINUTE_MS);
    const open = people.open();
    if (open > 0) complaints.push(`${open} tabs have not come to an end`);
    // Those that wait ask again and again.
    const costs = open > 0 ? "0 0" : await billOfRest(stage, fleet);
    if (costs !== "0 0") complaints.push(`a day of rest cost ${costs} commands and messages`);
    const records = await inspectRecords(database, people.sent, fleet.said);
    await fleet.close();
    return {
      complaints: [...complaints, ...records.complaints],
      summary: { letters, ...people.summary(), said: fleet.said.length },
      lines,
      rows: records.rows,
      next: random.next(),
    };
  } finally {
    stage.close();
  }
}

/** The people, and their tabs. */
export class People {
  readonly sent: Sent[] = [];
  #open = 0;
  #stops = 0;
  readonly #tokens = new Map<string, Promise<string>>();

  constructor(
    readonly parts: {
      stage: Stage;
      random: Random;
      fleet: Fleet;
      complain(what: string): void;
    },
  ) {}

  /** Says something at this moment, with other tabs that look on, and may stop it. */
  plan(
    at: number,
    { stops = 0, others = 1, isRestless = true, ...message }:
      & Omit<Message, "token" | "clientId">
      & { stops?: number; others?: number; isRestless?: boolean },
  ): void {
    const { stage, random, fleet, complain } = this.parts;
    stage.schedule(at, async () => {
      const clientId = `message-${this.sent.length + 1}`;
      const question = message.text;
      const sent: Sent = { ...message, clientId, tabs: [] };
      this.sent.push(sent);
      const token = await this.#token(message.conversation);
      const parts = { stage, random, said: fleet.said, isRestless, complain };
      const asking = new Tab(parts, { token, question });
      const watched = asking.say({ ...message, token, clientId });
      void this.#counted(watched, asking, sent);
      const reply = await accepted(stage, asking, watched);
      if (reply === undefined) return;
      for (let other = 0; other < others; other++) {
        const tab = new Tab(parts, { token, question });
        stage.schedule(stage.now() + random.below(2_500), () => {
          void this.#counted(tab.follow(reply), tab, sent);
        });
      }
      for (let stop = 0; stop < stops; stop++) {
        this.#stops++;
        stage.schedule(stage.now() + random.below(4_000), () => {
          void new Tab(parts, { token, question }).stop(reply);
        });
      }
    });
  }

  open(): number {
    return this.#open;
  }

  summary() {
    const ends: Record<string, number> = {};
    let resets = 0;
    for (const { tabs } of this.sent) {
      for (const { state = "given up", resets: own } of tabs) {
        ends[state] = (ends[state] ?? 0) + 1;
        resets += own;
      }
    }
    return { messages: this.sent.length, tabs: ends, resets, stops: this.#stops };
  }

  async #counted(work: Promise<unknown>, tab: Tab, sent: Sent): Promise<void> {
    this.#open++;
    sent.tabs.push(tab);
    const result = await work;
    this.#open--;
    if (result === false) sent.tabs = [];
    else sent.reply = tab.reply;
  }

  #token(user: string): Promise<string> {
    const exp = Math.floor(START / 1_000) + 30 * 86_400;
    const token = this.#tokens.get(user) ?? sign({ sub: user, exp }, AUTH_SECRET, "HS256");
    this.#tokens.set(user, token);
    return token;
  }
}

/** The reply's id once the message was accepted; undefined where the person gave up. */
async function accepted(stage: Stage, tab: Tab, watched: Promise<boolean>) {
  let isOver = false;
  void watched.then(() => isOver = true);
  while (tab.reply === undefined && !isOver) await stage.sleep(50);
  return tab.reply;
}

/** Statements one after another, and time waits for them. */
export function onStage(stage: Stage, database: Database): Database {
  return {
    query: <Row>(...call: Parameters<Database["query"]>) =>
      stage.real(() => database.query<Row>(...call)),
    transaction: (work) => stage.real(() => database.transaction(work)),
    session: () => onStage(stage, database),
    close: () => Promise.resolve(),
  };
}

/** As operators do once all is well. */
async function replayLetters(stage: Stage): Promise<number> {
  const headers = { authorization: "Bearer dev-service-token" };
  // Whoever asks, asks again where the isolate ends in the midst of it.
  const call = (path: string, init = {}) => {
    const once = () => stage.fetch(APP + path, { headers, ...init });
    return once().catch(once);
  };
  const reading = (async () => {
    const { letters } = await (await call("/api/dead-letters?limit=100")).json();
    await (await call("/api/dead-letters/replay", { method: "POST", body: "{}" })).body?.cancel();
    return letters.length;
  })();
  await stage.advance(10_000);
  return await reading;
}

async function billOfRest(stage: Stage, { redis, qstash }: Fleet): Promise<string> {
  // What was armed by what people said has run by then.
  await stage.advance(2 * 24 * 60 * MINUTE_MS);
  redis.meter.reset();
  qstash.meter.reset();
  await stage.advance(24 * 60 * MINUTE_MS);
  return `${redis.meter.snapshot().commands} ${qstash.meter.snapshot().messages}`;
}

/** Chance decides on every await. */
export class Chance implements Fate {
  isOn = true;
  readonly away = new Set<Target>();
  readonly struck: Record<string, number> = {};

  constructor(
    readonly random: Random,
    readonly odds: Readonly<Record<Target, number>>,
  ) {}

  strike({ target, isAfter }: Point): Strike {
    if (!this.isOn || !this.random.chance(this.odds[target])) return undefined;
    const canFail = target !== "model" && target !== "sleep";
    const strike = this.random.pick(
      canFail ? ["dies", "fails", "is late"] as const : ["dies", "is late"] as const,
    );
    const name = `${target} ${strike} ${isAfter ? "after" : "before"}`;
    this.struck[name] = (this.struck[name] ?? 0) + 1;
    return strike;
  }

  isAway(target: Target): boolean {
    return this.isOn && this.away.has(target);
  }

  lateMs(): number {
    return this.random.below(LATE_MS);
  }
}

function calm(fate: Fate): void {
  if (fate instanceof Chance) {
    fate.isOn = false;
    fate.away.clear();
  }
}
