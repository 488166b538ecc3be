/**
 * The dashboards, in the order in which they are shown. A new one adds a row.
 *
 * @module
 */
import type { Operator } from "../../shared/mod.ts";

export interface Dashboard {
  path: string;
  title: string;
  /** What it shows, in one sentence. */
  about: string;
}

const dashboards: readonly Dashboard[] = [
  {
    path: "/admin/analytics/feed",
    title: "Feed",
    about: "What was counted of listings, how it reaches Postgres, and how they rank.",
  },
  {
    path: "/admin/analytics/mail",
    title: "Mail",
    about: "How much mail went out, what became of it, and who is told nothing more.",
  },
  {
    path: "/admin/notifications",
    title: "Notifications",
    about: "Every notification as it is sent, with sample data.",
  },
];

/** Those that the operator may see: whoever may read sees all of them. */
export function dashboardsOf(operator: Operator | undefined): readonly Dashboard[] {
  return operator ? dashboards : [];
}
