/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- rendered once to text, nothing is reconciled
/**
 * What the page is put together from: cards, tables, states, moments, buttons.
 *
 * @module
 */
import type { Child } from "hono/jsx";
import type { MessageState, PageAction, PageMessage, PageState } from "./page_state.ts";

/** A titled card; its title can take the focus when what had it is gone. */
export function Section(
  { name, title, hint, children }: { name: string; title: string; hint: string; children: Child },
) {
  return (
    <section data-part={name} aria-labelledby={`title-${name}`}>
      <div class="head">
        <h2 id={`title-${name}`} tabindex={-1}>{title}</h2>
        <p>{hint}</p>
      </div>
      {children}
    </section>
  );
}

/** A table whose last column, without a name, holds the buttons. */
export function Table(
  { names, numbers = [], children }: {
    names: readonly string[];
    numbers?: readonly number[];
    children: Child;
  },
) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {names.map((name, index) => (
              <th
                scope="col"
                class={numbers.includes(index) || name === "Attempts" ? "num" : undefined}
              >
                {name || <span class="skip">Actions</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A state's name with its colour and mark. */
export function State({ name }: { name: MessageState }) {
  return <span class={`state ${name}`}>{name}</span>;
}

/** Whether something is paused, as a state. */
export function Running({ paused }: { paused: boolean }) {
  return (
    <span class={`state ${paused ? "paused" : "running"}`}>{paused ? "paused" : "running"}</span>
  );
}

/** A moment; the script turns it into "in 12 s". */
export function Time({ at }: { at: number }) {
  return (
    <time datetime={new Date(at).toISOString()} data-at={at} title={`${iso(at)} UTC`}>
      {iso(at)}
    </time>
  );
}

/** Pauses what runs, resumes what is paused. */
export function PauseButton(
  { kind, id, paused }: {
    kind: "schedules" | "queues" | "flow-controls";
    id: string;
    paused: boolean;
  },
) {
  const verb = paused ? "resume" : "pause";
  return (
    <Button action={{ verb, kind, id } as PageAction} name="toggle">
      {paused ? "Resume" : "Pause"}
    </Button>
  );
}

/** A button that does one thing, by a plain form. */
export function Button(
  { action: { kind, id, verb }, about = id, name = verb, danger, children }: {
    action: PageAction;
    /** What it acts on, for those who hear the page: many buttons have the same text. */
    about?: string;
    /** Stays the same where the verb changes, so that the button keeps the focus. */
    name?: string;
    danger?: boolean;
    children: string;
  },
) {
  return (
    <form method="post" action={`/_page/${kind}/${encodeURIComponent(id)}/${verb}`}>
      <button
        type="submit"
        id={`${kind}-${id}-${name}`}
        class={danger ? "danger" : undefined}
        aria-label={kind === "clock" ? undefined : `${children}: ${about}`}
      >
        {children}
      </button>
    </form>
  );
}

/** The address of a message's own page. */
export function messagePath(id: string): string {
  return `/_page/messages/${encodeURIComponent(id)}`;
}

/** `2026-03-01 10:00:00`, in UTC. */
export function iso(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

/** `1 day 2 hours`, of ms. */
export function span(ms: number): string {
  const units = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]] as const;
  const parts: string[] = [];
  let rest = ms;
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  }
  return parts.join(" ") || `${Math.round(ms / 1000)} seconds`;
}

/** The start of a long text. */
export function clip(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** What one can do with a message: nothing once it has ended. */
export function MessageButtons(
  { message: { id, method, url, state, dueAt, endedAt } }: { message: PageMessage },
) {
  if (endedAt !== undefined || state === "cancelled") return null;
  const about = `${method} ${url}`;
  return (
    <div class="row">
      {dueAt !== undefined && (
        <Button action={{ verb: "run", kind: "messages", id }} about={about}>
          Run now
        </Button>
      )}
      <Button action={{ verb: "cancel", kind: "messages", id }} about={about}>
        Cancel
      </Button>
    </div>
  );
}

/** The moment that matters most of a message: its end, or its next attempt. */
export function When({ message: { state, dueAt, endedAt, createdAt } }: { message: PageMessage }) {
  const at = endedAt ?? dueAt;
  if (at !== undefined) return <Time at={at} />;
  if (state === "active") return <Time at={createdAt} />;
  return <span class="quiet">{state === "cancelled" ? "–" : "when its turn comes"}</span>;
}

/** The last answer of a message that has trouble. */
export function Trouble({ message: { state, status, error } }: { message: PageMessage }) {
  if (state !== "retrying" && state !== "failed") return null;
  const text = error ?? (status ? `answered ${status}` : "");
  return text ? <span class={`note ${state === "failed" ? "bad" : ""}`}>{clip(text)}</span> : null;
}

/** Where a message comes from and how it is labelled. */
export function Chips(
  { of: { origin, labels } }: { of: Pick<PageMessage, "origin" | "labels"> },
) {
  if (origin.length + labels.length === 0) return null;
  return (
    <span class="chips">
      {origin.map(({ kind, name }) => (
        <span class="chip">
          {kind} {name.startsWith("msg_") ? <a href={messagePath(name)}>{name}</a> : name}
        </span>
      ))}
      {labels.map((label) => <span class="chip">{label}</span>)}
    </span>
  );
}

/** A request to the server as one types it; `more` are further options. */
export function curl({ url, token }: PageState, path: string, more: string): string {
  return `curl -X POST "${url}${path}" \\\n  -H "Authorization: Bearer ${token}"${more} \\\n  -d "hello"`;
}
