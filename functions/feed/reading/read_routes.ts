/**
 * Counts and feeds out, from Postgres alone; as they were last while that is away.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import * as z from "zod";
import { RequestError, startOf } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { parseShape } from "../../middleware/body.ts";
import { entityTag, isMatch } from "./conditional.ts";
import {
  type CountsAnswer,
  CountsQuery,
  type FeedAnswer,
  FeedQuery,
  Kind,
  kinds,
  KnownListingId,
  type ManyCountsAnswer,
  SegmentName,
} from "../contracts.ts";
import { readCounts } from "./counts.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { readFeedPage } from "./feed_pages.ts";
import { sqlOfFeed } from "../parts.ts";
import { type FreshOrStale, freshOrStale } from "./stale.ts";

/** Counts change with a flush and rankings after it, so a minute more is none. */
const CACHED = "public, max-age=60";

export const readRoutes = new Hono<AppEnv>()
  .get("/api/metrics/:kind/:id", async (c) => {
    const kind = kindOf(c.req.param("kind"));
    const { id } = parseShape(z.object({ id: KnownListingId }), { id: c.req.param("id") }, "path");
    const { answers: [answer] } = await counts(c, kind, [id]);
    return c.json(answer satisfies CountsAnswer);
  })
  .get("/api/metrics/:kind", async (c) => {
    const kind = kindOf(c.req.param("kind"));
    const { id } = parseShape(CountsQuery, { id: c.req.queries("id") ?? [] }, "query");
    const { answers } = await counts(c, kind, id);
    return c.json({ counts: answers } satisfies ManyCountsAnswer);
  })
  .get("/api/feed/:segment", async (c) => {
    const segment = c.req.param("segment");
    const { answers: [answer], isStale } = await page(c, segment);
    const tag = await entityTag(JSON.stringify(answer));
    if (isStale) c.header("X-Degraded", "stale");
    if (isMatch(c.req.header("If-None-Match"), tag)) {
      return c.body(null, 304, { ETag: tag, "Cache-Control": CACHED });
    }
    if (isStale) return c.json({ ...answer, stale: true } satisfies FeedAnswer);
    return c.json(answer satisfies FeedAnswer, 200, { ETag: tag, "Cache-Control": CACHED });
  });

async function counts(c: Context<AppEnv>, kind: Kind, ids: string[]) {
  const { deps } = c.var;
  const { answers, isStale } = await freshOrStale<CountsAnswer>(
    deps.memory.stale.counts,
    ids.map((id) => `${kind} ${id}`),
    { read: () => readCounts(sqlOfFeed(deps), kind, ids, deps.clock.now()), log: deps.log },
  );
  if (isStale) c.header("X-Degraded", "stale");
  else c.header("Cache-Control", CACHED);
  return { answers: isStale ? answers.map((answer) => ({ ...answer, stale: true })) : answers };
}

async function page(c: Context<AppEnv>, segment: string): Promise<FreshOrStale<FeedAnswer>> {
  const { deps } = c.var;
  const [name, ...parts] = segment.split(":");
  const kind = kindOf(name);
  if (parts.length > 0) {
    parseShape(z.object({ segment: SegmentName }), { segment: parts.join(":") }, "path");
  }
  const { limit, cursor } = parseShape(FeedQuery, c.req.query(), "query");
  const after = cursor === undefined ? undefined : readCursor(cursor, segment);
  const read = async (): Promise<FeedAnswer[]> => {
    const request = { kind, segment, limit };
    const sql = sqlOfFeed(deps);
    const page = after
      ? await readFeedPage(sql, { ...request, after })
      : await readFeedPage(sql, request);
    if (!page) {
      throw new RequestError(
        "feed_cursor_gone",
        "Cannot go on from this cursor: its ranking is gone, start anew without one",
      );
    }
    const next = page.cursor && writeCursor(page.cursor, segment);
    return [{ segment, ...page, cursor: next }];
  };
  return await freshOrStale(deps.memory.stale.pages, [`${segment} ${limit} ${cursor ?? ""}`], {
    read,
    log: deps.log,
  });
}

function kindOf(text: string): Kind {
  const { data } = Kind.safeParse(text);
  if (data !== undefined) return data;
  throw new RequestError(
    "feed_kind_unknown",
    `Cannot find a kind named "${startOf(text, 64)}": known are ${kinds.join(", ")}`,
  );
}
