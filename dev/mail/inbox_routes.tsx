/** @jsxImportSource hono/jsx */
/**
 * The inbox for people at the server's address, and what it holds as JSON under `/inbox/`.
 *
 * What a mail says is text everywhere but in one frame, which may run nothing: its own policy says
 * so, whoever opens it.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import type { DevClock } from "../clock.ts";
import { ownPageOnly, shownOrigin } from "../own_page.ts";
import { InboxPage } from "./inbox_page.tsx";
import { INBOX_SCRIPT } from "./inbox_script.ts";
import { INBOX_STYLE } from "./inbox_style.ts";
import { readQuery, viewOf } from "./inbox_view.ts";
import type { MailStore } from "./store.ts";
import type { WebhookMessage } from "./webhooks.ts";

export interface InboxParts {
  store: MailStore;
  clock: DevClock;
  token: string;
  webhooks(): WebhookMessage[];
  /** Names that the page may be called by, beside the loopback ones. */
  allowHosts?: readonly string[];
  /** Resolves when this server ends. */
  closing: Promise<void>;
}

const PAGE_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "img-src data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** What a mail may do: look as it likes, show pictures, open a link in a tab of its own. */
const MAIL_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline' https:",
  "img-src data: https: http://127.0.0.1:* http://localhost:*",
  "font-src data: https:",
  "form-action 'none'",
  "frame-ancestors 'self'",
  "sandbox allow-popups allow-popups-to-escape-sandbox",
].join("; ");

/** The routes of the page: `/` and everything under `/inbox/`. */
export function inboxRoutes(parts: InboxParts): Hono {
  const { store, clock, token } = parts;
  const app = new Hono();
  const own = ownPageOnly(parts.allowHosts);
  app.use("/", own);
  app.use("/inbox/*", own);

  app.get("/", (c) => {
    const query = readQuery(c.req.query());
    if (query.mail !== undefined) store.markRead(query.mail);
    const view = viewOf(store, query, clock.now());
    const told = view.open ? parts.webhooks().filter(({ mailId }) => mailId === view.open!.id) : [];
    const origin = shownOrigin(c.req.url);
    c.header("content-security-policy", PAGE_POLICY);
    return c.html(
      <InboxPage view={view} told={told} url={origin} token={token} now={clock.now()} />,
    );
  });
  app.get("/inbox/style.css", (c) => c.body(INBOX_STYLE, 200, typed("text/css")));
  app.get("/inbox/script.js", (c) => c.body(INBOX_SCRIPT, 200, typed("text/javascript")));

  app.get("/inbox/mails", (c) => {
    const { total, unread, found, pages, rows } = viewOf(
      store,
      readQuery(c.req.query()),
      clock.now(),
    );
    return c.json({ total, unread, found, pages, mails: rows });
  });
  app.get("/inbox/mails/:id", (c) => {
    const mail = store.get(c.req.param("id"));
    return mail ? c.json({ ...mail, isRead: store.isRead(mail.id) }) : gone(c);
  });
  app.get("/inbox/mails/:id/html", (c) => {
    const mail = store.get(c.req.param("id"));
    if (mail?.html === undefined) return gone(c);
    c.header("content-security-policy", MAIL_POLICY);
    c.header("x-content-type-options", "nosniff");
    c.header("x-frame-options", "SAMEORIGIN");
    return c.html(withLinksOutside(mail.html));
  });
  app.delete("/inbox/mails", (c) => {
    store.clear();
    return c.body(null, 204);
  });
  app.post("/inbox/delete", (c) => {
    store.clear();
    return c.redirect("/", 303);
  });
  app.get("/inbox/events", () => events(parts));
  return app;
}

/** One event for each change; says nothing while nothing changes. */
function events({ store, closing }: InboxParts): Response {
  const encoder = new TextEncoder();
  let undo = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const say = (line: string) => controller.enqueue(encoder.encode(`${line}\n\n`));
      say(": open");
      undo = store.onChange(() => {
        // One that waits to be read makes the page look anew, and see this change as well.
        if (controller.desiredSize! > 0) say("data: changed");
      });
      void closing.then(() => {
        undo();
        try {
          controller.close();
        } catch {
          // The page has gone before.
        }
      });
    },
    cancel: () => undo(),
  });
  return new Response(body, { headers: typed("text/event-stream") });
}

/** Links open beside the inbox, not inside the frame; what comes before the head stays there. */
function withLinksOutside(html: string): string {
  const start = /<head(\s[^>]*)?>/i.exec(html) ?? /^\s*<!doctype[^>]*>/i.exec(html);
  const at = start ? start.index + start[0].length : 0;
  return `${html.slice(0, at)}<base target="_blank">${html.slice(at)}`;
}

function gone(c: Context): Response {
  return c.json({ error: "There is no such mail" }, 404);
}

function typed(type: string): Record<string, string> {
  return { "content-type": `${type}; charset=utf-8`, "x-content-type-options": "nosniff" };
}
