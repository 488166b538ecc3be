/**
 * A change of a row, whoever sent it, and the ways to ask what has changed.
 *
 * @module
 */

/** A row as triggers read it: names in camelCase, people and listings as objects, no null. */
export type Row = Readonly<Record<string, unknown>>;

export interface Change {
  source: "supabase" | "payload";
  /** The table or collection. */
  collection: string;
  operation: "create" | "update" | "delete";
  /** Empty where the row has none. */
  id: string;
  /** As it is now; of a deleted row, as it was last. */
  row: Row;
  /** As it was before an update. */
  before?: Row;
}

/** What a trigger waits for. */
export interface When {
  holds(change: Change): boolean;
  /** The columns that it looks at; their values tell one such change from the next. */
  watches: readonly string[];
}

export function created(): When {
  return { watches: [], holds: ({ operation }) => operation === "create" };
}

/** A row that is deleted, or marked as such by a date in `column`; never both for one row. */
export function deleted(column: string): When {
  const { watches, holds } = changed(column);
  return {
    watches,
    holds: (change) =>
      change.operation === "delete" ? change.row[column] === undefined : holds(change),
  };
}

/** A row whose `column` has come to hold `value`, as new rows may from the start. */
export function became(column: string, value: string): When {
  return {
    watches: [column],
    holds: ({ operation, row, before }) =>
      operation !== "delete" && row[column] === value && before?.[column] !== value,
  };
}

/** A known row whose `column` has got another value. */
export function changed(column: string): When {
  return {
    watches: [column],
    holds: ({ operation, row, before }) =>
      operation === "update" && row[column] !== undefined && row[column] !== before?.[column],
  };
}

/**
 * What tells a trigger's change from the next one of the same row: the values that it looks at, and
 * when the row was changed. Without `updated_at` a row comes to each value once.
 */
export async function changeId(
  { name, when: { watches } }: { name: string; when: When },
  { source, collection, id, row }: Change,
): Promise<string> {
  const values = watches.map((column) => row[column] ?? null);
  const parts = [name, source, collection, id, values, row.updatedAt ?? null];
  const text = new TextEncoder().encode(JSON.stringify(parts));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return btoa(String.fromCharCode(...digest));
}
