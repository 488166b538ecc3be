/**
 * Who says what in `deno task demo:chat`, and who leaves when: the same for one seed.
 *
 * @module
 */
import { createRandom } from "./demo_feed_plan.ts";

/** Somebody who looks on: the tab that asked, or another one. */
export type Seat = "asking" | "other";

/** A question, and how its reply is looked at. */
export interface Exchange {
  question: string;
  /** The other tab begins to follow once the asking one holds so much of the reply (0 to 1). */
  otherJoinsAt: number;
  /** Who leaves and comes back. */
  dropper: Seat;
  /** How much of the reply that one holds each time it leaves, rising from 0 to 1. */
  dropsAt: number[];
  /** How long it stays away, in ms. */
  awayMs: number;
  /** Asked while the reply before is still in the making, which goes first. */
  isEarly: boolean;
}

export interface Conversation {
  id: string;
  user: string;
  mode: "direct" | "queued";
  /** When its first question comes, in ms: people do not speak in chorus. */
  startsAfterMs: number;
  exchanges: Exchange[];
}

export interface Plan {
  conversations: Conversation[];
}

const TOPICS = ["the sea", "old maps", "bread", "a garden in winter", "night trains", "glass"];
/** Of the exchanges after the first. */
const EARLY_SHARE = 0.3;
const START_WITHIN_MS = 3_000;

/** Plans them all; every other conversation is queued. */
export function planChat(
  { conversations, exchanges, tokens, seed }: {
    conversations: number;
    exchanges: number;
    tokens: number;
    seed: number;
  },
): Plan {
  const random = createRandom(seed);
  const exchange = (number: number, of: number): Exchange => {
    const topic = TOPICS[Math.floor(random() * TOPICS.length)];
    return {
      question: `/tokens ${tokens} Question ${number} of ${of}: what about ${topic}?`,
      otherJoinsAt: random() * 0.6,
      dropper: random() < 0.5 ? "asking" : "other",
      dropsAt: Array.from({ length: 1 + Math.floor(random() * 2) }, random).sort(),
      awayMs: Math.floor(random() * 1_500),
      isEarly: number > 1 && random() < EARLY_SHARE,
    };
  };
  return {
    conversations: Array.from({ length: conversations }, (_, index) => ({
      id: `conversation-${index + 1}`,
      user: `person-${index + 1}`,
      mode: index % 2 === 0 ? "direct" : "queued",
      startsAfterMs: Math.floor(random() * START_WITHIN_MS),
      exchanges: Array.from({ length: exchanges }, (_, at) => exchange(at + 1, index + 1)),
    })),
  };
}
