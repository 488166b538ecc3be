/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The gallery: every event with its subject, and how its mail travels.
 *
 * @module
 */
import { formatDuration } from "../../pages/formats.ts";
import { Wide } from "../../pages/parts.tsx";
import type { NotificationEvent } from "../event.ts";
import type { Sample } from "./samples.ts";

export interface GalleryProps {
  topics: readonly { title: string; samples: readonly Sample[] }[];
  /** The page's own address. */
  path: string;
  /** What to look for; empty for everything. */
  wanted: string;
}

/** All events; those that do not hold what is wanted are there, and hidden. */
export function GalleryView({ topics, path, wanted }: GalleryProps) {
  const rows = topics.map(({ title, samples }) => ({
    title,
    rows: samples.map((sample) => {
      const searched = searchedOf(title, sample);
      return { sample, searched, fits: fits(searched, wanted) };
    }),
  }));
  const all = rows.flatMap(({ rows }) => rows);
  return (
    <>
      <div class="head">
        <div>
          <h1>Notifications</h1>
          <p class="quiet">Every event with sample data, as it is sent.</p>
        </div>
        <form method="get" action={path} class="row" role="search">
          <label for="filter" class="quiet small">Find</label>
          <input
            id="filter"
            name="q"
            type="search"
            value={wanted}
            maxlength={100}
            placeholder="review, urgent, digest"
            autocomplete="off"
          />
          <button type="submit">Find</button>
          <output id="shown" for="filter" class="quiet small">
            {`${all.filter(({ fits }) => fits).length} of ${all.length}`}
          </output>
        </form>
      </div>
      <section class="card" aria-label="Events">
        <Wide label="Events by topic">
          <table>
            <thead>
              <tr>
                <th scope="col">Event</th>
                <th scope="col">Subject</th>
                <th scope="col">Travels</th>
              </tr>
            </thead>
            {rows.map(({ title, rows }) => (
              <tbody hidden={!rows.some(({ fits }) => fits)}>
                <tr class="group">
                  <th scope="colgroup" colspan={3}>{title}</th>
                </tr>
                {rows.map(({ sample, searched, fits }) => (
                  <tr data-filter={searched} hidden={!fits}>
                    <td>
                      <a href={`${path}/${sample.name}`}>
                        <code>
                          <Dotted name={sample.name} />
                        </code>
                      </a>
                    </td>
                    <td>{sample.subject}</td>
                    <td class="small">{marksOf(sample.event).join(", ")}</td>
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </Wide>
      </section>
    </>
  );
}

/** A name that may be broken behind its dots, where there is little room. */
export function Dotted({ name }: { name: string }) {
  const parts = name.split(".");
  return (
    <>
      {parts.map((part, index) =>
        index < parts.length - 1
          ? (
            <>
              {part}.<wbr />
            </>
          )
          : part
      )}
    </>
  );
}

/** How its mail travels, in a few words each. */
export function marksOf({ urgency, group, waits, collapse, digestLine }: NotificationEvent) {
  return [
    urgency,
    ...group ? [`unsubscribe: ${group}`] : [],
    ...waits ? ["waits for the morning"] : [],
    ...collapse ? [`collapses for ${formatDuration(collapse.withinMs)}`] : [],
    ...digestLine ? ["digest"] : [],
  ];
}

function searchedOf(title: string, { name, subject, event }: Sample): string {
  return [title, name, subject, event.description, ...marksOf(event)].join(" ").toLowerCase();
}

/** Every word of it; the page's script does the same while somebody types. */
function fits(searched: string, wanted: string): boolean {
  return wanted.toLowerCase().split(/\s+/).every((word) => searched.includes(word));
}
