/**
 * Backends that tell people of things, by seed. What is not answered well is told again as it was, where
 * it carries a dedupeId; some tell again what was accepted long ago.
 *
 * @module
 */
import type { Cloud } from "../../dev/cloud.ts";
import { planRound, type Telling } from "../../dev/demo_notifications_plan.ts";
import type { Fleet } from "./feed_fleet.ts";
import type { Random } from "./random.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Longer than anything takes that still happens. */
const PATIENCE_MS = 60_000;
/** How many answers get lost on their way. */
const LOST = 0.04;
const SHARE = {
  /** Of all: those without a dedupeId, told once. */
  bare: 0.15,
  /** Of the rest: those that are told again although they were accepted. */
  again: 0.25,
  /** Of the times at which something is told. */
  whileAway: 0.3,
  inOneMoment: 0.3,
};

export interface Asked extends Telling {
  /** Whether somebody heard that it was accepted. */
  isSure: boolean;
  ids: Set<string>;
  /** Whether it was told again after that. */
  isRepeated: boolean;
}

export interface CallersOptions {
  cloud: Cloud;
  fleet(): Fleet;
  random: Random;
  seed: number;
  count: number;
  /** The storm, in epoch ms; and moments in it at which something is away. */
  startAt: number;
  stormMs: number;
  moments: readonly number[];
}

export class Callers {
  readonly asked: Asked[];
  /** What was answered: status and code. */
  readonly answers: Record<string, number> = {};
  readonly #options: CallersOptions;

  constructor(options: CallersOptions) {
    this.#options = options;
    const { seed, count, random } = options;
    const round = planRound({ count, seed, run: 1, perSecond: 2, areAllDeduped: true });
    this.asked = round.tellings.map((telling) => ({
      ...telling,
      held: false,
      isSure: false,
      ids: new Set(),
      isRepeated: false,
      ...(random.chance(SHARE.bare) && { dedupeId: undefined }),
    }));
  }

  /** Plans when each is told; what is told to one person of one event may come close together. */
  plan(): void {
    const { random, startAt, stormMs, moments } = this.#options;
    const together = new Map<string, number>();
    for (const asked of this.asked) {
      const group = `${asked.event} ${asked.to.email}`;
      const near = together.get(group);
      const dice = random.next();
      const at = near !== undefined && dice < 0.7
        ? near + random.below(15 * MINUTE_MS)
        : dice < SHARE.whileAway
        ? random.pick(moments) + random.below(MINUTE_MS)
        : dice < SHARE.whileAway + SHARE.inOneMoment
        ? startAt + HOUR_MS
        : startAt + random.below(stormMs);
      together.set(group, at);
      this.#at(at, asked);
    }
  }

  #at(at: number, asked: Asked): void {
    this.#options.cloud.clock.schedule(at, () => this.#tell(asked));
  }

  async #tell(asked: Asked): Promise<void> {
    const { cloud, random } = this.#options;
    let isOver = false;
    const goOn = (answer: string) => {
      if (isOver) return;
      isOver = true;
      patience.cancel();
      this.answers[answer] = (this.answers[answer] ?? 0) + 1;
      if (asked.dedupeId === undefined) return;
      const now = cloud.clock.now();
      if (!answer.startsWith("2")) this.#at(now + 500 + random.below(5 * MINUTE_MS), asked);
      else if (!asked.isRepeated && random.chance(SHARE.again)) {
        asked.isRepeated = true;
        this.#at(now + random.below(30 * HOUR_MS), asked);
      }
    };
    const patience = cloud.clock.schedule(cloud.clock.now() + PATIENCE_MS, () => goOn("none"));
    const { event, to, data, delivery, dedupeId } = asked;
    const request = new Request("http://app.test/api/notifications", {
      method: "POST",
      headers: { authorization: "Bearer dev-service-token" },
      body: JSON.stringify({ event, to, data, delivery, dedupeId }),
    });
    const response = await this.#options.fleet().pick().app.fetch(request, {
      clientAddress: "127.0.0.1",
    });
    const { id, code } = await response.json();
    // Whoever was answered too late for the caller was answered all the same.
    if (response.status === 202) {
      asked.isSure = true;
      asked.ids.add(id);
    }
    goOn(random.chance(LOST) ? "lost" : `${response.status} ${code ?? ""}`);
  }
}
