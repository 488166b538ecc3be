/** @jsxImportSource hono/jsx */
/**
 * One mail: as its reader sees it, as text, its headers, and as it was sent.
 *
 * @module
 */
import { addressOfPage, type InboxQuery, type Tab, TABS } from "./inbox_view.ts";
import { type AcceptedMail, lastEventOf } from "./mail.ts";
import type { WebhookMessage } from "./webhooks.ts";

const TAB_NAMES: Readonly<Record<Tab, string>> = {
  html: "HTML",
  text: "Text",
  headers: "Headers",
  raw: "Raw",
};

export interface OpenMailProps {
  mail: AcceptedMail;
  query: InboxQuery;
  told: readonly WebhookMessage[];
  now: number;
}

/** The mail that is open, with its tabs. */
export function OpenMail({ mail, query, told, now }: OpenMailProps) {
  const tab = query.tab ?? (mail.html === undefined ? "text" : "html");
  return (
    <article>
      <p class="back">
        <a href={addressOfPage({ ...query, mail: undefined, tab: undefined })}>All mails</a>
      </p>
      <h2>{mail.subject}</h2>
      <dl class="envelope">
        <dt>From</dt>
        <dd>{mail.from}</dd>
        <dt>To</dt>
        <dd>{mail.to.join(", ")}</dd>
        <dt>Sent</dt>
        <dd>
          {moment(mail.at)}
          <span data-part="event">
            <span class={`event ${lastEventOf(mail, now)}`}>{lastEventOf(mail, now)}</span>
          </span>
        </dd>
      </dl>
      <div class="tools">
        <nav class="tabs" aria-label="Views of the mail">
          {TABS.map((name) => (
            <a
              id={`tab-${name}`}
              href={addressOfPage({ ...query, tab: name })}
              aria-current={name === tab ? "page" : undefined}
            >
              {TAB_NAMES[name]}
            </a>
          ))}
        </nav>
        {tab === "html" && mail.html !== undefined && (
          <label>
            <input type="checkbox" id="phone" /> Phone width
          </label>
        )}
      </div>
      <Content mail={mail} tab={tab} told={told} />
    </article>
  );
}

function Content(
  { mail, tab, told }: { mail: AcceptedMail; tab: Tab; told: readonly WebhookMessage[] },
) {
  switch (tab) {
    case "html":
      return mail.html === undefined
        ? <p class="nothing">This mail has no HTML</p>
        : (
          <div class="preview">
            <iframe
              title={`The mail “${mail.subject}”`}
              sandbox="allow-popups allow-popups-to-escape-sandbox"
              src={`/inbox/mails/${encodeURIComponent(mail.id)}/html`}
            />
          </div>
        );
    case "text":
      return mail.text === undefined
        ? <p class="nothing">This mail has no text</p>
        : <pre class="text" tabindex={0}>{mail.text}</pre>;
    case "headers":
      return <Headers mail={mail} told={told} />;
    case "raw":
      return <pre tabindex={0}>{JSON.stringify(mail, null, 2)}</pre>;
  }
}

function Headers({ mail, told }: { mail: AcceptedMail; told: readonly WebhookMessage[] }) {
  const rows: [name: string, value: string | undefined][] = [
    ["From", mail.from],
    ["To", mail.to.join(", ")],
    ["Cc", mail.cc.join(", ")],
    ["Bcc", mail.bcc.join(", ")],
    ["Reply-To", mail.replyTo.join(", ")],
    ["Subject", mail.subject],
    ["Date", new Date(mail.at).toUTCString()],
    ...Object.entries(mail.headers),
  ];
  const kept: [name: string, value: string | undefined][] = [
    ["Id", mail.id],
    ["Idempotency key", mail.idempotencyKey],
    ["Tags", mail.tags.map(({ name, value }) => `${name}=${value}`).join(", ")],
    ...told.map(({ type, state, attempts, status }): [string, string] => [
      `Webhook ${type}`,
      `${state}, ${attempts} ${attempts === 1 ? "attempt" : "attempts"}${
        status ? `, answered ${status}` : ""
      }`,
    ]),
  ];
  return (
    <>
      <Rows rows={rows} />
      <h3>Kept beside it</h3>
      <Rows rows={kept} />
    </>
  );
}

function Rows({ rows }: { rows: readonly [name: string, value: string | undefined][] }) {
  return (
    <dl class="headers">
      {rows.filter(([, value]) => value).map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
