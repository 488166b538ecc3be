/**
 * What chat holds of people: what they said, was answered, and searched for.
 *
 * @module
 */
import type { PeopleContribution, PeopleParts } from "../../shared/mod.ts";
import { forgetKeys } from "./history/page_cache.ts";

const BATCH = 200;

export const chatPeople: PeopleContribution = {
  tables: {
    chat_conversations: ["user_id", "title"],
    chat_messages: ["user_id", "text", "search"],
    chat_replies: ["user_id", "text"],
  },
  keys: ["conversationPage", "recentSearches", "replySnapshot", "replyChannel", "replyControl"],

  // A job makes a reply by its id.
  async aliases({ sql }, { user }) {
    const open = await sql?.query<{ id: string }>(
      "SELECT id FROM chat_replies WHERE user_id = $1 AND ended_at IS NULL",
      [user],
    );
    return open?.map(({ id }) => id) ?? [];
  },

  async export({ sql, redis, keys }, { user }) {
    const searches = await redis.run(["LRANGE", keys.recentSearches(user), 0, -1]);
    if (!sql) return { searches };
    const conversations = await sql.query(
      `SELECT c.id, c.title, c.created_at AS "createdAt",
         (SELECT coalesce(json_agg(json_build_object('role', m.role, 'text', m.text,
            'at', m.created_at) ORDER BY m.position), '[]')
          FROM chat_messages m WHERE m.conversation = c.id) AS messages
       FROM chat_conversations c WHERE c.user_id = $1 ORDER BY c.created_at, c.id`,
      [user],
    );
    return { conversations, searches };
  },

  async erase(parts, { user }) {
    let conversations = 0;
    for (;;) {
      const gone = await eraseSome(parts, user);
      conversations += gone;
      if (gone < BATCH) return { conversations };
    }
  },

  remains: (now) => [{
    what: "a reply that was being made, as its viewers saw it",
    until: now + 3_600_000,
    because: "whoever makes it may write it once more",
  }],
};

/** Deletes some of the user's conversations, and what Redis holds of them: one command. */
async function eraseSome({ sql, redis, keys, log }: PeopleParts, user: string): Promise<number> {
  // Replies are locked first, as whoever ends one does: the other way round, both could wait.
  const rows = await sql?.query<{ id: string; replies: string[] }>(
    `WITH chosen AS (
       SELECT id FROM chat_conversations WHERE user_id = $1 ORDER BY id LIMIT ${BATCH}
     ), replies AS (
       SELECT id, conversation FROM chat_replies
       WHERE conversation IN (SELECT id FROM chosen) ORDER BY conversation, position FOR UPDATE
     ), held AS (
       SELECT conversation, json_agg(id) AS ids FROM replies GROUP BY conversation
     ), gone AS (
       DELETE FROM chat_conversations
       WHERE id IN (SELECT id FROM chosen) AND (SELECT count(*) FROM replies) >= 0 RETURNING id
     )
     SELECT gone.id, coalesce(held.ids, '[]') AS replies
     FROM gone LEFT JOIN held ON held.conversation = gone.id`,
    [user],
  ) ?? [];
  await forgetKeys({ redis, keys, log }, [
    keys.recentSearches(user),
    ...rows.flatMap(({ id, replies }) => [
      keys.conversationPage(id),
      ...replies.map((reply) => keys.replySnapshot(reply)),
    ]),
  ]);
  return rows.length;
}
