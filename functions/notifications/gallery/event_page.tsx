/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * One event of the gallery: its mail as HTML and as text, its headers, and how to ask for it.
 *
 * @module
 */
import { Card } from "../../pages/parts.tsx";
import { unsubscribeGroups } from "../event.ts";
import { Dotted, marksOf } from "./gallery_page.tsx";
import type { Sample } from "./samples.ts";

/** As wide as the mail is shown, in px; none is as wide as there is room. */
export const frameWidths = { wide: undefined, phone: 390 } as const;
export type FrameWidth = keyof typeof frameWidths;

export interface EventProps {
  sample: Sample;
  /** The gallery's address. */
  path: string;
  width: FrameWidth;
}

/** The whole content. */
export function EventView(props: EventProps) {
  const { sample, path } = props;
  const { name, event, subject, text, headers, digestLine, curl } = sample;
  return (
    <>
      <div class="head">
        <div>
          <p class="small">
            <a href={path}>All notifications</a>
          </p>
          <h1>
            <Dotted name={name} />
          </h1>
          <p class="quiet">{event.description}</p>
        </div>
      </div>
      <section class="card" aria-label="How it travels">
        <dl>
          <dt>Subject</dt>
          <dd>{subject}</dd>
          <dt>Travels</dt>
          <dd>{marksOf(event).join(", ")}</dd>
          <dt>Unsubscribe</dt>
          <dd>
            {event.group
              ? `from “${unsubscribeGroups[event.group]}”`
              : "none: account, security, staff, or an answer to what the recipient did"}
          </dd>
          {digestLine !== undefined && (
            <>
              <dt>In a digest</dt>
              <dd>{digestLine}</dd>
            </>
          )}
        </dl>
      </section>
      <MailCard {...props} />
      <Card id="text" title="Plain text">
        <pre tabindex={0}>{text}</pre>
      </Card>
      <Card id="headers" title="Headers">
        <pre tabindex={0}>{headers.map(([name, value]) => `${name}: ${value}`).join("\n")}</pre>
      </Card>
      <Card
        id="data"
        title="Sample data"
        about="What the event takes. Data that does not fit is refused, and the answer names each field."
      >
        <pre tabindex={0}>{JSON.stringify(event.sample, null, 2)}</pre>
      </Card>
      <Card id="curl" title="Ask for it" about="With one of SERVICE_TOKENS.">
        <pre tabindex={0}>{curl}</pre>
      </Card>
    </>
  );
}

function MailCard({ sample, path, width }: EventProps) {
  const { name, event, isCollapsed } = sample;
  const several = { true: "Several in one", false: "One" } as const;
  const address = (change: { width?: string; several?: boolean }) => {
    const query = new URLSearchParams();
    const { width: shown = width, several = isCollapsed } = change;
    if (shown !== "wide") query.set("width", shown);
    if (several) query.set("several", "1");
    return query.size === 0 ? "" : `?${query}`;
  };
  return (
    <Card
      id="mail"
      title="Mail"
      actions={
        <nav class="row small" aria-label="How the mail is shown">
          {event.collapse && [false, true].map((shown) => (
            <a
              id={shown ? "several" : "one"}
              href={`${path}/${name}${address({ several: shown })}`}
              aria-current={shown === isCollapsed ? "true" : undefined}
            >
              {several[`${shown}`]}
            </a>
          ))}
          {Object.keys(frameWidths).map((shown) => (
            <a
              id={shown}
              href={`${path}/${name}${address({ width: shown })}`}
              aria-current={shown === width ? "true" : undefined}
            >
              {shown === "phone" ? "Phone" : "Wide"}
            </a>
          ))}
        </nav>
      }
    >
      <iframe
        class="mail"
        title={`The mail of ${name}`}
        sandbox=""
        width={frameWidths[width] ?? "100%"}
        height={640}
        src={`${path}/${name}/mail${isCollapsed ? "?several=1" : ""}`}
      />
    </Card>
  );
}
