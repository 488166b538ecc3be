/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The dashboard's tables of counts.
 *
 * @module
 */
import { formatCount, formatDay } from "../../pages/formats.ts";
import { kinds } from "../contracts.ts";
import { type FeedState, type Metric, metrics } from "./page_queries.ts";

type Days = FeedState["days"];

/** How metrics are called. */
export const titles: Readonly<Record<Metric, string>> = {
  views: "Views",
  impressions: "Impressions",
  favorites: "Favorites",
  bookings: "Bookings",
};

/** A day's count over all kinds. */
export function sumOf({ kinds: counts }: Days[number], metric: Metric): bigint {
  return kinds.reduce((sum, kind) => sum + counts[kind][metric], 0n);
}

/** Metrics and kinds down, days across, today first. */
export function CountsTable({ days }: { days: Days }) {
  const newestFirst = days.toReversed();
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">Kind</span>
          </th>
          {newestFirst.map(({ day }, age) => (
            <th scope="col" class={age === 0 ? "number-cell today" : "number-cell"}>
              {age === 0 ? "Today" : formatDay(day)}
            </th>
          ))}
        </tr>
      </thead>
      {metrics.map((metric) => (
        <tbody>
          <tr class="group">
            <th scope="rowgroup" colspan={days.length + 1}>
              {titles[metric]}
              {metric === "favorites" && <span class="quiet">, less those taken back</span>}
            </th>
          </tr>
          {kinds.map((kind) => (
            <tr>
              <th scope="row">{kind}</th>
              {newestFirst.map((day, age) => (
                <Count key={age} count={day.kinds[kind][metric]} age={age} />
              ))}
            </tr>
          ))}
          <tr class="sum">
            <th scope="row">all</th>
            {newestFirst.map((day, age) => (
              <Count
                key={age}
                count={sumOf(day, metric)}
                age={age}
              />
            ))}
          </tr>
        </tbody>
      ))}
    </table>
  );
}

function Count({ count, age }: { count: bigint; age: number }) {
  const name = count === 0n ? "number-cell quiet" : "number-cell";
  return <td class={age === 0 ? `${name} today` : name}>{formatCount(count)}</td>;
}

/** Days down, newest first, metrics across. */
export function DaysTable({ days }: { days: Days }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Day</th>
          {metrics.map((metric) => (
            <th key={metric} scope="col" class="number-cell">{titles[metric]}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {days.toReversed().map((day) => (
          <tr>
            <th scope="row">{day.day}</th>
            {metrics.map((metric) => (
              <td key={metric} class="number-cell">{formatCount(sumOf(day, metric))}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
