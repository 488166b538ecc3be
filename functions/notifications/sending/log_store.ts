/**
 * What was told to whom, with which outcome: one row for each notification, without addresses.
 *
 * Kept for 400 days, swept a few rows at a time by each new one. A notification that is in it is
 * never sent again, however late a delivery of its job comes.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import type { EventName } from "../events/table.ts";
import type { UnsubscribeGroup } from "../event.ts";

/** How sending ended; what the provider says later stands in `mail_events`. */
export type Outcome =
  /** The provider took it. */
  | "accepted"
  /** The address bounced or complained before, or was refused. */
  | "suppressed"
  /** The recipient wants no more of this kind. */
  | "unsubscribed"
  /** The provider refused the address. */
  | "refused"
  /** There was nothing left to tell. */
  | "empty";

export interface Standing {
  /** Set where this notification has ended before. */
  outcome?: Outcome;
  suppressions: { scope: string; reason: string }[];
}

/** Whether the notification has ended, and what is known of its recipient: one statement. */
export async function readStanding(
  sql: Sql,
  { id, recipient, group }: { id: string; recipient: string; group?: UnsubscribeGroup },
): Promise<Standing> {
  const [row] = await sql.query<
    { outcome: Outcome | null; suppressions: Standing["suppressions"] }
  >(
    `SELECT (SELECT outcome FROM notifications WHERE id = $1) AS outcome,
       (SELECT coalesce(json_agg(json_build_object('scope', scope, 'reason', reason)), '[]')
        FROM mail_suppressions WHERE recipient = $2 AND scope IN ('all', $3::text)) AS suppressions`,
    [id, recipient, group ?? "all"],
  );
  return { outcome: row.outcome ?? undefined, suppressions: row.suppressions };
}

export interface LogRow {
  id: string;
  event: EventName;
  recipient: string;
  outcome: Outcome;
  providerId?: string;
  /** How many events it told of. */
  told: number;
  at: number;
}

const KEPT_MS = 400 * 86_400_000;
/** Windows hold what people wrote to one another: no longer than a replay may need it. */
const WINDOW_KEPT_MS = 8 * 86_400_000;
/** One that QStash did not take, and that nobody joined since: its caller was told, and did not come again. */
const OPEN_WINDOW_KEPT_MS = 60 * 86_400_000;
const SWEPT_ROWS = 10;

/** Writes the row, once, and sweeps what has been kept for long enough. */
export async function logNotification(sql: Sql, row: LogRow): Promise<void> {
  const { id, event, recipient, outcome, providerId = null, told, at } = row;
  await sql.query(
    `WITH swept_log AS (
       DELETE FROM notifications WHERE id IN (
         SELECT id FROM notifications WHERE at < $8::text::timestamptz
         ORDER BY at LIMIT ${SWEPT_ROWS} FOR UPDATE SKIP LOCKED)
     ), swept_events AS (
       DELETE FROM mail_events WHERE (provider_id, type) IN (
         SELECT provider_id, type FROM mail_events WHERE at < $8::text::timestamptz
         ORDER BY at LIMIT ${SWEPT_ROWS} FOR UPDATE SKIP LOCKED)
     ), swept_windows AS (
       DELETE FROM notification_windows WHERE id IN (
         SELECT id FROM notification_windows
         WHERE closed_at < $9::text::timestamptz OR closed_at IS NULL AND ends_at < $10::text::timestamptz
         ORDER BY closed_at LIMIT ${SWEPT_ROWS} FOR UPDATE SKIP LOCKED)
     )
     INSERT INTO notifications (id, event, recipient, outcome, provider_id, told, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7::text::timestamptz)
     ON CONFLICT (id) DO NOTHING`,
    [
      id,
      event,
      recipient,
      outcome,
      providerId,
      told,
      new Date(at).toISOString(),
      new Date(at - KEPT_MS).toISOString(),
      new Date(at - WINDOW_KEPT_MS).toISOString(),
      new Date(at - OPEN_WINDOW_KEPT_MS).toISOString(),
    ],
  );
}
