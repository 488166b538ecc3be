/**
 * The first page: what runs here, and where to go on. Programs get the same as JSON.
 *
 * @module
 */
import { Hono } from "hono";
import { html } from "hono/html";
import type { AppEnv } from "../context.ts";
import { publicPath } from "../middleware/location.ts";
import { wantsPage } from "../middleware/operator.ts";
import { docsStyle } from "./docs_style.ts";
import { version } from "./version.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

const places = [
  { path: "/docs", title: "API", about: "Every operation, with its fields and its price." },
  { path: "/openapi.json", title: "OpenAPI", about: "The same for programs." },
  { path: "/admin", title: "Dashboards", about: "For operators." },
  { path: "/chat", title: "Chat", about: "A page to talk to the model, where one is set." },
  { path: "/health", title: "Health", about: "Whether it runs, and what is switched on." },
] as const;

export const homeRoutes = new Hono<AppEnv>().get("/", (c) => {
  const links = places.map(({ path, ...rest }) => ({ ...rest, path: publicPath(c, path) }));
  if (!wantsPage(c)) return c.json({ name: "Zeropoll", version, links });
  c.header("Content-Security-Policy", POLICY);
  c.header("Vary", "Accept");
  return c.html(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Zeropoll</title>
        <style>${docsStyle} body { display: block; }</style>
      </head>
      <body>
        <main>
          <h1>Zeropoll ${version}</h1>
          <p>Background work for apps on the edge, without a worker. It runs.</p>
          <dl>
    ${links.map(({ path, title, about }) =>
      html`
        <dt><a href="${path}">${title}</a></dt>
        <dd>${about}</dd>
      `
    )}
          </dl>
        </main>
      </body>
    </html>
  `);
});
