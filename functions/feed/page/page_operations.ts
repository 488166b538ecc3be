/**
 * The endpoints of the feed's dashboard, as the documentation shows them.
 *
 * @module
 */
import type { Operation } from "../../ops/operation.ts";

const path = "/admin/analytics/feed";

export const pageOperations: readonly Operation[] = [
  {
    method: "GET",
    path,
    summary: "The feed's dashboard; reads Postgres alone.",
    caller: "operator",
    parameters: [
      { name: "segment", in: "query", description: "Whose rankings to show, as in `berlin`." },
      { name: "days", in: "query", description: "Days in the charts: 14 or 30." },
    ],
    answers: {
      200: { description: "The page.", contentType: "text/html" },
      303: { description: "To the sign-in." },
    },
    problems: ["postgres_unavailable", "postgres_busy", "circuit_open"],
    price: { commands: "0", messages: "0" },
  },
  {
    method: "POST",
    path: `${path}/:action`,
    summary:
      "The dashboard's buttons: has a `day` flushed or audited, or the feed ranked; once a minute each.",
    caller: "operator",
    parameters: [{
      name: "action",
      in: "path",
      required: true,
      description: "`flush`, `rank` or `audit`.",
    }],
    answers: { 303: { description: "Enqueued; back to the page." } },
    problems: ["origin_refused", "not_found", "body_invalid", "queue_unavailable"],
    price: { commands: "0, then the job's own", messages: "1, then the job's own" },
  },
];
