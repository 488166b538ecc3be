/**
 * Whose favorite a listing is: the last word of each person counts, by its time.
 *
 * A change of mind adds to the day on which it was said: to `favorites` where it became one, to
 * `unfavorites` where it was taken back. The sum of both over all days is the number of people.
 *
 * @module
 */
import type { Day, Sql } from "../../shared/mod.ts";

/** A person's word on a listing. */
export interface FavoriteWord {
  kind: string;
  listing: string;
  person: string;
  favorited: boolean;
  /** Epoch ms. */
  at: number;
}

interface State {
  favorited: boolean;
  at: number;
}

/** Any number that nothing else locks: one at a time changes favorites, whichever day it flushes. */
const LOCK = "5497853135693813";

/** Takes the words in, in the order of their times; of one time, in the order given. */
export async function applyFavorites(
  sql: Sql,
  day: Day,
  words: readonly FavoriteWord[],
): Promise<void> {
  if (words.length === 0) return;
  await sql.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
  const states = await readStates(sql, words);
  const changed = new Map<string, FavoriteWord>();
  const sums = new Map<
    string,
    { kind: string; id: string; favorites: number; unfavorites: number }
  >();
  // Sorting is stable, so that what came later in the stream has the last word.
  for (const word of [...words].sort((one, other) => one.at - other.at)) {
    const { kind, listing, favorited, at } = word;
    const state = states.get(keyOf(word));
    if (state && at < state.at) continue;
    if ((state?.favorited ?? false) !== favorited) {
      const sum = sums.get(`${kind}:${listing}`) ??
        { kind, id: listing, favorites: 0, unfavorites: 0 };
      sum[favorited ? "favorites" : "unfavorites"]++;
      sums.set(`${kind}:${listing}`, sum);
    }
    states.set(keyOf(word), { favorited, at });
    changed.set(keyOf(word), word);
  }
  await writeStates(sql, [...changed.values()]);
  await addChanges(sql, day, [...sums.values()]);
}

/** Tells persons and listings apart; no part but the last can hold a colon. */
export function keyOf({ kind, person, listing }: Omit<FavoriteWord, "favorited" | "at">): string {
  return `${kind}:${person}:${listing}`;
}

/** The states of those who said something. */
export async function readStates(
  sql: Sql,
  words: readonly FavoriteWord[],
): Promise<Map<string, State>> {
  const keys = new Map(
    words.map((word) => [keyOf(word), {
      kind: word.kind,
      listing: word.listing,
      person: word.person,
    }]),
  );
  const rows = await sql.query<
    { kind: string; listing: string; person: string; favorited: boolean; changed_at: string }
  >(
    `SELECT kind, listing, person, favorited, changed_at FROM feed_favorites
     JOIN jsonb_to_recordset($1::text::jsonb) AS given (kind text, listing text, person text)
       USING (kind, listing, person)`,
    [JSON.stringify([...keys.values()])],
  );
  return new Map(
    rows.map((row) => [keyOf(row), { favorited: row.favorited, at: Number(row.changed_at) }]),
  );
}

async function writeStates(sql: Sql, words: readonly FavoriteWord[]) {
  await sql.query(
    `INSERT INTO feed_favorites (kind, listing, person, favorited, changed_at)
     SELECT kind, listing, person, favorited, at
     FROM jsonb_to_recordset($1::text::jsonb)
       AS given (kind text, listing text, person text, favorited boolean, at bigint)
     ORDER BY kind, listing COLLATE "C", person COLLATE "C"
     ON CONFLICT (kind, listing, person) DO UPDATE SET
       favorited = EXCLUDED.favorited, changed_at = EXCLUDED.changed_at`,
    [JSON.stringify(words)],
  );
}

async function addChanges(
  sql: Sql,
  day: Day,
  sums: readonly { kind: string; id: string; favorites: number; unfavorites: number }[],
) {
  if (sums.length === 0) return;
  await sql.query(
    `INSERT INTO feed_counts (day, kind, listing, favorites, unfavorites)
     SELECT $1::date, kind, id, favorites, unfavorites
     FROM jsonb_to_recordset($2::text::jsonb)
       AS given (kind text, id text, favorites bigint, unfavorites bigint)
     ORDER BY kind, id COLLATE "C"
     ON CONFLICT (kind, listing, day) DO UPDATE SET
       favorites = feed_counts.favorites + EXCLUDED.favorites,
       unfavorites = feed_counts.unfavorites + EXCLUDED.unfavorites`,
    [day, JSON.stringify(sums)],
  );
}
