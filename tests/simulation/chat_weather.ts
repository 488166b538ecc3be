/**
 * What goes wrong with the chat, and who says what meanwhile: a storm of everything, or one isolate
 * that ends at a certain await.
 *
 * @module
 */
import type { Fate, Point, Target } from "./chat_mortal.ts";
import type { Random } from "./random.ts";
import { Chance, type Weather, type World } from "./chat_storm.ts";

const STORM_MS = 180_000;
const CONVERSATIONS = 3;
const PATIENT = 100;

/** Everything at once, for three minutes. */
export function storm(random: Random): Weather & { fate: Chance } {
  const fate = new Chance(random, {
    redis: 0.01,
    queue: 0.03,
    postgres: 0.01,
    model: 0.001,
    sleep: 0.003,
  });
  return {
    fate,
    stormMs: STORM_MS,
    plan(world) {
      planOutages(world, fate);
      planFaults(world);
      for (let conversation = 1; conversation <= CONVERSATIONS; conversation++) {
        planConversation(world, `conversation-${conversation}`);
      }
    },
  };
}

function planConversation({ stage, random, people }: World, conversation: string): void {
  const messages = 3 + random.below(3);
  for (let message = 1; message <= messages; message++) {
    const name = `question ${message} of ${conversation}`;
    people.plan(stage.now() + random.below(STORM_MS * 0.8), {
      conversation,
      text: random.chance(0.2)
        ? `/say ${name} 👩‍🚀 ${"🌊 and ".repeat(10 + random.below(30))}end`
        : `/tokens ${3 + random.below(150)} ${name}`,
      mode: random.chance(0.5) ? "direct" : "queued",
      isStreamed: random.chance(0.8),
      mostTries: random.chance(0.1) ? 1 : PATIENT,
      others: random.below(3),
      stops: random.chance(0.25) ? 1 + random.below(2) : 0,
    });
  }
}

function planOutages({ stage, random, fleet }: World, { away }: Chance): void {
  const during = (longestMs: number, begin: () => () => void) => {
    const start = stage.now() + random.below(STORM_MS);
    const forMs = 1_000 + random.below(longestMs);
    stage.schedule(start, () => {
      const end = begin();
      stage.schedule(start + forMs, () => end());
    });
  };
  const keepAway = (target: Target) => () => {
    away.add(target);
    return () => void away.delete(target);
  };
  during(40_000, () => fleet.redis.faults.add({ kind: "refuse", times: 1e9 }));
  during(20_000, keepAway("redis"));
  during(20_000, keepAway("postgres"));
  during(8_000, keepAway("postgres"));
  during(20_000, keepAway("queue"));
  during(1, () => {
    fleet.redis.faults.cutStreams();
    return () => {};
  });
  during(1, () => {
    fleet.redis.faults.muteStreams();
    return () => {};
  });
  during(1, () => {
    fleet.deploy();
    return () => {};
  });
}

function planFaults({ random, fleet }: World): void {
  const { qstash, redis, model } = fleet;
  const strikes = (probability: number) => ({
    times: 1e9,
    matches: () => random.chance(probability),
  });
  redis.faults.add({ kind: "dropReply", ...strikes(0.01) });
  qstash.faults.add({ kind: "duplicate", ...strikes(0.1) });
  qstash.faults.add({ kind: "late", ms: 20_000, ...strikes(0.1) });
  qstash.faults.add({ kind: "reordered", count: 2, ...strikes(0.05) });
  qstash.faults.add({ kind: "lost", ...strikes(0.05) });
  qstash.faults.add({ kind: "overlapping", ...strikes(0.05) });
  qstash.faults.add({ kind: "publishReplyLost", ...strikes(0.03) });
  const after = { afterTokens: random.below(60) };
  model.faults.add({ kind: "limit", retryAfter: "3", probability: 0.08 });
  model.faults.add({ kind: "refuse", probability: 0.06 });
  model.faults.add({ kind: "disconnect", probability: 0.03 });
  model.faults.add({ kind: "stall", ...after, probability: 0.05 });
  model.faults.add({ kind: "stall", ...after, ms: 9_000, probability: 0.05 });
  model.faults.add({ kind: "break", ...after, probability: 0.06 });
  model.faults.add({ kind: "garble", ...after, probability: 0.03 });
  model.faults.add({ kind: "unfinished", ...after, probability: 0.03 });
  model.faults.add({ kind: "fail", ...after, probability: 0.03 });
  model.faults.add({ kind: "forbid", probability: 0.01 });
}

/** Ends the isolate that comes to await number `end`; nothing else is wrong. */
export class OneDeath implements Fate {
  /** Awaits so far. */
  points = 0;
  /** Where it was. */
  at?: string;

  constructor(readonly end: number) {}

  strike({ target, isAfter }: Point) {
    if (this.points++ !== this.end) return undefined;
    this.at = `${isAfter ? "after" : "before"} ${target}`;
    return "dies" as const;
  }

  isAway(): boolean {
    return false;
  }

  lateMs(): number {
    return 0;
  }
}

/** Two questions of one conversation, the second before the first is answered; one of them stopped. */
export function oneDeath(fate: OneDeath, mode: "direct" | "queued"): Weather {
  return {
    fate,
    stormMs: 60_000,
    plan({ stage, people }) {
      const common = {
        conversation: "conversation-1",
        mode,
        isStreamed: true,
        mostTries: PATIENT,
        isRestless: false,
      };
      people.plan(stage.now() + 1_000, { ...common, text: "/tokens 20 the first", others: 2 });
      people.plan(stage.now() + 1_200, { ...common, text: "/tokens 30 the second", stops: 1 });
    },
  };
}
