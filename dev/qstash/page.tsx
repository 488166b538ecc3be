/** @jsxImportSource hono/jsx */
/**
 * The page for people at the server's address: what it holds, live, and buttons to act on it.
 *
 * It needs no token, so it takes actions from its own pages alone: a site that is open in
 * the same browser can neither read it nor press its buttons.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { html, raw } from "hono/html";
import type { Child } from "hono/jsx";
import { ownPageOnly } from "../own_page.ts";
import { PAGE_SCRIPT } from "./page_script.ts";
import {
  MESSAGE_STATES,
  type MessageState,
  type PageMessageDetails,
  type PageSource,
  parseAction,
} from "./page_state.ts";
import { PAGE_STYLE } from "./page_style.ts";
import {
  Chips,
  iso,
  MessageButtons,
  messagePath,
  Section,
  State,
  Table,
  Time,
  Trouble,
} from "./page_parts.tsx";
import { Clock, Overview } from "./page_views.tsx";

/** The routes of the page: `/` and everything under `/_page/`. */
export function pageRoutes(source: PageSource, allowHosts?: readonly string[]): Hono {
  const app = new Hono();

  // By path: these routes are mounted among those of the API, which are none of the page's business.
  const own = ownPageOnly(allowHosts);
  app.use("/", own);
  app.use("/_page/*", own);

  app.get("/", (c) => {
    const only = stateOf(c);
    const state = source.state(only);
    return c.html(
      <Page
        source={source}
        live={`/_page/live${only ? `?state=${only}` : ""}`}
        notice={c.req.query("notice")}
      >
        <header class="top">
          <div>
            <h1>QStash, on this machine</h1>
            <p class="lead">
              Publish a message and this server delivers it: later, again when it fails, on a
              schedule.
            </p>
            <span id="status" role="status">Live once scripts run; reload to refresh</span>
            <details>
              <summary>Point your application here</summary>
              <pre tabindex={0}>{`QSTASH_URL=${state.url}\nQSTASH_TOKEN=${state.token}`}</pre>
            </details>
          </div>
          <Clock aheadMs={state.aheadMs} now={source.now()} />
        </header>
        <main id="live">
          <Overview state={state} only={only} />
        </main>
      </Page>,
    );
  });

  app.get("/_page/live", (c) => {
    const only = stateOf(c);
    const state = source.state(only);
    c.header("x-now", String(source.now()));
    return c.html(
      <>
        <Clock aheadMs={state.aheadMs} now={source.now()} />
        <Overview state={state} only={only} />
      </>,
    );
  });

  app.get("/_page/messages/:id", (c) => {
    const id = c.req.param("id");
    const message = source.message(id);
    const live = `${messagePath(id)}/live`;
    return c.html(
      <Page source={source} live={live} notice={c.req.query("notice")}>
        <header class="top">
          <div>
            <p class="lead">
              <a href="/">All messages</a>
            </p>
            <h1 class="url">Message {id}</h1>
            <span id="status" role="status">Live once scripts run; reload to refresh</span>
          </div>
        </header>
        <main id="live">{message ? <Message message={message} /> : <Gone />}</main>
      </Page>,
      message ? 200 : 404,
    );
  });

  app.get("/_page/messages/:id/live", (c) => {
    const message = source.message(c.req.param("id"));
    c.header("x-now", String(source.now()));
    return c.html(message ? <Message message={message} /> : <Gone />);
  });

  app.post("/_page/:kind/:id/:verb", async (c) => {
    const { kind, id, verb } = c.req.param();
    const action = parseAction(kind, id, verb);
    if (!action) return c.text("There is no such button", 404);
    const said = await source.act(action);
    const notice = said ?? "It is not there any more";
    if (c.req.header("accept") === "text/plain") return c.text(notice, said ? 200 : 404);
    return c.redirect(`/?notice=${encodeURIComponent(notice)}`, 303);
  });

  return app;
}

function stateOf(c: Context): MessageState | undefined {
  const name = c.req.query("state");
  return MESSAGE_STATES.find((state) => state === name);
}

function Page(
  { source, live, notice, children }: {
    source: PageSource;
    live: string;
    notice?: string;
    children: Child;
  },
) {
  return html`<!doctype html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>QStash, on this machine</title>
        <link rel="icon" href="data:," />
        <style>{raw(PAGE_STYLE)}</style>
      </head>
      <body data-live={live} data-now={source.now()} data-ticking={String(source.ticking)}>
        <a class="skip" href="#live">Skip to the content</a>
        <div class="wrap">{children}</div>
        <div id="notice" role="status" aria-live="polite">{notice}</div>
        <script>{raw(PAGE_SCRIPT)}</script>
      </body>
    </html>
  )}`;
}

function Gone() {
  return (
    <Section
      name="message"
      title="Not here"
      hint="It was never here, or it was dropped with old logs."
    >
      <div class="empty">
        <a href="/">See what is here</a>
      </div>
    </Section>
  );
}

function Message({ message }: { message: PageMessageDetails }) {
  return (
    <>
      <Section name="message" title={`${message.method} ${message.url}`} hint="">
        <dl>
          <dt>State</dt>
          <dd>
            <State name={message.state} />
            <Trouble message={message} />
          </dd>
          <dt>Attempts</dt>
          <dd>{message.attempts} of {message.maxAttempts}</dd>
          <dt>Created</dt>
          <dd>
            {iso(message.createdAt)} UTC, <Time at={message.createdAt} />
          </dd>
          {message.dueAt && (
            <>
              <dt>Next attempt</dt>
              <dd>
                {iso(message.dueAt)} UTC, <Time at={message.dueAt} />
              </dd>
            </>
          )}
          {message.endedAt && (
            <>
              <dt>Ended</dt>
              <dd>
                {iso(message.endedAt)} UTC, <Time at={message.endedAt} />
              </dd>
            </>
          )}
          {(message.origin.length > 0 || message.labels.length > 0) && (
            <>
              <dt>Belongs to</dt>
              <dd>
                <Chips of={message} />
              </dd>
            </>
          )}
        </dl>
        <div class="pad">
          <MessageButtons message={message} />
        </div>
      </Section>
      <Section name="history" title="What happened" hint="Oldest first.">
        <Table names={["When", "State", "Note"]}>
          {message.history.map(({ at, state, note }) => (
            <tr>
              <td class="time">{new Date(at).toISOString().slice(0, -1).replace("T", " ")}</td>
              <td>{state}</td>
              <td class="url">{note}</td>
            </tr>
          ))}
        </Table>
      </Section>
      <Section
        name="content"
        title="What is sent"
        hint="Redacted fields show their hash; the endpoint gets the originals."
      >
        <dl>
          {message.headers.map(([name, value]) => (
            <>
              <dt class="mono">{name}</dt>
              <dd class="mono">{value}</dd>
            </>
          ))}
        </dl>
        <div class="pad">
          {message.body
            ? <pre tabindex={0}>{message.body}</pre>
            : <span class="quiet">No body</span>}
        </div>
      </Section>
      <Section name="answer" title="What came back" hint="The body of the last answer.">
        <div class="pad">
          {message.response
            ? <pre tabindex={0}>{message.response}</pre>
            : <span class="quiet">Nothing yet, or an empty body</span>}
        </div>
      </Section>
    </>
  );
}
