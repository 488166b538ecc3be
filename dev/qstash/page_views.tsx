/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- rendered once to text, nothing is reconciled
/**
 * The parts of the page, each from plain data. Every part has a `data-part`, by which the
 * script swaps it when it changed.
 *
 * @module
 */
import {
  Button,
  Chips,
  clip,
  curl,
  iso,
  MessageButtons,
  messagePath,
  Section,
  span,
  State,
  Table,
  Time,
  Trouble,
  When,
} from "./page_parts.tsx";
import { FlowControls, Queues, Schedules } from "./page_resources.tsx";
import {
  CLOCK_STEPS,
  MESSAGE_STATES,
  type MessageState,
  type PageDeadLetter,
  type PageMessage,
  type PageState,
} from "./page_state.ts";

const STATE_HINTS: Readonly<Record<MessageState, string>> = {
  waiting: "not due yet, or behind others",
  active: "the call is under way",
  retrying: "failed, will be tried again",
  delivered: "answered with 2xx",
  failed: "out of attempts",
  cancelled: "taken back before delivery",
};

/** The whole live part of the main page. */
export function Overview({ state, only }: { state: PageState; only?: MessageState }) {
  return (
    <>
      <Tiles state={state} only={only} />
      <Messages state={state} only={only} />
      <DeadLetters letters={state.deadLetters} />
      <Schedules schedules={state.schedules} state={state} />
      <Queues queues={state.queues} />
      <FlowControls keys={state.flowControls} />
    </>
  );
}

/** The clock and its buttons. */
export function Clock({ aheadMs, now }: { aheadMs: number; now: number }) {
  return (
    <div class="clock" role="group" aria-label="The server's clock">
      <strong id="clock-now">{iso(now)}</strong>
      <span class="quiet small" data-part="clock-ahead">
        {aheadMs > 0 ? `UTC, ${span(aheadMs)} ahead of this machine` : "UTC, the machine's time"}
      </span>
      <div class="row">
        {Object.keys(CLOCK_STEPS).map((step) => (
          <Button action={{ verb: "advance", kind: "clock", id: step as "1m" }}>
            {`+${step.replace("1m", "1 min").replace("1h", "1 hour").replace("1d", "1 day")}`}
          </Button>
        ))}
      </div>
    </div>
  );
}

function Tiles({ state, only }: { state: PageState; only?: MessageState }) {
  return (
    <ul class="tiles" data-part="tiles">
      {MESSAGE_STATES.map((name) => (
        <li>
          <a
            class={state.counts[name] > 0 ? "tile" : "tile none"}
            id={`tile-${name}`}
            href={only === name ? "/" : `/?state=${name}`}
            aria-current={only === name ? "true" : undefined}
            title={STATE_HINTS[name]}
          >
            <b>{state.counts[name].toLocaleString("en")}</b>
            <State name={name} />
          </a>
        </li>
      ))}
      <li>
        <div
          class="tile"
          title="Every attempt to deliver is billed, retries and callbacks included"
        >
          <b id="billed">{state.billed.toLocaleString("en")}</b>
          <span class="quiet">billed messages</span>
        </div>
      </li>
    </ul>
  );
}

function Messages({ state, only }: { state: PageState; only?: MessageState }) {
  const all = Object.values(state.counts).reduce((sum, count) => sum + count, 0);
  const matching = only ? state.counts[only] : all;
  return (
    <Section
      name="messages"
      title={only ? `Messages: ${only}` : "Messages"}
      hint="Each is one HTTP call that this server makes for you, and repeats until it is answered with 2xx. Newest first."
    >
      {state.messages.length === 0
        ? (
          <div class="empty">
            {only
              ? (
                <p>
                  No message is {only} now. <a href="/">Show all</a>
                </p>
              )
              : (
                <>
                  <p>Nothing was published yet. Publish to any address, a local one too:</p>
                  <pre
                    tabindex={0}
                  >{curl(state, "/v2/publish/http://127.0.0.1:3000/hook", "")}</pre>
                </>
              )}
          </div>
        )
        : (
          <Table names={["State", "Destination", "Attempts", "When", ""]}>
            {state.messages.map((message) => <MessageRow message={message} />)}
          </Table>
        )}
      {state.messages.length < matching && state.messages.length > 0 && (
        <p class="more quiet small">
          The newest {state.messages.length} of {matching.toLocaleString("en")} are shown.
        </p>
      )}
    </Section>
  );
}

function MessageRow({ message }: { message: PageMessage }) {
  const { id, state, attempts, maxAttempts } = message;
  return (
    <tr>
      <td>
        <State name={state} />
      </td>
      <td>
        <span class="method">{message.method}</span>{" "}
        <a class="url" id={`open-${id}`} href={messagePath(id)}>
          {message.url}
        </a>
        <Trouble message={message} />
        <Chips of={message} />
      </td>
      <td class="num" data-name="Attempts">{attempts} of {maxAttempts}</td>
      <td class="time">
        <When message={message} />
      </td>
      <td class="acts">
        <MessageButtons message={message} />
      </td>
    </tr>
  );
}

function DeadLetters({ letters }: { letters: readonly PageDeadLetter[] }) {
  return (
    <Section
      name="dead-letters"
      title="Dead letters"
      hint="Messages that ran out of attempts. A retry publishes the message anew and removes it from here."
    >
      {letters.length === 0
        ? <div class="empty">None. A message that fails for good will wait here for you.</div>
        : (
          <Table names={["Answer", "Destination", "Failed", ""]}>
            {letters.map(({ id, messageId, method, url, labels, failedAt, status, response }) => (
              <tr>
                <td>
                  <span class="state failed">{status || "no answer"}</span>
                </td>
                <td>
                  <span class="method">{method}</span>{" "}
                  <a
                    class="url"
                    id={`open-${id}`}
                    href={messagePath(messageId)}
                  >
                    {url}
                  </a>
                  {response && <span class="note">{clip(response)}</span>}
                  <Chips of={{ origin: [], labels }} />
                </td>
                <td class="time">
                  <Time at={failedAt} />
                </td>
                <td class="acts">
                  <div class="row">
                    <Button
                      action={{ verb: "retry", kind: "dead-letters", id }}
                      about={`${method} ${url}`}
                    >
                      Retry
                    </Button>
                    <Button
                      action={{ verb: "delete", kind: "dead-letters", id }}
                      about={`${method} ${url}`}
                      danger
                    >
                      Delete
                    </Button>
                  </div>
                </td>
              </tr>
            ))}
          </Table>
        )}
    </Section>
  );
}
