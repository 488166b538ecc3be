/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * What the last audit found, on the dashboard.
 *
 * @module
 */
import { formatCount } from "../../pages/formats.ts";
import { Moment, Wide } from "../../pages/parts.tsx";
import type { Audit } from "./page_queries.ts";

/** When and of which day it was, and what differs. */
export function AuditText({ audit, now }: { audit: Audit; now: number }) {
  const { day, auditedAt, compared, differing, differences } = audit;
  const isPending = differences.some((difference) => difference.is === "pending");
  return (
    <>
      <Moment at={auditedAt} now={now} />
      <br />
      of {day}: {formatCount(compared)} compared, {differing === 0n
        ? <span class="good">none has drifted</span>
        : <strong class="wrong">{formatCount(differing)} drifted</strong>}
      {isPending && <span class="watch">, some were not flushed yet</span>}
      {differences.length > 0 && (
        <details id="differences">
          <summary>What differs</summary>
          <Wide label="What differs">
            <Differences of={differences} />
          </Wide>
        </details>
      )}
    </>
  );
}

function Differences({ of: differences }: { of: Audit["differences"] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Listing</th>
          <th scope="col">Metric</th>
          <th scope="col" class="number-cell">Redis</th>
          <th scope="col" class="number-cell">Postgres</th>
          <th scope="col">It is</th>
        </tr>
      </thead>
      <tbody>
        {differences.map(({ kind, id, metric, redis, postgres, is }) => (
          <tr>
            <td class="id">{kind} {id}</td>
            <td>{metric}</td>
            <td class="number-cell">{formatCount(redis)}</td>
            <td class="number-cell">{formatCount(postgres)}</td>
            <td class={is === "drift" ? "wrong" : "watch"}>
              {is === "drift" ? "drift" : "not flushed yet"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
