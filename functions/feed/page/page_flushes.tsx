/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The dashboard's part on how counts reach Postgres.
 *
 * @module
 */
import { formatCount, formatDuration } from "../../pages/formats.ts";
import { Card, Moment, Wide } from "../../pages/parts.tsx";
import type { FeedViewProps } from "./page.tsx";
import { AuditText } from "./page_audit.tsx";
import type { FeedState, Flush, Proof } from "./page_queries.ts";

/** Flushes, proof and audit, with their buttons. */
export function FlushCard({ state, path, keptDays }: FeedViewProps) {
  const { now, flushed, yesterday, audit, flushes } = state;
  return (
    <Card
      id="flush"
      title="From Redis to Postgres"
      about="Nothing leaves Redis before it is proven to be here."
      actions={
        <form method="post" action={`${path}/flush`} class="row">
          <label for="flush-day" class="quiet small">Day</label>
          <select id="flush-day" name="day">
            {keptDays.map((day, age) => <option key={day} value={day}>{dayName(day, age)}</option>)}
          </select>
          <button type="submit" id="flush-now">Flush now</button>
          <button type="submit" id="audit-now" formaction={`${path}/audit`}>Audit</button>
        </form>
      }
    >
      <dl>
        <dt>Last flush</dt>
        <dd>{flushed ? <LastFlush flush={flushed} now={now} /> : "none yet"}</dd>
        <dt>Yesterday</dt>
        <dd>
          <ProofText proof={yesterday} now={now} />
        </dd>
        <dt>Last audit</dt>
        <dd>{audit ? <AuditText audit={audit} now={now} /> : "none yet"}</dd>
      </dl>
      {flushes.length > 0 && (
        <details id="flushes">
          <summary>Recent flushes</summary>
          <Wide label="Recent flushes">
            <FlushTable flushes={flushes} now={now} />
          </Wide>
        </details>
      )}
    </Card>
  );
}

function dayName(day: string, age: number): string {
  return age === 0 ? `today, ${day}` : age === 1 ? `yesterday, ${day}` : day;
}

function LastFlush({ flush, now }: { flush: Flush; now: number }) {
  const { day, startedAt, endedAt = startedAt, slices, members, entries, drift } = flush;
  return (
    <>
      <Moment at={startedAt} now={now} />
      <br />
      of {day}, in {formatDuration(endedAt - startedAt)} and {count(slices, "slice")}:{" "}
      {count(members, "member")}, {count(entries, "entry", "entries")}
      <br />
      {drift === 0n
        ? <span class="good">Drift 0: Redis and Postgres agree</span>
        : <strong class="wrong">Drift {formatCount(drift)}</strong>}
    </>
  );
}

function ProofText({ proof, now }: { proof: Proof; now: number }) {
  if (proof.state === "none") return <>nothing was counted</>;
  if (proof.state === "proven") {
    return (
      <>
        <span class="good">proven to be complete</span>, <Moment at={proof.at} now={now} />
      </>
    );
  }
  return <span class="watch">not proven yet: it is closed after 00:10 UTC</span>;
}

function FlushTable({ flushes, now }: Pick<FeedState, "flushes" | "now">) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Began</th>
          <th scope="col">Day</th>
          {["Took", "Slices", "Members", "Entries", "Drift"].map((name) => (
            <th scope="col" class="number-cell">{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {flushes.map(({ startedAt, endedAt, day, slices, members, entries, drift }) => (
          <tr>
            <td class="time">
              <Moment at={startedAt} now={now} />
            </td>
            <td class="time">{day}</td>
            <td class="number-cell">
              {endedAt === undefined
                ? <span class="watch">not ended</span>
                : formatDuration(endedAt - startedAt)}
            </td>
            <td class="number-cell">{formatCount(slices)}</td>
            <td class="number-cell">{formatCount(members)}</td>
            <td class="number-cell">{formatCount(entries)}</td>
            <td class={drift === 0n ? "number-cell" : "number-cell wrong"}>{formatCount(drift)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function count(number: number | bigint, one: string, many = `${one}s`): string {
  return `${formatCount(number)} ${Number(number) === 1 ? one : many}`;
}
