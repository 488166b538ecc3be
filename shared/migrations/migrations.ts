/**
 * Every migration, in order. One that was released is never changed: what comes next is a new one, and
 * its name stands in ledger.ts as well.
 *
 * Written as strings, since a bundle holds no files.
 *
 * @module
 */
import { deadLettersAndEffects } from "./0001_dead_letters_and_effects.ts";
import { feed } from "./0002_feed.ts";
import { notifications } from "./0003_notifications.ts";
import { chat } from "./0004_chat.ts";
import { feedRank } from "./0005_feed_rank.ts";
import { chatWords } from "./0006_chat_words.ts";

export interface Migration {
  /** Counts up from 1. */
  id: number;
  name: string;
  /** Plain SQL, any number of statements; runs in a transaction. */
  sql: string;
}

export const migrations: readonly Migration[] = [
  deadLettersAndEffects,
  feed,
  notifications,
  chat,
  feedRank,
  chatWords,
];
