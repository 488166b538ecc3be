/**
 * An independent count of what people caused: what was accepted for sure, and what may have been.
 *
 * @module
 */
import type { Database } from "../../shared/mod.ts";

export type Metric = "views" | "bookings" | "impressions" | "favorites" | "unfavorites";

/** One request of one event, as the isolate that took it saw it. */
export interface Attempt {
  day: string;
  /** Known to have been accepted; until then it may have been. */
  isSure: boolean;
  /** Accepted by QStash, for later. */
  isLater: boolean;
}

interface Batch {
  counts: readonly (readonly [listing: string, count: number])[];
  attempts: Attempt[];
}

interface Word {
  id: number;
  favorited: boolean;
  attempts: Attempt[];
}

interface Bounds {
  least: number;
  most: number;
}

type Row = { day: string; name: string } & Record<Metric, string>;

export class Ledger {
  /** By day, metric, listing and what makes it one. */
  readonly #uniques = new Map<
    string,
    { day: string; metric: Metric; listing: string; attempts: Attempt[] }
  >();
  readonly #batches = new Map<string, Batch>();
  /** By listing and person, in the order in which they were said. */
  readonly #words = new Map<string, Word[]>();

  unique(metric: "views" | "bookings", listing: string, by: string, attempt: Attempt): void {
    const key = JSON.stringify([attempt.day, metric, listing, by]);
    const known = this.#uniques.get(key) ?? { day: attempt.day, metric, listing, attempts: [] };
    known.attempts.push(attempt);
    this.#uniques.set(key, known);
  }

  batch(batch: string, counts: Batch["counts"], attempt: Attempt): void {
    const known = this.#batches.get(batch) ?? { counts, attempts: [] };
    known.attempts.push(attempt);
    this.#batches.set(batch, known);
  }

  word(
    listing: string,
    person: string,
    { id, favorited }: Omit<Word, "attempts">,
    attempt: Attempt,
  ) {
    const key = `${listing} ${person}`;
    const words = this.#words.get(key) ?? [];
    this.#words.set(key, words);
    const last = words.at(-1);
    if (last?.id === id) last.attempts.push(attempt);
    else words.push({ id, favorited, attempts: [attempt] });
  }

  /** Days on which something was accepted for sure. */
  days(): string[] {
    const attempts = [
      ...this.#uniques.values(),
      ...this.#batches.values(),
      ...[...this.#words.values()].flat(),
    ]
      .flatMap(({ attempts }) => attempts);
    return [...new Set(attempts.filter(({ isSure }) => isSure).map(({ day }) => day))].sort();
  }

  /** How many events there were of each kind, and how many of them are in doubt. */
  summary() {
    const sum = (what: { attempts: Attempt[] }[]) => ({
      all: what.length,
      repeated: what.filter(({ attempts }) => attempts.length > 1).length,
      later: what.filter(({ attempts }) => attempts.some(({ isLater }) => isLater)).length,
      inDoubt: what.filter(({ attempts }) => !isSure(attempts)).length,
    });
    return {
      uniques: sum([...this.#uniques.values()]),
      batches: sum([...this.#batches.values()]),
      words: sum([...this.#words.values()].flat()),
    };
  }

  /** Where Postgres differs from what was accepted. `personOf` names whom an identity belongs to. */
  async differences(sql: Database, personOf: ReadonlyMap<string, string>): Promise<string[]> {
    const rows = await sql.query<Row>(
      "SELECT day::text, kind || ':' || listing AS name, feed_counts.* FROM feed_counts ORDER BY 1, 2"
        .replace("feed_counts.*", "views, bookings, impressions, favorites, unfavorites"),
    );
    const differences: string[] = [];
    const bounds = await this.#bounds(sql, differences);
    const held = new Map<string, number>();
    for (const { day, name, ...counts } of rows) {
      for (const [metric, count] of Object.entries(counts)) {
        held.set(`${day} ${metric} ${name}`, Number(count));
      }
    }
    for (const key of new Set([...held.keys(), ...bounds.keys()])) {
      const count = held.get(key) ?? 0;
      const { least, most } = bounds.get(key) ?? { least: 0, most: 0 };
      if (count < least || count > most) {
        differences.push(
          `${key}: ${count} instead of ${least === most ? least : `${least} to ${most}`}`,
        );
      }
    }
    await this.#compareFavorites(sql, rows, personOf, differences);
    return differences;
  }

  async #bounds(sql: Database, differences: string[]): Promise<Map<string, Bounds>> {
    const bounds = new Map<string, Bounds>();
    const add = (day: string, metric: Metric, listing: string, least: number, most: number) => {
      const known = bounds.get(`${day} ${metric} ${listing}`) ?? { least: 0, most: 0 };
      known.least += least;
      known.most += most;
      bounds.set(`${day} ${metric} ${listing}`, known);
    };
    for (const { day, metric, listing, attempts } of this.#uniques.values()) {
      add(day, metric, listing, isSure(attempts) ? 1 : 0, 1);
    }
    const counted = new Map(
      (await sql.query<{ batch: string; day: string }>("SELECT batch, day::text FROM feed_batches"))
        .map(({ batch, day }) => [batch, day]),
    );
    for (const [batch, { counts, attempts }] of this.#batches) {
      const day = counted.get(batch);
      counted.delete(batch);
      if (day === undefined) {
        if (isSure(attempts)) differences.push(`batch ${batch} was lost`);
        continue;
      }
      if (!attempts.some((attempt) => attempt.day === day)) {
        differences.push(`batch ${batch} was counted on ${day}`);
      }
      for (const [listing, count] of counts) add(day, "impressions", listing, count, count);
    }
    for (const batch of counted.keys()) differences.push(`batch ${batch} was never sent`);
    for (const [key, words] of this.#words) {
      const listing = key.slice(0, key.lastIndexOf(" "));
      this.#boundWords(words, (day, metric, least, most) => add(day, metric, listing, least, most));
    }
    return bounds;
  }

  /** Words of one day that came in order are exact; of others only what they come to in the end. */
  #boundWords(
    words: readonly Word[],
    add: (day: string, metric: Metric, least: number, most: number) => void,
  ): void {
    const attempts = words.flatMap(({ attempts }) => attempts);
    const isPlain = attempts.length === words.length &&
      attempts.every(({ isSure, isLater, day }) => isSure && !isLater && day === attempts[0].day);
    let state = false;
    for (const { favorited, attempts } of words) {
      const metric = favorited ? "favorites" : "unfavorites";
      if (!isPlain) { for (const { day } of attempts) add(day, metric, 0, 1); }
      else if (favorited !== state) add(attempts[0].day, metric, 1, 1);
      state = favorited;
    }
  }

  async #compareFavorites(
    sql: Database,
    counts: readonly Row[],
    personOf: ReadonlyMap<string, string>,
    differences: string[],
  ): Promise<void> {
    const rows = await sql.query<{ name: string; person: string; favorited: boolean }>(
      "SELECT kind || ':' || listing AS name, person, favorited FROM feed_favorites",
    );
    const held = new Map(
      rows.map(({ name, person, favorited }) => [`${name} ${personOf.get(person)}`, favorited]),
    );
    for (const [key, words] of this.#words) {
      const possible = lastWords(words);
      const favorited = held.get(key) ?? false;
      held.delete(key);
      if (!possible.has(favorited)) differences.push(`favorite of ${key} is ${favorited}`);
    }
    for (const key of held.keys()) differences.push(`favorite of ${key} was never said`);
    const net = new Map<string, number>();
    for (const { name, favorites, unfavorites } of counts) {
      net.set(name, (net.get(name) ?? 0) + Number(favorites) - Number(unfavorites));
    }
    for (const { name, favorited } of rows) net.set(name, (net.get(name) ?? 0) - Number(favorited));
    for (const [name, rest] of net) {
      if (rest !== 0) differences.push(`favorites of ${name}: the days' sum is ${rest} too many`);
    }
  }
}

function isSure(attempts: readonly Attempt[]): boolean {
  return attempts.some(({ isSure }) => isSure);
}

/** What a person may have said last: a word in doubt leaves the one before it possible. */
function lastWords(words: readonly Word[]): Set<boolean> {
  let possible = new Set([false]);
  for (const { favorited, attempts } of words) {
    possible = isSure(attempts) ? new Set([favorited]) : possible.add(favorited);
  }
  return possible;
}
