/**
 * The history's endpoints: a user's own conversations, read, searched, taken away and deleted.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import * as z from "zod";
import { NotConfiguredError, type Sql } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { parseShape } from "../../middleware/body.ts";
import { userOf } from "../../middleware/rate_limit.ts";
import { beginStream } from "../../middleware/sse.ts";
import { ConversationId } from "../contracts.ts";
import {
  type ConversationsAnswer,
  ConversationsQuery,
  ExportQuery,
  type MessagesAnswer,
  MessagesQuery,
  type SearchAnswer,
  type SearchesAnswer,
  SearchQuery,
} from "./contracts.ts";
import { deleteConversation, listConversations, readConversation } from "./conversation_store.ts";
import { exportBody, exportHeaders } from "./export.ts";
import { latestPage, pageAfter, pageBefore } from "./message_pages.ts";
import { keepSearch, recentSearches } from "./recent_searches.ts";
import { searchMessages } from "./search.ts";

const CONVERSATION = "/api/chat/conversations/:id";

export const historyRoutes = new Hono<AppEnv>()
  .get("/api/chat/conversations", async (c) => {
    const user = await userOf(c);
    const query = parseShape(ConversationsQuery, c.req.query(), "query");
    const answer = await listConversations(sqlOf(c), user, query);
    return c.json(answer satisfies ConversationsAnswer);
  })
  .get(`${CONVERSATION}/messages`, async (c) => {
    const user = await userOf(c);
    const conversation = conversationOf(c);
    const { before, after, limit } = parseShape(MessagesQuery, c.req.query(), "query");
    const asked = { conversation, user, limit };
    const sql = sqlOf(c);
    if (before !== undefined) {
      return c.json(await pageBefore(sql, asked, before) satisfies MessagesAnswer);
    }
    if (after !== undefined) {
      return c.json(await pageAfter(sql, asked, after) satisfies MessagesAnswer);
    }
    const { answer, degraded } = await latestPage({ ...c.var.deps, sql }, asked);
    if (degraded) c.header("X-Degraded", degraded);
    return c.json(answer satisfies MessagesAnswer);
  })
  .get(`${CONVERSATION}/export`, async (c) => {
    const user = await userOf(c);
    const { format } = parseShape(ExportQuery, c.req.query(), "query");
    const sql = sqlOf(c);
    const conversation = await readConversation(sql, conversationOf(c), user);
    const headers = exportHeaders(conversation, format);
    // Nobody would read the body, nor leave it.
    if (c.req.method === "HEAD") return c.body(null, 200, headers);
    const open = beginStream(c, user);
    const { body, ended } = exportBody(sql, conversation, { format, onPage: open.renew });
    c.var.outlive(ended.finally(open.end));
    return c.body(body, 200, headers);
  })
  .delete(CONVERSATION, async (c) => {
    const user = await userOf(c);
    const { deps } = c.var;
    const deletion = { conversation: conversationOf(c), user, now: deps.clock.now() };
    const isForgotten = await deleteConversation({ ...deps, sql: sqlOf(c) }, deletion);
    if (!isForgotten) c.header("X-Degraded", "cache");
    return c.body(null, 204);
  })
  .get("/api/chat/search", async (c) => {
    const user = await userOf(c);
    const { q, keep, ...page } = parseShape(SearchQuery, c.req.query(), "query");
    const isKept = keep === "true" && page.cursor === undefined;
    const [answer, wasKept] = await Promise.all([
      searchMessages(sqlOf(c), { user, text: q, ...page }),
      !isKept || keepSearch(c.var.deps, user, q),
    ]);
    if (!wasKept) c.header("X-Degraded", "cache");
    return c.json(answer satisfies SearchAnswer);
  })
  .get("/api/chat/searches", async (c) => {
    const searches = await recentSearches(c.var.deps, await userOf(c));
    if (!searches) c.header("X-Degraded", "cache");
    return c.json({ searches: searches ?? [] } satisfies SearchesAnswer);
  });

function conversationOf(c: Context<AppEnv>): string {
  return parseShape(z.object({ id: ConversationId }), { id: c.req.param("id") }, "path").id;
}

/** Reading needs no model. @throws {NotConfiguredError} without `DATABASE_URL` */
function sqlOf(c: Context<AppEnv>): Sql {
  const { database } = c.var.deps;
  if (database) return database;
  throw new NotConfiguredError("the chat's history", ["DATABASE_URL"]);
}
