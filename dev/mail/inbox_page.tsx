/** @jsxImportSource hono/jsx */
/**
 * The inbox: the list beside the mail that is open; on a phone one of the two.
 *
 * Works without its script, by links and forms.
 *
 * @module
 */
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import { OpenMail } from "./inbox_mail.tsx";
import { addressOfPage, type InboxRow, type InboxView } from "./inbox_view.ts";
import type { WebhookMessage } from "./webhooks.ts";

export interface InboxPageProps {
  view: InboxView;
  /** What the webhook was told of the mail that is open. */
  told: readonly WebhookMessage[];
  /** Where the server is reached, and what a client sends along. */
  url: string;
  token: string;
  now: number;
}

/** The whole page. */
export function InboxPage({ view, told, url, token, now }: InboxPageProps) {
  const { query, total, unread, open } = view;
  const title = `${unread > 0 ? `(${unread}) ` : ""}${open ? open.subject : "Inbox"}`;
  return html`<!doctype html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/inbox/style.css" />
        <script src="/inbox/script.js" defer></script>
      </head>
      <body class={query.mail === undefined ? undefined : "reading"}>
        <a class="skip" href="#mail">Skip to the mail</a>
        <header class="top">
          <h1>
            <a href="/">Inbox</a>
          </h1>
          <p class="counts" data-part="counts">
            {counted(total, "mail")}
            {unread > 0 && <span>, {unread} unread</span>}
          </p>
          <form role="search" method="get" action="/">
            <input
              type="search"
              name="search"
              value={query.search}
              placeholder="Search"
              aria-label="Search mails"
              autocomplete="off"
            />
          </form>
          <form id="delete" method="post" action="/inbox/delete">
            <button type="submit" class="danger">Delete all</button>
          </form>
          <span id="status" role="status"></span>
        </header>
        <div class="panes">
          <nav aria-label="Mails">
            <div data-part="list">
              {view.rows.length > 0
                ? <List view={view} now={now} />
                : <Nothing search={query.search} />}
            </div>
          </nav>
          <main id="mail" tabindex={-1}>
            <Main view={view} told={told} url={url} token={token} now={now} />
          </main>
        </div>
      </body>
    </html>
  )}`;
}

function Main({ view, told, url, token, now }: InboxPageProps) {
  const { query, open } = view;
  if (open) return <OpenMail mail={open} query={query} told={told} now={now} />;
  if (query.mail !== undefined) {
    return (
      <Welcome title="This mail is not here any more">
        <a href={addressOfPage({ ...query, mail: undefined })}>Back to the list</a>
      </Welcome>
    );
  }
  return (
    <Welcome title={view.total > 0 ? "No mail is open" : "Mail that your app sends ends here"}>
      <p>
        This server stands in for Resend: it takes mail, keeps it in memory, and delivers it to
        nobody. Point an application here:
      </p>
      <pre tabindex={0}>{`RESEND_BASE_URL=${url}\nRESEND_API_KEY=${token}`}</pre>
      <p>Or send one by hand:</p>
      <pre tabindex={0}>{`curl -s ${url}/emails \\
  -H 'Authorization: Bearer ${token}' \\
  -d '{"from": "me@zeropoll.example",
       "to": "you@example.com",
       "subject": "Hello",
       "html": "<p>It <b>works</b></p>"}'`}</pre>
    </Welcome>
  );
}

function Welcome({ title, children }: { title: string; children: Child }) {
  return (
    <section class="welcome">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function List({ view: { rows, query, pages, found }, now }: { view: InboxView; now: number }) {
  return (
    <>
      {query.search !== "" && <p class="found">{counted(found, "mail")} found</p>}
      <ol>
        {rows.map((row) => (
          <li>
            <Row
              row={row}
              href={addressOfPage({ ...query, mail: row.id })}
              isOpen={query.mail === row.id}
              now={now}
            />
          </li>
        ))}
      </ol>
      {pages > 1 && (
        <p class="pager">
          {query.page > 1
            ? <a id="newer" href={addressOfPage({ ...query, page: query.page - 1 })}>Newer</a>
            : <span />}
          <span>Page {query.page} of {pages}</span>
          {query.page < pages
            ? <a id="older" href={addressOfPage({ ...query, page: query.page + 1 })}>Older</a>
            : <span />}
        </p>
      )}
    </>
  );
}

function Row(
  { row: { id, at, from, to, subject, isRead, lastEvent }, href, isOpen, now }: {
    row: InboxRow;
    href: string;
    isOpen: boolean;
    now: number;
  },
) {
  const trouble = lastEvent === "bounced" || lastEvent === "complained";
  return (
    <a
      id={`row-${id}`}
      class={isRead ? "row" : "row unread"}
      href={href}
      aria-current={isOpen ? "true" : undefined}
    >
      {!isRead && <span class="skip">Unread:</span>}
      <span class="to">{to.join(", ")}</span>
      <Time at={at} now={now} />
      <span class="subject">{subject}</span>
      <span class="from">{from}</span>
      {trouble && <span class="trouble">{lastEvent}</span>}
    </a>
  );
}

/** The time of today, or else the day as well. */
function Time({ at, now }: { at: number; now: number }) {
  const iso = new Date(at).toISOString();
  const isToday = iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  return (
    <time datetime={iso} title={`${iso.slice(0, 19).replace("T", " ")} UTC`}>
      {isToday ? iso.slice(11, 19) : `${iso.slice(5, 10)} ${iso.slice(11, 16)}`}
    </time>
  );
}

function Nothing({ search }: { search: string }) {
  return (
    <p class="nothing">
      {search === "" ? "No mail yet" : (
        <>
          Nothing holds “{search}”. <a href="/">Show all</a>
        </>
      )}
    </p>
  );
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}
