/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The feed's dashboard and its buttons. The page reads Postgres alone.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import * as z from "zod";
import { addDays, dayOf, RequestError } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { decodeText, parseShape, readBytes } from "../../middleware/body.ts";
import { publicPath } from "../../middleware/location.ts";
import { operatorName } from "../../middleware/operator_session.ts";
import { pageResponse } from "../../pages/page.tsx";
import { SegmentName } from "../contracts.ts";
import { FeedView } from "./page.tsx";
import { readFeedState } from "./page_queries.ts";
import { warningsOf } from "./page_warnings.ts";
import { sqlOfFeed } from "../parts.ts";

const PATH = "/admin/analytics/feed";
const FORM_BYTES = 1_000;
/** How many days Redis still holds, today with them. */
const KEPT_DAYS = 8;
const MINUTE_MS = 60_000;

const windows = [14, 30];
const actions = {
  flush: "The flush",
  rank: "The ranking",
  audit: "The audit",
} as const;
type Action = keyof typeof actions;
const isAction = (name: string): name is Action => Object.hasOwn(actions, name);

export const pageRoutes = new Hono<AppEnv>()
  .get(PATH, async (c) => {
    const { config, clock } = c.var.deps;
    const { segment, days } = c.req.query();
    const chosen = SegmentName.safeParse(segment?.trim().replace(/^.*:/, "")).data;
    const state = await readFeedState(sqlOfFeed(c.var.deps), {
      now: clock.now(),
      days: windows.find((window) => String(window) === days) ?? windows[0],
      segment: chosen,
      rank: config.feed.rank,
    });
    return await pageResponse(
      c,
      { title: "Feed", notice: noticeOf(c) },
      <FeedView
        state={state}
        warnings={warningsOf(state, config.feed.flushMs)}
        path={publicPath(c, PATH)}
        windows={windows}
        segment={chosen}
        keptDays={Array.from({ length: KEPT_DAYS }, (_, age) => addDays(dayOf(state.now), -age))}
        publicUrl={config.publicUrl}
      />,
    );
  })
  .post(`${PATH}/:action`, async (c) => {
    const { config, clock, jobs, log } = c.var.deps;
    const action = c.req.param("action");
    if (!isAction(action)) throw new RequestError("not_found", `Cannot find ${c.req.path}`);
    const day = await readDay(c);
    // A second press within the minute is the same job.
    const minute = Math.floor(clock.now() / MINUTE_MS);
    const options = { dedupeId: `dashboard ${action} ${day} ${minute}` };
    const { deduplicated } = action === "rank"
      ? await jobs.enqueue("feed.rank", {}, options)
      : await jobs.enqueue(`feed.${action}`, { day, uniques: config.feed.uniques }, options);
    log.info("operator.asked", { operator: await operatorName(c.var.operator!), action, day });
    const notice = deduplicated ? `${action}-again` : action;
    return c.redirect(publicPath(c, `${PATH}?notice=${notice}`), 303);
  });

/** The form's day; today without one. @throws {BodyInvalidError} for a day that Redis has forgotten */
async function readDay(c: Context<AppEnv>): Promise<string> {
  const today = dayOf(c.var.deps.clock.now());
  const oldest = addDays(today, 1 - KEPT_DAYS);
  const form = new URLSearchParams(decodeText(await readBytes(c, { maxBytes: FORM_BYTES })));
  const { day } = parseShape(
    z.object({
      day: z.iso.date().default(today).refine(
        (day) => day >= oldest && day <= today,
        `must be one of ${oldest} to ${today}`,
      ),
    }),
    Object.fromEntries(form),
  );
  return day;
}

function noticeOf(c: Context<AppEnv>): string | undefined {
  const [action, again] = (c.req.query("notice") ?? "").split("-");
  if (!isAction(action)) return undefined;
  return again
    ? `${actions[action]} was asked for less than a minute ago.`
    : `${actions[action]} was asked for. It takes some seconds: come back to this tab, or reload.`;
}
