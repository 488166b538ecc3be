/**
 * Messages by their words as they are written, and why replies ended that are not whole.
 *
 * @module
 */
import type { Migration } from "./migrations.ts";

export const chatWords: Migration = {
  id: 6,
  name: "chat_words",
  sql: String.raw`
-- As functions/chat/history/search_words.ts has it. Not to_tsvector: its parser takes -19 for a
-- number, and addresses for words of their own.
CREATE FUNCTION chat_words(said text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT coalesce(string_agg('''' || word || ''':' || least(place, 16383), ' '), '')::tsvector
  FROM (
    SELECT left(word, 200) AS word, row_number() OVER (ORDER BY place) AS place
    FROM regexp_split_to_table(
      -- Of scripts without spaces every two characters in a row: "a ab bc c".
      regexp_replace(regexp_replace(
        regexp_replace(lower(normalize(left(said, 64000), NFKC)), '['
      || '\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00A9\u00AB-\u00B4\u00B6-\u00B9'
      || '\u00BB-\u00BF\u00D7\u00F7\u02C2-\u02DF\u055A-\u055F\u0589\u05BE\u05C0\u05C3'
      || '\u05F3\u05F4\u0600-\u060F\u061B-\u061F\u066A-\u066D\u06D4\u0964\u0965\u1680'
      || '\u2000-\u206F\u20A0-\u20CF\u2190-\u2BFF\u2E00-\u2E7F\u3000-\u3004\u3008-\u3020'
      || '\u3030\u303D-\u303F\u30A0\u30FB\uE000-\uF8FF\uFE00-\uFE19\uFE30-\uFE6F\uFEFF'
      || '\uFFF0-\uFFFF\U0001F000-\U0001FAFF'
      || ']+', ' ', 'g'), '(['
      || '\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3005-\u3007\u3021-\u3029\u3041-\u309A'
      || '\u309D-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3105-\u318E\u31A0-\u31BF\u31F0-\u31FF'
      || '\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF'
      || '\U00020000-\U0003FFFF'
      || ']+)', ' \1 ', 'g'), '(['
      || '\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3005-\u3007\u3021-\u3029\u3041-\u309A'
      || '\u309D-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3105-\u318E\u31A0-\u31BF\u31F0-\u31FF'
      || '\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF'
      || '\U00020000-\U0003FFFF'
      || '])', '\1 \1', 'g'),
      ' +') WITH ORDINALITY AS words (word, place)
    WHERE word <> ''
  ) words
$$;

ALTER TABLE chat_messages DROP COLUMN search;
ALTER TABLE chat_messages ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
  -- Of each user, so that the index leads to their messages alone.
  chat_words(text) || array_to_tsvector(ARRAY[' ' || user_id])
) STORED;
CREATE INDEX chat_messages_search ON chat_messages USING gin (search);

ALTER TABLE chat_replies DROP CONSTRAINT chat_replies_state_check;
ALTER TABLE chat_replies ADD CONSTRAINT chat_replies_state_check
  CHECK (state IN ('waiting', 'producing', 'done', 'stopped', 'failed', 'cut', 'withheld'));
-- The provider's own word for it, as in 'length'.
ALTER TABLE chat_replies ADD COLUMN ended_by text;
`,
};
