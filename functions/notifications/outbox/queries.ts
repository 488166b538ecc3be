/**
 * What the dashboard of mail shows, from Postgres alone: four statements.
 *
 * @module
 */
import { addDays, dayOf, type Sql, startOfDay } from "../../../shared/mod.ts";

/** How many days the charts show, today with them. */
export const OUTBOX_DAYS = 14;
const LATEST = 50;

export interface DayOfMail {
  day: string;
  accepted: bigint;
  delivered: bigint;
  /** Bounced or complained. */
  failed: bigint;
  /** Suppressed, unsubscribed or refused. */
  heldBack: bigint;
}

export interface LatestMail {
  id: string;
  event: string;
  recipient: string;
  outcome: string;
  /** What the provider said last. */
  provider?: string;
  told: number;
  at: number;
}

export interface OutboxState {
  now: number;
  /** Oldest first. */
  days: DayOfMail[];
  latest: LatestMail[];
  suppressions: { reason: string; count: bigint }[];
  waiting: { windows: bigint; items: bigint; nextAt?: number };
}

const delivered = "SELECT 1 FROM mail_events e WHERE e.provider_id = n.provider_id AND e.type";

/** Reads all of it. */
export async function readOutbox(sql: Sql, now: number): Promise<OutboxState> {
  const today = dayOf(now);
  const first = addDays(today, 1 - OUTBOX_DAYS);
  const days = await sql.query<Record<keyof DayOfMail, string>>(
    `SELECT to_char(n.at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
       count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
       count(*) FILTER (WHERE EXISTS (${delivered} = 'delivered')) AS delivered,
       count(*) FILTER (WHERE EXISTS (${delivered} IN ('bounced', 'complained', 'failed', 'suppressed'))) AS failed,
       count(*) FILTER (WHERE outcome IN ('suppressed', 'unsubscribed', 'refused')) AS "heldBack"
     FROM notifications n WHERE n.at >= $1::text::timestamptz GROUP BY 1`,
    [new Date(startOfDay(first)).toISOString()],
  );
  const latest = await sql.query<Omit<LatestMail, "at" | "provider"> & Row>(
    `SELECT n.id, n.event, n.recipient, n.outcome, n.told, n.at,
       (SELECT e.type FROM mail_events e WHERE e.provider_id = n.provider_id
        ORDER BY e.at DESC, e.type LIMIT 1) AS provider
     FROM notifications n ORDER BY n.at DESC, n.id LIMIT ${LATEST}`,
  );
  const suppressions = await sql.query<{ reason: string; count: string }>(
    "SELECT reason, count(*) AS count FROM mail_suppressions GROUP BY 1 ORDER BY 2 DESC, 1",
  );
  const [waiting] = await sql.query<{ windows: string; items: string; next_at: Date | null }>(
    `SELECT count(DISTINCT w.id) AS windows, count(i.id) AS items, min(w.ends_at) AS next_at
     FROM notification_windows w LEFT JOIN notification_items i ON i.window_id = w.id
     WHERE w.closed_at IS NULL`,
  );
  const byDay = new Map(days.map((day) => [day.day, day]));
  return {
    now,
    days: Array.from({ length: OUTBOX_DAYS }, (_, index) => {
      const day = addDays(first, index);
      const row = byDay.get(day);
      return {
        day,
        accepted: BigInt(row?.accepted ?? 0),
        delivered: BigInt(row?.delivered ?? 0),
        failed: BigInt(row?.failed ?? 0),
        heldBack: BigInt(row?.heldBack ?? 0),
      };
    }),
    latest: latest.map(({ at, provider, ...rest }) => ({
      ...rest,
      at: at.getTime(),
      ...(provider !== null && { provider }),
    })),
    suppressions: suppressions.map(({ reason, count }) => ({ reason, count: BigInt(count) })),
    waiting: {
      windows: BigInt(waiting.windows),
      items: BigInt(waiting.items),
      nextAt: waiting.next_at?.getTime(),
    },
  };
}

interface Row {
  at: Date;
  provider: string | null;
}
