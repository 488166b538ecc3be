/**
 * What catalogs say of items: each is asked for once, whoever it was that it came of.
 *
 * @module
 */
import { DAY_MS, type Sql } from "../../../shared/mod.ts";
import type { Domain } from "../contracts.ts";
import { iso } from "../parts.ts";

const ACTIVITY_MS = 30 * DAY_MS;
/** What a catalog is asked for in one call. */
const MOST_ITEMS = 50;

/** What nobody has said anything of: neither who sent it nor the catalog. */
const UNKNOWN = `
  FROM profile_activities AS did
  WHERE did.at > $1::text::timestamptz AND did.at <= $2::text::timestamptz AND did.tags = '{}'
    AND NOT EXISTS (
      SELECT FROM profile_items AS known WHERE known.domain = did.domain AND known.item = did.item)`;

/** The user's items of the domain that are not known, the newest 50 of those of 30 days. */
export async function readUnknownItems(
  sql: Sql,
  { user, domain, until }: { user: string; domain: Domain; until: number },
): Promise<string[]> {
  const rows = await sql.query<{ item: string }>(
    `SELECT item ${UNKNOWN} AND user_id = $3 AND domain = $4
     GROUP BY item ORDER BY max(at) DESC, item LIMIT ${MOST_ITEMS}`,
    [iso(until - ACTIVITY_MS), iso(until), user, domain],
  );
  return rows.map(({ item }) => item);
}

/** Which of these users have such items, by domain. */
export async function readUnknowing(
  sql: Sql,
  { users, until }: { users: readonly string[]; until: number },
): Promise<{ user: string; domain: Domain }[]> {
  return await sql.query<{ user: string; domain: Domain }>(
    `SELECT DISTINCT user_id AS "user", domain ${UNKNOWN}
       AND user_id IN (SELECT jsonb_array_elements_text($3::text::jsonb))
     ORDER BY 1, 2`,
    [iso(until - ACTIVITY_MS), iso(until), JSON.stringify(users)],
  );
}

/** Keeps what the catalog said; an item it does not know is kept as one without tags. */
export async function saveItems(
  sql: Sql,
  { domain, items, now }: {
    domain: Domain;
    items: readonly { item: string; tags: readonly string[] }[];
    now: number;
  },
): Promise<void> {
  await sql.query(
    `INSERT INTO profile_items (domain, item, tags, asked_at)
     SELECT $1, item, tags, $3::text::timestamptz
     FROM jsonb_to_recordset($2::text::jsonb) AS said (item text, tags text[])
     ORDER BY item COLLATE "C"
     ON CONFLICT (domain, item) DO NOTHING`,
    [domain, JSON.stringify(items), iso(now)],
  );
}
