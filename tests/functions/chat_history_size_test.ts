/**
 * History of 10,000 messages: searched and read by index.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  addMessage,
  lastMessages,
  nextMessages,
} from "../../functions/chat/history/message_store.ts";
import { searchMessages } from "../../functions/chat/history/search.ts";
import { postgresEngines } from "../support/postgres_engines.ts";

const AT = Date.parse("2026-11-21T10:00:00Z");

for (const engine of postgresEngines()) {
  engine.test("a search among 10,000 messages of one and 10,000 of others uses the index", async () => {
    const sql = engine.database();
    await sql.query("TRUNCATE chat_conversations CASCADE");
    for (const user of ["ada", "eve"]) {
      const conversation = `of-${user}`;
      await addMessage(sql, { conversation, user, text: "first", id: `first-${user}`, at: AT });
      await sql.query(
        `INSERT INTO chat_messages (id, conversation, user_id, role, text, created_at)
         SELECT $1 || n, $2, $1, 'user', 'common words of number' || n || CASE WHEN n % 500 = 0
           THEN ' needle' ELSE ' hay' END || repeat(' more text that nobody asks for', 10), now()
         FROM generate_series(1, 9999) n`,
        [user, conversation],
      );
    }
    await sql.query("ANALYZE chat_messages");
    for (const [text, found] of [["needle", 19], ["common words", 20]] as const) {
      const { results } = await searchMessages(sql, { user: "ada", text, limit: 20 });
      assert.equal(results.length, found);
    }
    const last = await lastMessages(sql, "of-ada", { before: 5_001, limit: 50 });
    const next = await nextMessages(sql, "of-ada", { after: 5_000, limit: 50 });
    assert.deepEqual([last[0].position, last.at(-1)!.position], [4_951, 5_000]);
    assert.deepEqual([next[0].position, next.at(-1)!.position], [5_001, 5_050]);
    const plan = await sql.query<{ "QUERY PLAN": string }>(
      `EXPLAIN SELECT id FROM chat_messages WHERE user_id = 'ada'
       AND search @@ ($1::tsquery && websearch_to_tsquery('simple', 'needle'))`,
      ["' ada'"],
    );
    const lines = plan.map((row) => row["QUERY PLAN"]).join("\n");
    assert.match(lines, /chat_messages_search/);
    assert.doesNotMatch(lines, /Seq Scan/);
  });
}
