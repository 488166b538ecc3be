/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The frame of every page for operators: what is around its content, and its headers.
 *
 * No inline code and nothing from elsewhere, and the Content-Security-Policy says so.
 *
 * @module
 */
import type { Context } from "hono";
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import type { AppEnv } from "../context.ts";
import { publicPath } from "../middleware/location.ts";
import { type AssetName, assetPath } from "./assets.ts";
import { dashboardsOf } from "./navigation.ts";

export interface PageOptions {
  title: string;
  /** Default: 200. */
  status?: number;
  /** Default: the one that refreshes the page when it is looked at again; null for none. */
  script?: AssetName | null;
  /** Whether it shows another page of ours in a frame. */
  hasFrames?: boolean;
  /** What an action of the reader's has led to. */
  notice?: string;
  headers?: Readonly<Record<string, string>>;
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The answer with this content in the frame. */
export async function pageResponse(
  c: Context<AppEnv>,
  options: PageOptions,
  content: Child,
): Promise<Response> {
  const { status = 200, hasFrames = false, headers } = options;
  const text = await html`<!doctype html>${<Frame c={c} {...options}>{content}</Frame>}`;
  return new Response(text, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": hasFrames ? `${policy}; frame-src 'self'` : policy,
      "Cross-Origin-Resource-Policy": "same-origin",
      // With `no-referrer`, browsers send `Origin: null` with our own forms.
      "Referrer-Policy": "same-origin",
      ...headers,
    },
  });
}

type FrameProps = PageOptions & { c: Context<AppEnv>; children?: Child };

function Frame({ c, title, script = "page.js", notice, children }: FrameProps) {
  const { operator, deps } = c.var;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Zeropoll`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={assetPath(c, "page.css")} />
        {script && <script type="module" src={assetPath(c, script)} />}
      </head>
      <body data-now={deps.clock.now()}>
        <a class="skip" href="#content">Skip to the content</a>
        <header class="bar">
          <div class="wrap">
            <a class="brand" href={publicPath(c, "/admin")}>Zeropoll</a>
            {operator && <Navigation c={c} />}
          </div>
        </header>
        <div class="wrap">
          {notice && <p class="notice" role="status">{notice}</p>}
          <p id="freshness" class="fault" role="status"></p>
          <main id="content">{children}</main>
        </div>
      </body>
    </html>
  );
}

function Navigation({ c }: { c: Context<AppEnv> }) {
  return (
    <>
      <nav aria-label="Dashboards">
        <ul>
          {dashboardsOf(c.var.operator).map(({ path, title }) => (
            <li>
              <a href={publicPath(c, path)} aria-current={c.req.path === path ? "page" : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <form method="post" action={publicPath(c, "/admin/sign-out")}>
        <button type="submit" class="plain">Sign out</button>
      </form>
    </>
  );
}
