/**
 * Where a notification stands, from what we know and what the provider said since.
 *
 * @module
 */
import type { Sql } from "../../shared/mod.ts";

/** What is known of one notification. */
export interface NotificationView {
  id: string;
  event: string;
  /** How sending ended: accepted, suppressed, unsubscribed, refused or empty. */
  outcome: string;
  /** How many events its mail told of. */
  told: number;
  at: string;
  /** What the provider said, oldest first; it may say nothing for hours. */
  provider: { type: string; detail?: string; at: string }[];
}

interface Row {
  id: string;
  event: string;
  outcome: string;
  told: number;
  at: Date;
  provider: { type: string; detail: string | null; at: string }[];
}

const COLUMNS = `n.id, n.event, n.outcome, n.told, n.at,
  (SELECT coalesce(json_agg(json_build_object('type', e.type, 'detail', e.detail,
     'at', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY e.at, e.type), '[]')
   FROM mail_events e WHERE e.provider_id = n.provider_id) AS provider`;

/** The notification, once it has ended; before that, its job says where it stands. */
export async function readNotification(
  sql: Sql,
  id: string,
): Promise<NotificationView | undefined> {
  const [row] = await sql.query<Row>(`SELECT ${COLUMNS} FROM notifications n WHERE n.id = $1`, [
    id,
  ]);
  return row && viewOf(row);
}

/** The last notifications to one recipient, newest first, at most 100. */
export async function notificationsTo(sql: Sql, recipient: string): Promise<NotificationView[]> {
  const rows = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM notifications n WHERE n.recipient = $1
     ORDER BY n.at DESC, n.id LIMIT 100`,
    [recipient],
  );
  return rows.map(viewOf);
}

function viewOf({ id, event, outcome, told, at, provider }: Row): NotificationView {
  return {
    id,
    event,
    outcome,
    told,
    at: at.toISOString(),
    provider: provider.map(({ type, detail, at }) => ({
      type,
      ...(detail !== null && { detail }),
      at,
    })),
  };
}
