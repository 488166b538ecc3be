/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The dashboard's part on rankings, and what it says while there is nothing.
 *
 * @module
 */
import { Card, Moment } from "../../pages/parts.tsx";
import { rankDoubts } from "../ranking/rank_mode.ts";
import type { FeedViewProps } from "./page.tsx";
import type { FeedState } from "./page_queries.ts";

/** The top of each kind, or of one segment of each. */
export function RankingsCard({ state, path, segment }: FeedViewProps) {
  const { rankings, segments, now, days, doubt } = state;
  return (
    <Card
      id="rankings"
      title={segment === undefined ? "Top of each ranking" : `Top of ${segment} in each ranking`}
      about="A kind as a whole, or one of its segments."
      actions={
        <div class="row">
          <form method="get" action={path} class="row" role="search">
            <label for="segment" class="quiet small">Segment</label>
            <input
              id="segment"
              name="segment"
              value={segment ?? ""}
              list="segments"
              size={9}
              maxlength={64}
              placeholder="all"
              autocomplete="off"
            />
            <datalist id="segments">
              {segments.map((name) => <option key={name} value={name} />)}
            </datalist>
            <input type="hidden" name="days" value={days.length} />
            <button type="submit" id="segment-show">Show</button>
          </form>
          <form method="post" action={`${path}/rank`} class="row">
            <button type="submit" id="rank-now">Rank now</button>
          </form>
        </div>
      }
    >
      {doubt && <p role="note">{rankDoubts[doubt]}</p>}
      <div class="columns">
        {rankings.map((ranking) => (
          <Ranking key={ranking.kind} {...ranking} now={now} segment={segment} />
        ))}
      </div>
    </Card>
  );
}

type RankingProps = FeedState["rankings"][number] & { now: number; segment?: string };

function Ranking({ kind, page, now, segment }: RankingProps) {
  const { rankedAt, listings } = page;
  return (
    <div>
      <h3 id={`top-${kind}`}>{segment === undefined ? kind : `${kind}:${segment}`}</h3>
      <p class="quiet small">
        {rankedAt === null ? "Not ranked yet." : <Moment at={Date.parse(rankedAt)} now={now} />}
      </p>
      {rankedAt !== null && listings.length === 0 && <p>No listing is in it.</p>}
      {listings.length > 0 && (
        <table aria-labelledby={`top-${kind}`}>
          <thead>
            <tr>
              <th scope="col" class="number-cell">Place</th>
              <th scope="col">Listing</th>
              <th scope="col" class="number-cell">Score</th>
            </tr>
          </thead>
          <tbody>
            {listings.map(({ position, id, score }) => (
              <tr>
                <td class="number-cell">{position}</td>
                <td class="id">{id}</td>
                <td class="number-cell">
                  {score.toLocaleString("en-GB", {
                    maximumSignificantDigits: 4,
                  })}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** What to do first. */
export function Empty({ publicUrl }: { publicUrl: string }) {
  const declared = JSON.stringify({ listings: [{ kind: "locations", id: 42 }] });
  const view = JSON.stringify({ kind: "locations", id: 42, session: "a-first-visitor" });
  return (
    <Card id="empty" title="Nothing was counted yet">
      <p>
        Say that a listing is yours, count a first view, then press{" "}
        <b>Flush now</b>: programs do not count, so the request says that it is a browser.
      </p>
      <pre tabindex={0}>{[
        `curl -s ${publicUrl}/api/listings -H "Authorization: Bearer $SERVICE_TOKEN" \\`,
        `  -d '${declared}'`,
        `curl -s ${publicUrl}/api/metrics/views \\`,
        `  -A 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' \\`,
        `  -d '${view}'`,
      ].join("\n")}</pre>
      <p>
        On a page of yours, <code>{publicUrl}/client.js</code> does it: it has <code>view</code>,
        {" "}
        <code>watch</code>, <code>favorite</code> and <code>booking</code>.
      </p>
    </Card>
  );
}
