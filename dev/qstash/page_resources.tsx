/** @jsxImportSource hono/jsx */
/**
 * What lasts longer than a message: schedules, queues, flow-control keys.
 *
 * @module
 */
import { Button, curl, PauseButton, Running, Section, Table, Time } from "./page_parts.tsx";
import type { PageFlowControl, PageQueue, PageSchedule, PageState } from "./page_state.ts";

/** The schedules, or how to make one. */
export function Schedules(
  { schedules, state }: { schedules: readonly PageSchedule[]; state: PageState },
) {
  return (
    <Section
      name="schedules"
      title="Schedules"
      hint="Each publishes a message whenever its cron expression says so, in UTC unless it names a zone."
    >
      {schedules.length === 0
        ? (
          <div class="empty">
            <p>No schedules. This one would call every five minutes:</p>
            <pre tabindex={0}>
              {curl(
                state,
                "/v2/schedules/http://127.0.0.1:3000/hook",
                ' \\\n  -H "Upstash-Cron: */5 * * * *"',
              )}
            </pre>
          </div>
        )
        : (
          <Table names={["State", "Destination", "Cron", "Next", "Last", ""]}>
            {schedules.map(({ id, cron, method, url, paused, nextAt, lastAt }) => (
              <tr>
                <td>
                  <Running paused={paused} />
                </td>
                <td>
                  <span class="method">{method}</span> <span class="url">{url}</span>
                  <span class="note mono">{id}</span>
                </td>
                <td class="mono" data-name="Cron">{cron}</td>
                <td class="time" data-name="Next">
                  {nextAt && !paused ? <Time at={nextAt} /> : <span class="quiet">–</span>}
                </td>
                <td class="time" data-name="Last">
                  {lastAt ? <Time at={lastAt} /> : <span class="quiet">never</span>}
                </td>
                <td class="acts">
                  <div class="row">
                    <Button action={{ verb: "run", kind: "schedules", id }}>Run now</Button>
                    <PauseButton kind="schedules" id={id} paused={paused} />
                  </div>
                </td>
              </tr>
            ))}
          </Table>
        )}
    </Section>
  );
}

/** The queues, or how to make one. */
export function Queues({ queues }: { queues: readonly PageQueue[] }) {
  return (
    <Section
      name="queues"
      title="Queues"
      hint="A queue delivers in order: at parallelism 1 the next message waits for the one before, its retries included."
    >
      {queues.length === 0
        ? (
          <div class="empty">
            None. Publishing to <span class="mono">/v2/enqueue/orders/https://…</span>{" "}
            creates the queue “orders”.
          </div>
        )
        : (
          <Table names={["State", "Queue", "Waiting", "Parallelism", ""]} numbers={[2, 3]}>
            {queues.map(({ name, lag, parallelism, paused }) => (
              <tr>
                <td>
                  <Running paused={paused} />
                </td>
                <td class="url">{name}</td>
                <td class="num" data-name="Waiting">{lag}</td>
                <td class="num" data-name="Parallelism">{parallelism}</td>
                <td class="acts">
                  <div class="row">
                    <PauseButton kind="queues" id={name} paused={paused} />
                  </div>
                </td>
              </tr>
            ))}
          </Table>
        )}
    </Section>
  );
}

/** The flow-control keys, or how to make one. */
export function FlowControls({ keys }: { keys: readonly PageFlowControl[] }) {
  return (
    <Section
      name="flow-controls"
      title="Flow control"
      hint="Limits that messages share by key: how many calls at once, and how many in a period."
    >
      {keys.length === 0
        ? (
          <div class="empty">
            None. A message that is sent with <span class="mono">Upstash-Flow-Control-Key</span> and
            {" "}
            <span class="mono">Upstash-Flow-Control-Value: rate=10, parallelism=2</span>{" "}
            makes its key appear here.
          </div>
        )
        : (
          <Table names={["State", "Key", "Waiting", "At once", "Rate", ""]} numbers={[2, 3, 4]}>
            {keys.map(({ key, waiting, parallelism, rate, paused }) => (
              <tr>
                <td>
                  <Running paused={paused} />
                </td>
                <td class="url">{key}</td>
                <td class="num" data-name="Waiting">{waiting}</td>
                <td class="num" data-name="At once">
                  {parallelism.max ? `${parallelism.now} of ${parallelism.max}` : "any number"}
                </td>
                <td class="num" data-name="Rate">
                  {rate.max ? `${rate.now} of ${rate.max} in ${rate.periodSeconds} s` : "any"}
                </td>
                <td class="acts">
                  <div class="row">
                    <PauseButton kind="flow-controls" id={key} paused={paused} />
                  </div>
                </td>
              </tr>
            ))}
          </Table>
        )}
    </Section>
  );
}
