/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The feed's dashboard: counts, how they reach Postgres, and rankings.
 *
 * @module
 */
import { BarChart } from "../../pages/bar_chart.tsx";
import { formatCount } from "../../pages/formats.ts";
import { Card, Moment, Wide } from "../../pages/parts.tsx";
import { CountsTable, DaysTable, sumOf, titles } from "./page_counts.tsx";
import { FlushCard } from "./page_flushes.tsx";
import { type FeedState, type Metric, metrics } from "./page_queries.ts";
import { Empty, RankingsCard } from "./page_rankings.tsx";
import type { Warning } from "./page_warnings.ts";

export interface FeedViewProps {
  state: FeedState;
  warnings: readonly Warning[];
  /** The page's own address. */
  path: string;
  /** How many days the charts may show. */
  windows: readonly number[];
  segment?: string;
  /** Newest first. */
  keptDays: readonly string[];
  publicUrl: string;
}

/** The days before today that today is held against. */
const BEFORE = 7;

/** The whole content. */
export function FeedView(props: FeedViewProps) {
  const { state, warnings, path, windows, segment, publicUrl } = props;
  const { now, countedTo, days } = state;
  const isEmpty = state.flushes.length === 0 &&
    metrics.every((metric) => days.every((day) => sumOf(day, metric) === 0n));
  return (
    <>
      <div class="head">
        <div>
          <h1>Feed</h1>
          <p class="quiet">
            {countedTo === undefined ? "Nothing was flushed yet." : (
              <>
                Counted up to <Moment at={countedTo} now={now} />
              </>
            )}
          </p>
        </div>
        <nav class="row small" aria-label="Days in the charts">
          {windows.map((window) => (
            <a
              id={`days-${window}`}
              href={`${path}?${new URLSearchParams({
                days: String(window),
                ...(segment && { segment }),
              })}`}
              aria-current={window === days.length ? "true" : undefined}
            >
              {window} days
            </a>
          ))}
        </nav>
      </div>
      {warnings.map(({ level, title, text }) => (
        <div class={`warning ${level}`}>
          <b>{title}</b>
          {text}
        </div>
      ))}
      {isEmpty ? <Empty publicUrl={publicUrl} /> : (
        <div class="tiles">
          {metrics.map((metric) => <Tile key={metric} metric={metric} days={days} />)}
        </div>
      )}
      <FlushCard {...props} />
      {!isEmpty && <CountsCard days={days} />}
      <RankingsCard {...props} />
    </>
  );
}

function CountsCard({ days }: Pick<FeedState, "days">) {
  return (
    <Card id="counts" title="Today, and the 7 days before" about="By metric and kind, in UTC days.">
      <Wide label="Counts by metric and kind">
        <CountsTable days={days.slice(-1 - BEFORE)} />
      </Wide>
      <details id="days">
        <summary>The charts as a table</summary>
        <Wide label="Counts of each day">
          <DaysTable days={days} />
        </Wide>
      </details>
    </Card>
  );
}

function Tile({ metric, days }: { metric: Metric; days: FeedState["days"] }) {
  const title = titles[metric];
  const bars = days.map((day) => ({ day: day.day, count: sumOf(day, metric) }));
  const today = bars[bars.length - 1].count;
  const before = bars.slice(-1 - BEFORE, -1).reduce((sum, { count }) => sum + count, 0n);
  return (
    <section class="card" aria-labelledby={`${metric}-title`}>
      <h2 id={`${metric}-title`}>{title}</h2>
      <p class="number">{formatCount(today)}</p>
      <p class="quiet small">today; {formatCount(before)} in the 7 days before</p>
      <BarChart title={title} bars={bars} />
    </section>
  );
}
