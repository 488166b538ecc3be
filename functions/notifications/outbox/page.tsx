/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The dashboard of mail: how much went out, what became of it, and one person's.
 *
 * @module
 */
import { BarChart } from "../../pages/bar_chart.tsx";
import { formatCount } from "../../pages/formats.ts";
import { Card, Moment, Wide } from "../../pages/parts.tsx";
import type { NotificationView } from "../reading.ts";
import type { KnownSuppression } from "../suppressions.ts";
import type { DayOfMail, OutboxState } from "./queries.ts";

/** What is known of one address. */
export interface Found {
  email: string;
  notifications: readonly NotificationView[];
  suppressions: readonly KnownSuppression[];
}

export interface OutboxViewProps {
  state: OutboxState;
  /** The page's own address. */
  path: string;
  /** Whose mail was asked for. */
  found?: Found;
}

const tiles: readonly { metric: Exclude<keyof DayOfMail, "day">; title: string; about: string }[] =
  [
    { metric: "accepted", title: "Accepted", about: "by the provider" },
    { metric: "delivered", title: "Delivered", about: "as the provider says" },
    { metric: "failed", title: "Failed", about: "bounced or complained" },
    { metric: "heldBack", title: "Held back", about: "suppressed or refused" },
  ];

/** The whole content. */
export function OutboxView({ state, path, found }: OutboxViewProps) {
  const { days, suppressions } = state;
  return (
    <>
      <div class="head">
        <div>
          <h1>Mail</h1>
          <p class="quiet">
            <Waiting state={state} />
          </p>
        </div>
        <form method="post" action={path} class="row">
          <label for="email" class="quiet small">Whose mail</label>
          <input
            id="email"
            name="email"
            type="email"
            required
            maxlength={254}
            placeholder="ada@example.com"
            value={found?.email}
          />
          <button type="submit">Look</button>
        </form>
      </div>
      {found && <FoundCard found={found} path={path} now={state.now} />}
      <div class="tiles">
        {tiles.map(({ metric, title, about }) => (
          <section class="card" aria-labelledby={`${metric}-title`}>
            <h2 id={`${metric}-title`}>{title}</h2>
            <p class="number">{formatCount(days[days.length - 1][metric])}</p>
            <p class="quiet small">today, {about}</p>
            <BarChart
              title={title}
              bars={days.map((day) => ({ day: day.day, count: day[metric] }))}
            />
          </section>
        ))}
      </div>
      <LatestCard state={state} />
      <Card
        id="suppressions"
        title="Who is told nothing more"
        about="Addresses that bounced or were refused get no mail, those that complained only urgent mail; who unsubscribed none of that group."
      >
        {suppressions.length === 0 ? <p class="quiet">Nobody.</p> : (
          <dl>
            {suppressions.map(({ reason, count }) => (
              <>
                <dt>{reason}</dt>
                <dd>{formatCount(count)}</dd>
              </>
            ))}
          </dl>
        )}
      </Card>
    </>
  );
}

function Waiting({ state: { waiting, now } }: { state: OutboxState }) {
  if (waiting.nextAt === undefined) return <>Nothing waits to be told together.</>;
  const inWindows = `${formatCount(waiting.items)} ${
    waiting.items === 1n ? "event waits" : "events wait"
  }`;
  return (
    <>
      {inWindows} to be told together, in {formatCount(waiting.windows)}{" "}
      {waiting.windows === 1n ? "mail" : "mails"}; the next{" "}
      {waiting.nextAt <= now ? "is due now" : (
        <>
          at <Time at={waiting.nextAt} />
        </>
      )}.
    </>
  );
}

function Time({ at }: { at: number }) {
  const text = new Date(at).toISOString();
  return <time datetime={text}>{`${text.slice(0, 16).replace("T", " ")} UTC`}</time>;
}

function LatestCard({ state: { latest, now } }: { state: OutboxState }) {
  return (
    <Card
      id="latest"
      title="The latest"
      about="People stand here as hashes: look for an address above."
    >
      {latest.length === 0
        ? <p class="quiet">Nothing was sent yet.</p>
        : (
          <Wide label="The latest mail">
            <table class="stacked-rows">
              <thead>
                <tr>
                  {["When", "Event", "To", "Outcome", "Provider", "Tells of", "Id"].map((name) => (
                    <th scope="col">{name}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {latest.map(({ id, event, recipient, outcome, provider, told, at }) => (
                  <tr>
                    <td class="time" data-name="When">
                      <Moment at={at} now={now} />
                    </td>
                    <td data-name="Event">{event}</td>
                    <td class="id" data-name="To">{recipient.slice(0, 8)}</td>
                    <td class={classOf(outcome)} data-name="Outcome">{outcome}</td>
                    <td class={classOf(provider)} data-name="Provider">{wordOf(provider)}</td>
                    <td data-name="Tells of">{told}</td>
                    <td class="id" data-name="Id">{id}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
        )}
    </Card>
  );
}

function FoundCard({ found, path, now }: { found: Found; path: string; now: number }) {
  const { email, notifications, suppressions } = found;
  const isSuppressed = suppressions.some(({ scope }) => scope === "all");
  return (
    <Card
      id="found"
      title={email}
      about="The last 100, newest first."
      actions={isSuppressed && (
        <form method="post" action={`${path}/lift`}>
          <input type="hidden" name="email" value={email} />
          <button type="submit">Let it have mail again</button>
        </form>
      )}
    >
      {suppressions.map(({ scope, reason, at }) => (
        <p class="watch">
          {scope === "all" ? "No mail" : `No mail of the group "${scope}"`}: {reason},{" "}
          <Moment at={Date.parse(at)} now={now} />
        </p>
      ))}
      {notifications.length === 0
        ? <p class="quiet">Nothing was told to this address.</p>
        : (
          <Wide label={`Mail to ${email}`}>
            <table class="stacked-rows">
              <tbody>
                {notifications.map((notification) => (
                  <tr>
                    <td class="time" data-name="When">
                      <Moment at={Date.parse(notification.at)} now={now} />
                    </td>
                    <td data-name="Event">{notification.event}</td>
                    <td class={classOf(notification.outcome)} data-name="Outcome">
                      {notification.outcome}
                    </td>
                    <td data-name="Provider">
                      {notification.provider.map(({ type }) => wordOf(type)).join(", ")}
                    </td>
                    <td class="id" data-name="Id">{notification.id}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
        )}
    </Card>
  );
}

function wordOf(type: string | undefined): string {
  return (type ?? "").replaceAll("_", " ");
}

const good = ["accepted", "delivered"];
const neutral = ["unsubscribed", "empty", "sent", "delivery_delayed"];

function classOf(word: string | undefined): string | undefined {
  if (word === undefined || neutral.includes(word)) return undefined;
  return good.includes(word) ? "good" : "wrong";
}
