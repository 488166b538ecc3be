/**
 * Rate limits: who may go on, and when they may otherwise.
 *
 * An isolate's first check of an identifier is @upstash/ratelimit's own; from then on it takes
 * several units at once, as many as it has been seeing used, and spends them by itself. Never more
 * than the limit passes: a unit is counted in Redis before it is spent, and dies with its window.
 *
 * @module
 */
import { startOf } from "../../contracts/text.ts";
import type { LimitAnswer, LimitCounter, LimitPolicy } from "../../contracts/limit.ts";
import {
  AppError,
  CommandRefusedError,
  LimitExceededError,
  LimitUnavailableError,
  RedisUnavailableError,
} from "../../errors.ts";
import type { Clock, Log, Redis, RedisTally } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import { answerAway, answerLocally } from "./answers.ts";
import { askRedis } from "./ask.ts";
import type { Hand, Hands } from "./hands.ts";
import { giveBackUnits } from "./give_back.ts";
import { readRemaining } from "./remaining.ts";
import { windowAt } from "./window.ts";

/** What limits stand on. */
export interface LimitsDependencies {
  redis: Redis;
  counter: LimitCounter;
  clock: Clock;
  log: Log;
  keys: Keys;
  /** This isolate's memory. */
  hands: Hands;
  /** Where the commands inside scripts are counted. */
  tally?: RedisTally;
}

export interface LimitOptions {
  /** How many units it takes, 1 to the limit. Default: 1. */
  weight?: number;
}

/** One of several limits that must all let through. */
export interface LimitDemand<Name extends string = string> extends LimitOptions {
  limit: Name | LimitPolicy;
  identifier: string;
}

/** The limits of one table; any of them may be named, or handed over itself. */
export interface Limits<Name extends string = string> {
  /** The policy of this name, if there is one. */
  find(name: string): LimitPolicy<Name> | undefined;
  /**
   * Takes units for an identifier (1 to 256 characters), or says when they will be there. At most one
   * round trip of 300 ms; 5 commands for an isolate's first check of an identifier, then 3 for each
   * ask, which brings units for several checks. Never throws for Redis: see `whenAway`.
   *
   * @throws {RangeError} if the weight or the identifier is out of its bounds
   * @throws {TypeError} if there is no limit of this name
   */
  check(
    limit: Name | LimitPolicy,
    identifier: string,
    options?: LimitOptions,
  ): Promise<LimitAnswer>;
  /**
   * The same for an open limit: no command while this isolate has let through less than half of it for
   * the caller, and then no answer. `caller` stands for them in memory alone; without one, all of them
   * share one allowance. `identifier` is called only where Redis is asked.
   */
  checkOpen(
    limit: Name | LimitPolicy,
    caller: string | undefined,
    identifier: () => string | Promise<string>,
  ): Promise<LimitAnswer | undefined>;
  /** Checks one after the other; where one refuses, what those before it took goes back. */
  checkAll(demands: readonly LimitDemand<Name>[]): Promise<LimitAnswer[]>;
  /** The same as `check`, and takes nothing. 1 command. @throws what the Redis port does */
  remaining(limit: Name | LimitPolicy, identifier: string): Promise<LimitAnswer>;
  /**
   * Forgets what an identifier has taken. 1 command. Other isolates may spend the units in their hands,
   * and refuse by what they know for a sixth of the window more, at most a minute.
   */
  reset(limit: Name | LimitPolicy, identifier: string): Promise<void>;
  /**
   * Runs `work` if the limit lets it.
   *
   * @throws {LimitExceededError} if it is used up
   * @throws {LimitUnavailableError} if Redis is away, and the policy closed
   */
  limited<T>(
    limit: Name | LimitPolicy,
    identifier: string,
    work: () => Promise<T> | T,
    options?: LimitOptions,
  ): Promise<T>;
}

/** Stands in Redis for all those who cannot be told apart. */
const SHARED = "shared";
/** An ask brings units at least for whoever made it; so many in vain, and there is something wrong. */
const MOST_ROUNDS = 50;

/** Puts a table of limits on its dependencies. Cheap: one may be made for each request. */
export function createLimits<Name extends string>(
  table: { readonly [N in Name]: LimitPolicy<N> },
  dependencies: LimitsDependencies,
): Limits<Name> {
  const { clock, hands } = dependencies;
  const find = (name: string) =>
    Object.hasOwn(table, name) ? table[name as Name] as LimitPolicy<Name> : undefined;

  function policyOf(limit: Name | LimitPolicy): LimitPolicy {
    const policy = typeof limit === "string" ? find(limit) : limit;
    if (policy) return policy;
    throw new TypeError(`Cannot find a limit named "${startOf(String(limit), 64)}"`);
  }

  const limits: Limits<Name> = {
    find,
    async check(limit, identifier, { weight = 1 } = {}) {
      const policy = policyOf(limit);
      assertIdentifier(policy, identifier);
      assertWeight(policy, weight);
      return await checkHand(dependencies, policy, identifier, weight);
    },
    async checkOpen(limit, caller, identifier) {
      const asked = hands.allowances.spend(policyOf(limit), caller, clock.now());
      if (!asked) return undefined;
      const { policy, isShared, untold } = asked;
      const known = isShared ? SHARED : await identifier();
      assertIdentifier(policy, known);
      hands.of(policy, known, clock.now()).letThrough(untold, clock.now());
      const answer = await checkHand(dependencies, policy, known, 1);
      if (answer.allowed) asked.note();
      return answer;
    },
    async checkAll(demands) {
      const answers: LimitAnswer[] = [];
      for (const { limit, identifier, weight } of demands) {
        const answer = await limits.check(limit, identifier, { weight });
        answers.push(answer);
        if (answer.allowed) continue;
        for (const each of demands.slice(0, answers.length - 1)) {
          const taken = each.weight ?? 1;
          await giveBackUnits(dependencies, policyOf(each.limit), each.identifier, taken);
        }
        break;
      }
      return answers;
    },
    async remaining(limit, identifier) {
      const policy = policyOf(limit);
      assertIdentifier(policy, identifier);
      return await readRemaining(dependencies, policy, identifier);
    },
    async reset(limit, identifier) {
      const policy = policyOf(limit);
      assertIdentifier(policy, identifier);
      const { keys, redis } = dependencies;
      const window = windowAt(policy, clock.now());
      const isBucket = policy.algorithm === "token-bucket";
      await redis.run([
        "DEL",
        ...(isBucket
          ? [keys.limitBucket(policy.name, identifier)]
          // The next window as well: a clock that is ahead may have begun it.
          : [window - 1, window, window + 1].map((each) =>
            keys.limitWindow(policy.name, identifier, each)
          )),
      ]);
      hands.forget(policy, identifier);
    },
    async limited(limit, identifier, work, options) {
      const answer = await limits.check(limit, identifier, options);
      assertAllowed([answer], clock.now());
      return await work();
    },
  };
  return limits;
}

/** @throws {LimitExceededError | LimitUnavailableError} if one of the answers refuses */
export function assertAllowed(answers: readonly LimitAnswer[], now: number): void {
  const refused = answers.find(({ allowed }) => !allowed);
  if (refused?.because === "unavailable") throw new LimitUnavailableError(answers, now);
  if (refused) throw new LimitExceededError(answers, now);
}

async function checkHand(
  dependencies: LimitsDependencies,
  policy: LimitPolicy,
  identifier: string,
  weight: number,
): Promise<LimitAnswer> {
  const { clock, hands } = dependencies;
  const hand = hands.of(policy, identifier, clock.now());
  hand.ask(weight, clock.now());
  const check = { weight, since: clock.now() };
  hand.waiting.add(check);
  try {
    for (let round = 0; round < MOST_ROUNDS && policy.lease; round++) {
      const local = answerLocally(hand, weight, clock.now());
      if (local) return local;
      let answer: LimitAnswer | undefined;
      await hand.turn.take(async () => {
        answer = await ask(dependencies, hand, weight);
      });
      noteBack(dependencies);
      if (answer) return answer;
    }
    const local = answerLocally(hand, weight, clock.now());
    if (local) return local;
    const answer = await ask(dependencies, hand, weight);
    noteBack(dependencies);
    return answer;
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof CommandRefusedError) throw error;
    noteAway(dependencies, error);
    return answerAway(hand, weight, clock.now(), error.retryAfterMs);
  } finally {
    hand.waiting.delete(check);
  }
}

/** After five outages in a row nobody waits for Redis for 30 s. */
function ask(dependencies: LimitsDependencies, hand: Hand, weight: number): Promise<LimitAnswer> {
  return dependencies.hands.breaker.guard(
    () => askRedis(dependencies, hand, weight),
    (error) => error instanceof RedisUnavailableError,
  );
}

/** Once for each change, not for each request. */
function noteAway({ hands, log }: LimitsDependencies, error: AppError): void {
  if (hands.isAway) return;
  hands.isAway = true;
  log.warn("limits.degraded", { because: error.code });
}

function noteBack({ hands, log }: LimitsDependencies): void {
  if (!hands.isAway) return;
  hands.isAway = false;
  log.info("limits.restored");
}

function assertIdentifier({ name }: LimitPolicy, identifier: string): void {
  if (identifier.length >= 1 && identifier.length <= 256) return;
  throw new RangeError(
    `Cannot check the limit "${name}": an identifier has 1 to 256 characters, got ${identifier.length}`,
  );
}

function assertWeight({ name, limit }: LimitPolicy, weight: number): void {
  if (Number.isInteger(weight) && weight >= 1 && weight <= limit) return;
  throw new RangeError(
    `Cannot check the limit "${name}": weight must be a whole number from 1 to ${limit}, got ${weight}`,
  );
}
