/**
 * Keeps what the mail provider says of a mail, and whom not to write to any more.
 *
 * One row for each mail and type. What is known changes nothing, so events may come twice, in any
 * order, and before our own log has the mail: both meet by the provider's id when they are read.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import { recipientId } from "../recipients.ts";
import { suppress, type SuppressionReason } from "../suppressions.ts";
import type { MailEventType, ResendMail } from "./contracts.ts";

export interface MailEvent {
  type: MailEventType;
  mail: ResendMail;
  /** When it happened, in epoch ms. */
  at: number;
}

/** Keeps the event; resolves to false where it was known. `secret` hashes the address. */
export async function recordMailEvent(
  sql: Sql,
  secret: string,
  event: MailEvent,
): Promise<boolean> {
  const address = onlyAddress(event.mail);
  const reason = reasonOf(event);
  if (reason === undefined || address === undefined) return await insert(sql, event);
  const recipient = await recipientId(secret, address);
  // Together: an operator who lifts a suppression must not have it back by an event that comes again.
  return await sql.transaction(async (sql) => {
    if (!await insert(sql, event)) return false;
    await suppress(sql, { recipient, scope: "all", reason, at: event.at });
    return true;
  });
}

/** The first of a type stays, but a bounce for good is news after one that would pass. */
async function insert(sql: Sql, { type, mail, at }: MailEvent): Promise<boolean> {
  const rows = await sql.query(
    `INSERT INTO mail_events (provider_id, type, detail, at)
     VALUES ($1, $2, $3, $4::text::timestamptz)
     ON CONFLICT (provider_id, type) DO UPDATE SET detail = excluded.detail, at = excluded.at
     WHERE $5 AND coalesce(mail_events.detail, '') NOT LIKE 'Permanent%'
     RETURNING type`,
    [mail.email_id, type, detailOf(mail), new Date(at).toISOString(), isPermanent({ type, mail })],
  );
  return rows.length > 0;
}

function reasonOf(event: MailEvent): SuppressionReason | undefined {
  if (event.type === "complained") return "complained";
  return isPermanent(event) || event.type === "suppressed" ? "bounced" : undefined;
}

function isPermanent({ type, mail }: Pick<MailEvent, "type" | "mail">): boolean {
  return type === "bounced" && mail.bounce?.type === "Permanent";
}

/** Our mails have one recipient. Of several nobody says which one it was. */
function onlyAddress({ to = [] }: ResendMail): string | undefined {
  if (to.length !== 1) return undefined;
  const address = /<([^<>]+)>\s*$/.exec(to[0])?.[1] ?? to[0];
  return address.includes("@") ? address : undefined;
}

function detailOf({ bounce, failed, suppressed }: ResendMail): string | null {
  const words = [bounce?.type, bounce?.subType, failed?.reason, suppressed?.type];
  return words.filter((word) => word !== undefined).join("/") || null;
}
