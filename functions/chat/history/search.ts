/**
 * Full-text search in what a user said and was told, the best match first.
 *
 * Words are taken as they are written, in any language: "quoted phrases", `or`, `-without`, and the
 * last word as the beginning of one. A message's user is a word of its index as well, so other
 * people's messages cost nothing. What was asked for is a parameter, and never SQL.
 *
 * @module
 */
import type { Sql } from "../../../shared/mod.ts";
import type { SearchAnswer } from "./contracts.ts";
import { readCursor, writeCursor } from "./cursors.ts";
import { excerptOf, MARKS, MATCH_BEGINS, MATCH_ENDS } from "./excerpt.ts";
import { cursorAfter } from "./message_pages.ts";
import { isoOf } from "./message_store.ts";

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
  headline: string;
}

const RANK = /^\d{1,9}(\.\d{1,30})?(e[-+]\d{1,2})?$/;
const MICROSECONDS = /^(0|[1-9]\d{0,15})$/;
const ID = /^.{1,200}$/s;
const HEADLINE =
  `StartSel=${MATCH_BEGINS}, StopSel=${MATCH_ENDS}, MaxFragments=3, MaxWords=18, MinWords=6, FragmentDelimiter=" … "`;

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
  const { words, isPrefix } = wordsOf(text);
  // The text of a tsquery is Postgres' own, so that `:*` behind its last word is all that is added.
  const rows = await sql.query<FoundRow>(
    `WITH given AS (
       SELECT websearch_to_tsquery('simple', normalize($2)) AS words
     ), asked AS MATERIALIZED (
       SELECT CASE WHEN $3::boolean AND words::text LIKE '%''' THEN (words::text || ':*')::tsquery
         ELSE words END AS words FROM given WHERE numnode(words) > 0
     ), found AS (
       SELECT m.id, m.conversation, m.role, m.created_at, m.position,
         (extract(epoch FROM m.created_at) * 1000000)::bigint AS created,
         ts_rank(m.search, asked.words, 1) AS rank
       FROM asked JOIN chat_messages m ON m.search @@ ($4::text::tsquery && asked.words)
       WHERE m.user_id = $1
     ), page AS (
       SELECT * FROM found
       WHERE $5::text IS NULL
         OR (-rank, -created, id) > (-$5::text::real, -$6::text::bigint, $7::text COLLATE "C")
       ORDER BY -rank, -created, id LIMIT $8::int
     )
     SELECT page.id, page.conversation, c.title, page.role, page.created_at, page.position,
       page.rank::text AS rank, page.created::text AS created,
       ts_headline('simple', translate(normalize(m.text), $9, $10), asked.words, $11) AS headline
     FROM asked, page JOIN chat_messages m ON m.id = page.id
       JOIN chat_conversations c ON c.id = page.conversation
     ORDER BY -page.rank, -page.created, page.id`,
    [
      user,
      words,
      isPrefix,
      quoted(` ${user}`),
      rank,
      created,
      id,
      limit + 1,
      MARKS.from,
      MARKS.to,
      HEADLINE,
    ],
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    results: page.map(resultOf),
    ...(last && { cursor: writeCursor({ place: [last.rank, last.created, last.id], of }) }),
  };
}

/** What Postgres is asked, and whether the last word may be the beginning of one. */
function wordsOf(text: string): { words: string; isPrefix: boolean } {
  const words = text.replace(/[<>]/g, " ").split(/\s+/)
    // A run of signs is taken for as many operators, and 32 of them are an error of Postgres'.
    .map((word) => word.replace(/^-+/, "-"))
    .filter((word) => /[\p{L}\p{N}"]/u.test(word))
    // A word with a hyphen is in the index whole and in parts; half of one would match neither.
    .map((word) =>
      word.startsWith("-") ? word : word.replace(/(?<=[\p{L}\p{N}])-+(?=[\p{L}\p{N}])/gu, " ")
    ).join(" ");
  const last = words.split(" ").at(-1)!;
  return { words, isPrefix: /[\p{L}\p{N}\p{M}]$/u.test(last) && !last.startsWith("-") };
}

/** A word as the text of a tsquery has it. */
function quoted(word: string): string {
  return `'${word.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function resultOf(row: FoundRow): SearchAnswer["results"][number] {
  const { id, conversation, title, role, created_at, position, headline } = row;
  return {
    conversation: { id: conversation, title },
    message: { id, role, at: isoOf(created_at.getTime()) },
    excerpt: excerptOf(headline),
    from: cursorAfter(conversation, Number(position) - 1),
  };
}
