/**
 * Full-text search in what a user said and was told, the best match first.
 *
 * What is written is found as it is written, in any language: "quoted phrases", `or`, `-without`, and
 * the last word as the beginning of one. A message's user is a word of its index as well, so other
 * people's messages cost nothing. What was asked for is a parameter, and never SQL.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import type { SearchAnswer } from "./contracts.ts";
import { readCursor, writeCursor } from "./cursors.ts";
import { excerptOf } from "./excerpt.ts";
import { cursorAfter } from "./message_pages.ts";
import { isoOf } from "./message_store.ts";
import { queryOf, readSearch, type Term } from "./search_words.ts";

export interface Search {
  user: string;
  /** As the user wrote it, without a NUL. */
  text: string;
  limit: number;
  cursor?: string;
}

interface FoundRow {
  id: string;
  conversation: string;
  title: string;
  role: "user" | "assistant";
  created_at: Date;
  position: string;
  rank: string;
  created: string;
  said: string;
}

/** As Postgres writes a `real`; none that it has not. */
const RANK = /^(?:\d|[1-9]\d{1,8})(?:\.\d{1,30})?(?:e[-+](?:[0-2]\d))?$/;
const MICROSECONDS = /^(0|[1-9]\d{0,15})$/;
// deno-lint-ignore no-control-regex -- Postgres takes no NUL
const ID = /^[^\u0000]{1,200}$/;
/** Of a message that is longer, what is around its first match makes the excerpt. */
const MOST_FOR_EXCERPT = 20_000;

/**
 * One page of what is found. Messages that come meanwhile take their place by rank, and move nothing
 * else. What holds no word finds nothing.
 *
 * @throws {BodyInvalidError} for a cursor that is no end of a page of this search
 */
export async function searchMessages(
  sql: Sql,
  { user, text, limit, cursor }: Search,
): Promise<SearchAnswer> {
  const of = `${user} ${text}`;
  const [rank = null, created = null, id = null] = cursor === undefined
    ? []
    : readCursor(cursor, { field: "cursor", of, parts: [RANK, MICROSECONDS, ID] });
  const groups = readSearch(text);
  if (groups.length === 0) return { results: [] };
  const wanted = groups.flat().find(({ isUnwanted }) => !isUnwanted);
  const rows = await sql.query<FoundRow>(
    `WITH asked AS MATERIALIZED (
       SELECT lower($2)::tsquery AS words
     ), found AS (
       SELECT m.id, m.conversation, m.role, m.created_at, m.position,
         (extract(epoch FROM m.created_at) * 1000000)::bigint AS created,
         ts_rank(m.search, asked.words, 1) AS rank
       FROM asked JOIN chat_messages m ON m.search @@ ($3::text::tsquery && asked.words)
       WHERE m.user_id = $1
     ), page AS (
       SELECT * FROM found
       WHERE $4::text IS NULL
         OR (-rank, -created, id) > (-$4::text::real, -$5::text::bigint, $6::text COLLATE "C")
       ORDER BY -rank, -created, id LIMIT $7::int
     )
     SELECT page.id, page.conversation, c.title, page.role, page.created_at, page.position,
       page.rank::text AS rank, page.created::text AS created,
       CASE WHEN length(m.text) <= $8::int THEN normalize(m.text)
         ELSE substr(normalize(m.text),
           greatest(1, strpos(lower(normalize(m.text)), lower($9)) - $8::int / 2), $8::int)
         END AS said
     FROM page JOIN chat_messages m ON m.id = page.id
       JOIN chat_conversations c ON c.id = page.conversation
     ORDER BY -page.rank, -page.created, page.id`,
    [
      user,
      queryOf(groups),
      quoted(` ${user}`),
      rank,
      created,
      id,
      limit + 1,
      MOST_FOR_EXCERPT,
      wanted?.units[0].written ?? "",
    ],
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    results: page.map((row) => resultOf(row, groups)),
    ...(last && { cursor: writeCursor({ place: [last.rank, last.created, last.id], of }) }),
  };
}

/** A word as the text of a tsquery has it. */
function quoted(word: string): string {
  return `'${word.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function resultOf(row: FoundRow, groups: Term[][]): SearchAnswer["results"][number] {
  const { id, conversation, title, role, created_at, position, said } = row;
  return {
    conversation: { id: conversation, title },
    message: { id, role, at: isoOf(created_at.getTime()) },
    excerpt: excerptOf(said, groups),
    from: cursorAfter(conversation, Number(position) - 1),
  };
}
