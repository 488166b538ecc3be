/**
 * What is kept of people, as each feature says it: where it stands, how it is read and erased.
 *
 * A contribution names every column and key that leads to somebody; a test fails for one that
 * none names. What it cannot reach it lists, with the moment at which it is gone.
 *
 * @module
 */
import type { Clock, Log, Redis, Sql } from "../ports.ts";
import type { Keys } from "./keys.ts";

/** Somebody, by all that is known of them. */
export interface AskedPerson {
  /** The subject of their tokens. */
  user: string;
  /** Their e-mail addresses, in lower case. */
  addresses: readonly string[];
}

/** What a contribution works on. */
export interface PeopleParts {
  /** Absent without `DATABASE_URL`; then nothing stands in tables. */
  sql?: Sql;
  redis: Redis;
  keys: Keys;
  clock: Clock;
  log: Log;
}

/** What stays for a while, where we cannot erase it. */
export interface Remainder {
  what: string;
  /** Epoch ms at which the last of it is gone; absent where somebody else decides. */
  until?: number;
  because: string;
}

/** What a feature holds of people. Its table of the library is `defineContributions`. */
export interface PeopleContribution {
  /** The columns that lead to somebody or hold what they said, by table. */
  tables: Readonly<Record<string, readonly string[]>>;
  /** The keys of Redis that do. */
  keys: readonly (keyof Keys)[];
  /** Texts that stand for the person in inputs of jobs: hashes, ids of what is theirs. */
  aliases?(parts: PeopleParts, person: AskedPerson): Promise<readonly string[]>;
  /** All that is kept of the person, as JSON. */
  export(parts: PeopleParts, person: AskedPerson): Promise<Readonly<Record<string, unknown>>>;
  /** Erases it; may be repeated. Resolves to how much that was, by what it was. */
  erase(parts: PeopleParts, person: AskedPerson): Promise<Readonly<Record<string, number>>>;
  /** What stays, after an erasure at `now` (epoch ms). */
  remains?(now: number): readonly Remainder[];
}

/** The contributions of all features, by feature. */
export type PeopleContributions = Readonly<Record<string, PeopleContribution>>;

/**
 * Whether an input of a job is about the person: a field holds their id, their address, or what
 * stands for them. What stands in a list is somebody's among others, and no reason to stop a job.
 */
export function isAbout(
  input: unknown,
  person: AskedPerson,
  aliases: ReadonlySet<string>,
): boolean {
  if (typeof input === "string") {
    const text = input.trim().toLowerCase();
    return input === person.user || aliases.has(input) || person.addresses.includes(text);
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) return false;
  return Object.values(input).some((value) => isAbout(value, person, aliases));
}
