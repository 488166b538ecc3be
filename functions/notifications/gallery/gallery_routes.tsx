/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The gallery of notifications, for operators. Everything is rendered from samples: it asks
 * neither Redis nor Postgres.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { startOf } from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { publicPath } from "../../middleware/location.ts";
import { pageResponse } from "../../pages/page.tsx";
import type { EventName } from "../events/table.ts";
import { EventView } from "./event_page.tsx";
import { GalleryView } from "./gallery_page.tsx";
import { eventNamed, type Sample, sampleOf } from "./samples.ts";
import { topics } from "./topics.ts";

const PATH = "/admin/notifications";
const QUERY = 100;

/** A mail may load what mails load, and run nothing. */
const mailPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src https: data:",
  "frame-ancestors 'self'",
].join("; ");

export const galleryRoutes = new Hono<AppEnv>()
  .get(PATH, (c) =>
    pageResponse(
      c,
      { title: "Notifications", script: "filter.js" },
      <GalleryView
        topics={topics.map(({ title, events }) => ({
          title,
          samples: Object.keys(events).map((name) =>
            sampleOf(name as EventName, c.var.deps.config)
          ),
        }))}
        path={publicPath(c, PATH)}
        wanted={startOf(c.req.query("q") ?? "", QUERY).trim()}
      />,
    ))
  .get(`${PATH}/:event`, (c) => {
    const sample = sampleAskedFor(c);
    return pageResponse(
      c,
      { title: sample.name, script: null, hasFrames: true },
      <EventView
        sample={sample}
        path={publicPath(c, PATH)}
        width={c.req.query("width") === "phone" ? "phone" : "wide"}
      />,
    );
  })
  .get(`${PATH}/:event/mail`, (c) => {
    c.header("Content-Security-Policy", mailPolicy);
    return c.html(sampleAskedFor(c).html);
  });

/** @throws {RequestError} `not_found` for a name that is none of the events' */
function sampleAskedFor(c: Context<AppEnv>): Sample {
  const name = eventNamed(c.req.param("event") ?? "");
  return sampleOf(name, c.var.deps.config, { isCollapsed: c.req.query("several") !== undefined });
}
