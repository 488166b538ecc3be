/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * One bar for each day, drawn on the server. The page has the same numbers in a table.
 *
 * @module
 */
import { formatCount, formatDay } from "./formats.ts";

export interface BarChartProps {
  /** What the bars count. */
  title: string;
  /** Oldest first; the last is still going on. */
  bars: readonly { day: string; count: bigint }[];
}

/** In units of the drawing, which is stretched to its place. */
const STEP = 10;
const GAP = 2;
const HEIGHT = 100;
/** So that a little can be told from nothing. */
const LEAST = 1.5;

/** The chart, with its first and last day and its highest count below. */
export function BarChart({ title, bars }: BarChartProps) {
  const highest = bars.reduce((most, { count }) => count > most ? count : most, 0n);
  const first = formatDay(bars[0].day);
  const last = formatDay(bars[bars.length - 1].day);
  return (
    <>
      <svg
        class="chart"
        viewBox={`0 0 ${bars.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title} a day, ${first} to ${last}; at most ${formatCount(highest)}`}
      >
        {bars.map(({ day, count }, index) => {
          const height = heightOf(count, highest);
          return (
            <rect
              class={count < 0n ? "below" : index === bars.length - 1 ? "now" : undefined}
              x={index * STEP + GAP / 2}
              y={HEIGHT - height}
              width={STEP - GAP}
              height={height}
            >
              <title>{`${formatDay(day)}: ${formatCount(count)}`}</title>
            </rect>
          );
        })}
      </svg>
      <p class="axis" aria-hidden="true">
        <span>{first}</span>
        <span>at most {formatCount(highest)}</span>
        <span>{last}</span>
      </p>
    </>
  );
}

function heightOf(count: bigint, highest: bigint): number {
  if (count === 0n) return 0;
  if (highest <= 0n || count < 0n) return LEAST;
  return Math.max(LEAST, Number(count * 1_000n / highest) / 10);
}
