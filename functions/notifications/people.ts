/**
 * What notifications hold of people: what they were told, by a hash of their address.
 *
 * That a mail was sent stays, without whom; so do suppressions, as keyed hashes: who wants no mail
 * gets none after being forgotten either.
 *
 * @module
 */
import {
  type AskedPerson,
  type Config,
  DAY_MS,
  type PeopleContribution,
  type SqlValue,
} from "../../shared/mod.ts";
import { recipientId } from "./recipients.ts";

/** Nobody: rows of the log that are somebody's no more. */
const NOBODY = "";

export function createNotificationsPeople(
  { identitySecret }: Pick<Config, "identitySecret">,
): PeopleContribution {
  const recipientsOf = ({ addresses }: AskedPerson): Promise<string[]> =>
    identitySecret === undefined
      ? Promise.resolve([])
      : Promise.all(addresses.map((address) => recipientId(identitySecret, address)));
  return {
    tables: {
      notifications: ["recipient"],
      mail_events: ["detail"],
      mail_suppressions: ["recipient"],
      notification_windows: ["key"],
      notification_items: ["data"],
    },
    keys: [],

    aliases: (_parts, person) => recipientsOf(person),

    async export({ sql }, person) {
      if (!sql) return {};
      const recipients: SqlValue[] = [JSON.stringify(await recipientsOf(person))];
      const ours = "IN (SELECT jsonb_array_elements_text($1::text::jsonb))";
      const [told, suppressions, waiting] = await Promise.all([
        sql.query(
          `SELECT n.id, n.event, n.outcome, n.told, n.at,
             (SELECT coalesce(json_agg(json_build_object('type', e.type, 'detail', e.detail,
                'at', e.at) ORDER BY e.at), '[]')
              FROM mail_events e WHERE e.provider_id = n.provider_id) AS provider
           FROM notifications n WHERE n.recipient ${ours} ORDER BY n.at, n.id`,
          recipients,
        ),
        sql.query(
          `SELECT scope, reason, at FROM mail_suppressions WHERE recipient ${ours} ORDER BY at`,
          recipients,
        ),
        sql.query(
          `SELECT i.data FROM notification_items i
           JOIN notification_windows w ON w.id = i.window_id
           WHERE substring(w.key FROM '[^:]+$') ${ours} ORDER BY i.position`,
          recipients,
        ),
      ]);
      return { told, suppressions, waiting: waiting.map(({ data }) => data) };
    },

    async erase({ sql }, person) {
      const [rows] = await sql?.query<{ told: number; details: number; windows: number }>(
        `WITH ours AS (
           SELECT jsonb_array_elements_text($1::text::jsonb) AS recipient
         ), details AS (
           UPDATE mail_events SET detail = NULL WHERE detail IS NOT NULL AND provider_id IN (
             SELECT provider_id FROM notifications WHERE recipient IN (SELECT recipient FROM ours))
           RETURNING 1
         ), windows AS (
           DELETE FROM notification_windows
           WHERE substring(key FROM '[^:]+$') IN (SELECT recipient FROM ours) RETURNING 1
         ), told AS (
           UPDATE notifications SET recipient = $2
           WHERE recipient IN (SELECT recipient FROM ours)
             AND (SELECT count(*) FROM details) >= 0 RETURNING 1
         )
         SELECT (SELECT count(*) FROM told)::int AS told,
           (SELECT count(*) FROM details)::int AS details,
           (SELECT count(*) FROM windows)::int AS windows`,
        [JSON.stringify(await recipientsOf(person)), NOBODY],
      ) ?? [];
      return rows ?? {};
    },

    remains: (now) => [
      {
        what: "suppressions of their addresses, as keyed hashes",
        because: "who wants no mail, or cannot get any, is sent none",
      },
      {
        what: "what others were told of them, where it waits in a digest",
        until: now + 8 * DAY_MS,
        because: "it is another's mail",
      },
      {
        what: "mails that were sent, and the provider's log of them",
        because: "the provider keeps them: ask it for its own term",
      },
    ],
  };
}
