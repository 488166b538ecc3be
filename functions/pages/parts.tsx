/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * What pages are put together from.
 *
 * @module
 */
import type { Child } from "hono/jsx";
import { formatAge, formatMoment } from "./formats.ts";

export interface CardProps {
  /** Unique on the page. */
  id: string;
  title: string;
  /** One sentence below the title. */
  about?: Child;
  /** What can be done, beside the title. */
  actions?: Child;
  children?: Child;
}

/** A part of a page, with its title. */
export function Card({ id, title, about, actions, children }: CardProps) {
  return (
    <section class="card" id={id} aria-labelledby={`${id}-title`}>
      <div class="head">
        <div>
          <h2 id={`${id}-title`}>{title}</h2>
          {about && <p class="quiet small">{about}</p>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** A moment in UTC, and how long ago that is. */
export function Moment({ at, now }: { at: number; now: number }) {
  return (
    <>
      <time datetime={new Date(at).toISOString()}>{formatMoment(at)}</time>,{" "}
      <span class="quiet" data-at={at}>{formatAge(now - at)}</span>
    </>
  );
}

/** Room for a table that may be wider than the screen; it scrolls by keyboard, too. */
export function Wide({ label, children }: { label: string; children?: Child }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={label}>
      {children}
    </div>
  );
}
