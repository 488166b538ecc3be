/**
 * Who is told nothing more: all of it where an address failed or complained, or one group.
 *
 * @module
 */
import type { Sql } from "../../shared/mod.ts";
import type { NotificationEvent, UnsubscribeGroup } from "./event.ts";

/** Why an address gets no mail, the strongest first. */
export const suppressionReasons = ["bounced", "refused", "complained", "unsubscribed"] as const;
export type SuppressionReason = typeof suppressionReasons[number];

export interface Suppression {
  /** As `recipientId` gives it. */
  recipient: string;
  /** `all`, or what was unsubscribed from. */
  scope: "all" | UnsubscribeGroup;
  reason: SuppressionReason;
  at: number;
}

/** Keeps it; an address that failed stays failed, whatever is heard of it later. */
export async function suppress(
  sql: Sql,
  { recipient, scope, reason, at }: Suppression,
): Promise<void> {
  await sql.query(
    `INSERT INTO mail_suppressions (recipient, scope, reason, at)
     VALUES ($1, $2, $3, $4::text::timestamptz)
     ON CONFLICT (recipient, scope) DO UPDATE SET reason = excluded.reason, at = excluded.at
     WHERE mail_suppressions.reason = 'complained' AND excluded.reason <> 'complained'`,
    [recipient, scope, reason, new Date(at).toISOString()],
  );
}

/** Lifts it; resolves to whether there was one. */
export async function unsuppress(
  sql: Sql,
  { recipient, scope }: Pick<Suppression, "recipient" | "scope">,
): Promise<boolean> {
  const rows = await sql.query(
    "DELETE FROM mail_suppressions WHERE recipient = $1 AND scope = $2 RETURNING scope",
    [recipient, scope],
  );
  return rows.length > 0;
}

export interface KnownSuppression {
  scope: string;
  reason: SuppressionReason;
  at: string;
}

/** Everything that is kept of a recipient, newest first. */
export async function suppressionsOf(sql: Sql, recipient: string): Promise<KnownSuppression[]> {
  const rows = await sql.query<{ scope: string; reason: SuppressionReason; at: Date }>(
    "SELECT scope, reason, at FROM mail_suppressions WHERE recipient = $1 ORDER BY at DESC, scope",
    [recipient],
  );
  return rows.map(({ scope, reason, at }) => ({ scope, reason, at: at.toISOString() }));
}

/** Whether mail of this event may go out; a complaint holds back all but urgent mail. */
export function heldBackBy(
  { urgency }: Pick<NotificationEvent, "urgency">,
  suppressions: readonly { scope: string; reason: string }[],
): "suppressed" | "unsubscribed" | undefined {
  const holds = suppressions.filter(({ scope, reason }) =>
    scope !== "all" || reason !== "complained" || urgency !== "urgent"
  );
  if (holds.some(({ scope }) => scope === "all")) return "suppressed";
  return holds.length > 0 ? "unsubscribed" : undefined;
}
