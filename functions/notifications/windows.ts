/**
 * What is told together: items of one key that wait in a window, until one mail takes all of them.
 *
 * A window is open until its mail closes it; an item joins the open one or opens another. Both
 * happen under the window's lock, so an item is in exactly one mail. No Redis command.
 *
 * @module
 */
import type { Sql } from "../../shared/mod.ts";

export interface NewItem {
  /** What is gathered: an event and its recipient. */
  key: string;
  /** Equal ids are one item. */
  id: string;
  data: unknown;
  /** The window's, should this item open one. */
  newWindow: { id: string; endsAt: number };
}

export interface Joined {
  window: string;
  /** When its mail is due, in epoch ms. */
  endsAt: number;
  /** Whether its mail is known to be on its way. */
  armed: boolean;
  /** False where the item was known. */
  isNew: boolean;
}

interface Row {
  id: string;
  ends_at: Date;
  armed: boolean;
}

/** Puts the item into its key's open window. May be repeated. */
export async function joinWindow(sql: Sql, item: NewItem): Promise<Joined> {
  const { key, id, data, newWindow } = item;
  const [joined] = await sql.query<Row>(
    `WITH joined AS (
       INSERT INTO notification_windows (id, key, ends_at)
       SELECT $1, $2, $3::text::timestamptz
       WHERE NOT EXISTS (SELECT 1 FROM notification_items WHERE id = $4)
       ON CONFLICT (key) WHERE closed_at IS NULL DO UPDATE SET key = excluded.key
       RETURNING id, ends_at, armed
     ), item AS (
       INSERT INTO notification_items (id, window_id, data)
       SELECT $4, joined.id, $5::text::jsonb FROM joined ON CONFLICT (id) DO NOTHING
     )
     SELECT id, ends_at, armed FROM joined`,
    [newWindow.id, key, new Date(newWindow.endsAt).toISOString(), id, JSON.stringify(data)],
  );
  if (joined) return { ...fromRow(joined), isNew: true };
  const [known] = await sql.query<Row>(
    `SELECT w.id, w.ends_at, w.armed OR w.closed_at IS NOT NULL AS armed
     FROM notification_items i JOIN notification_windows w ON w.id = i.window_id
     WHERE i.id = $1`,
    [id],
  );
  return { ...fromRow(known), isNew: false };
}

/** Remembers that the window's mail is on its way; without it the next item sends it again, to no effect. */
export async function windowArmed(sql: Sql, window: string): Promise<void> {
  await sql.query("UPDATE notification_windows SET armed = true WHERE id = $1", [window]);
}

/**
 * Closes the window, and resolves to what is in it, in order: the same whenever it is called again.
 * One that was swept is empty.
 */
export async function closeWindow(
  sql: Sql,
  window: string,
  now: number,
): Promise<{ items: unknown[]; endsAt: number }> {
  const [closed] = await sql.query<{ ends_at: Date }>(
    `UPDATE notification_windows SET closed_at = coalesce(closed_at, $2::text::timestamptz)
     WHERE id = $1 RETURNING ends_at`,
    [window, new Date(now).toISOString()],
  );
  // After the update: until then an item may still join.
  const rows = await sql.query<{ data: unknown }>(
    "SELECT data FROM notification_items WHERE window_id = $1 ORDER BY position",
    [window],
  );
  return { items: rows.map(({ data }) => data), endsAt: closed?.ends_at.getTime() ?? now };
}

function fromRow({ id, ends_at, armed }: Row): Omit<Joined, "isNew"> {
  return { window: id, endsAt: ends_at.getTime(), armed };
}
