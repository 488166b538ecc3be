/**
 * The dashboards, in the order in which they are shown. A new one adds a row.
 *
 * @module
 */
import type { Operator, Permission } from "../../shared/mod.ts";

export interface Dashboard {
  path: string;
  title: string;
  /** What it shows, in one sentence. */
  about: string;
  permission: Permission;
}

const dashboards: readonly Dashboard[] = [
  {
    path: "/admin/analytics/feed",
    title: "Feed",
    about: "What was counted of listings, how it reaches Postgres, and how they rank.",
    permission: "ACCESS_MONITORING",
  },
  {
    path: "/admin/analytics/mail",
    title: "Mail",
    about: "How much mail went out, what became of it, and who is told nothing more.",
    permission: "ACCESS_MONITORING",
  },
  {
    path: "/admin/notifications",
    title: "Notifications",
    about: "Every notification as it is sent, with sample data.",
    permission: "ACCESS_MONITORING",
  },
];

/** Those that the operator may see. */
export function dashboardsOf(operator: Operator | undefined): readonly Dashboard[] {
  return dashboards.filter(({ permission }) => operator?.permissions.includes(permission));
}
