/**
 * What one isolate knows of each identifier: the units in its hand, and what Redis said last.
 *
 * Plain data, as workerd lets requests share nothing else, and bounded: the identifier that was
 * asked for the longest ago is forgotten first, with its units.
 *
 * @module
 */
import type { LimitPolicy } from "../../contracts/limit.ts";
import type { Clock, Sleep } from "../../ports.ts";
import { type Breaker, createBreaker } from "../breaker.ts";
import { Turn } from "../turn.ts";
import { Allowances } from "./allowances.ts";
import { type Counts, countsAt, freeAt, windowAt } from "./window.ts";

/** A check waits for Redis for so long; the first of an isolate for longer, as scripts may be cold. */
const ASK_MS = 300;
const FIRST_ASK_MS = 2_000;
/** How many identifiers an isolate remembers, all limits together. */
export const MOST_HANDS = 10_000;
/** A waiting check that was not heard of for so long was stopped with its request. */
const WAITS_MS = 1_000;
/** Those that wait for another's answer do so for a little longer than Redis may take. */
const MORE_PATIENCE_MS = 100;
/** Units are given back when they are so many of a limit, and nobody came for so much of its window. */
const WORTH_SHARE = 0.05;
const QUIET_SHARE = 0.1;
/** With less than this share free, a limit is nearly used up. */
const SCARCE_FREE = 0.2;
const MOST_GIVEN_BACK = 4;
const MOST_LOOKED_AT = 8;

/** What is known of one identifier under one policy. */
export class Hand {
  /** Redis has answered about it: from then on our own script asks. */
  isKnown = false;
  /** The window whose units are in the hand. */
  window = -1;
  /** Units that Redis has counted already, and nobody has spent. */
  left = 0;
  /** What the last ask brought; the next brings at most twice as many. */
  granted = 1;
  /** What Redis held when it last answered, and when that was. */
  seen?: { counts: Counts; at: number };
  /** Known to be refused without the counts: a bucket that holds less than this. */
  closed?: { weight: number; until: number; retryAt: number };
  /** What this isolate let through by itself and by Redis, for when Redis is away. */
  admitted: Counts = { window: -1, current: 0, previous: 0 };
  usedAt = 0;
  /** When it was last refused for being over. */
  refusedAt = -Infinity;
  readonly waiting = new Set<{ weight: number; since: number }>();
  readonly turn: Turn;
  /** Units of `untoldWindow` that were let through without Redis; the next ask tells it of them. */
  untold = 0;
  untoldWindow = -1;
  #perMs = 0;
  #demand = 0;
  #since: number;

  constructor(
    readonly policy: LimitPolicy,
    readonly identifier: string,
    sleep: Sleep,
    now: number,
    patienceMs: number,
  ) {
    this.turn = new Turn(sleep, patienceMs);
    this.#since = now;
  }

  /** Units of this moment's window. */
  leftAt(now: number): number {
    return this.window === windowAt(this.policy, now) ? this.left : 0;
  }

  /** Whether others may be refused for what this isolate holds. */
  isScarce(now: number): boolean {
    const { limit, windowMs } = this.policy;
    if (now - this.refusedAt < windowMs) return true;
    const usual = { ...this.policy, algorithm: "sliding-window" } as const;
    return !!this.seen && freeAt(usual, this.seen.counts, now) < SCARCE_FREE * limit;
  }

  /** Takes what is left of the window before out of the hand, where it weighs on this one. */
  takeUnspent(now: number): number {
    const isBefore = this.window === windowAt(this.policy, now) - 1;
    if (!isBefore || this.policy.algorithm !== "sliding-window") return 0;
    const isWorthIt = this.left >= WORTH_SHARE * this.policy.limit || this.isScarce(now);
    const units = isWorthIt ? this.left : 0;
    if (isWorthIt) this.left = 0;
    return units;
  }

  /** Puts units of a window into the hand; those of another die. */
  put(window: number, units: number): void {
    this.left = (this.window === window ? this.left : 0) + units;
    this.window = window;
  }

  /** Units of this moment's window that Redis has yet to be told of. */
  untoldAt(now: number): number {
    return this.untoldWindow === windowAt(this.policy, now) ? this.untold : 0;
  }

  /** Notes that so many units were let through in this window without Redis. */
  letThrough(units: number, now: number): void {
    if (units === 0) return;
    // They say how busy the caller is: the first ask brings as many again, where they can be spared.
    this.granted = Math.max(this.granted, units);
    this.#demand += units;
    this.#since = Math.min(now - 1, windowAt(this.policy, now) * this.policy.windowMs);
    this.untold = this.untoldAt(now) + units;
    this.untoldWindow = windowAt(this.policy, now);
    const admitted = countsAt(this.policy, this.admitted, now);
    this.admitted = { ...admitted, current: admitted.current + units };
  }

  /** Notes that so many units were asked for. */
  ask(weight: number, now: number): void {
    this.#demand += weight;
    this.usedAt = now;
  }

  /** What will be asked for until `end`, at the rate seen so far, and a little for chance. */
  expectedUntil(end: number, now: number): number {
    const ms = now - this.#since;
    if (ms > 0) {
      const observed = this.#demand / ms;
      // A few ms say little of a window.
      const news = this.#perMs === 0 ? 1 : ms / (ms + this.policy.windowMs / 4);
      this.#perMs += news * (observed - this.#perMs);
      this.#since = now;
      this.#demand = 0;
    }
    const units = this.#perMs * (end - now);
    return Math.ceil(units + Math.sqrt(units));
  }

  /** The units that checks of this isolate wait for at this moment. */
  waitedFor(now: number): number {
    let units = 0;
    for (const check of this.waiting) {
      if (now - check.since > WAITS_MS) this.waiting.delete(check);
      else units += check.weight;
    }
    return units;
  }
}

/** The hands of one isolate. */
export class Hands {
  readonly #hands = new Map<string, Hand>();
  /** Hands with units that are worth something, those looked at the longest ago first. */
  readonly #holding = new Set<Hand>();
  readonly #sleep: Sleep;
  /** Whether Redis could not be asked, the last time it was. */
  isAway = false;
  /** Whether Redis was ever heard of, or not in time: until then it gets longer, as all is cold. */
  hasAsked = false;
  /** What is let through without asking anybody. */
  readonly allowances = new Allowances();
  /** Rests limits alone: 300 ms are short, and others wait for longer. */
  readonly breaker: Breaker;

  constructor(sleep: Sleep, clock: Clock) {
    this.#sleep = sleep;
    this.breaker = createBreaker({ dependency: "redis", clock });
  }

  /** How long a check may wait for Redis, in ms. */
  get askMs(): number {
    return this.hasAsked ? ASK_MS : FIRST_ASK_MS;
  }

  get size(): number {
    return this.#hands.size;
  }

  /** The hand of an identifier, which is then the one that was used last. */
  of(policy: LimitPolicy, identifier: string, now: number): Hand {
    const key = `${policy.name} ${identifier}`;
    const known = this.#hands.get(key);
    this.#hands.delete(key);
    const hand = known ??
      new Hand(policy, identifier, this.#sleep, now, this.askMs + MORE_PATIENCE_MS);
    this.#hands.set(key, hand);
    if (this.#hands.size > MOST_HANDS) this.#remove(this.#hands.keys().next().value!);
    return hand;
  }

  /** Notes that a hand holds units that others may need, should it go quiet. */
  holds(hand: Hand): void {
    if (hand.left >= WORTH_SHARE * hand.policy.limit) this.#holding.add(hand);
  }

  /** Takes the units out of some hands that have gone quiet, and says whose they were. */
  takeQuiet(now: number): { hand: Hand; window: number; units: number }[] {
    const quiet = [];
    for (const hand of [...this.#holding.values().take(MOST_LOOKED_AT)]) {
      this.#holding.delete(hand);
      const { limit, windowMs } = hand.policy;
      const units = hand.leftAt(now);
      if (units < WORTH_SHARE * limit) continue;
      if (quiet.length < MOST_GIVEN_BACK && now - hand.usedAt >= QUIET_SHARE * windowMs) {
        hand.left = 0;
        // What Redis said last no longer holds.
        hand.seen = undefined;
        quiet.push({ hand, window: hand.window, units });
      } else this.#holding.add(hand);
    }
    return quiet;
  }

  forget(policy: LimitPolicy, identifier: string): void {
    this.#remove(`${policy.name} ${identifier}`);
    this.allowances.forget(policy, identifier);
  }

  #remove(key: string): void {
    const hand = this.#hands.get(key);
    this.#hands.delete(key);
    if (hand) this.#holding.delete(hand);
  }
}
