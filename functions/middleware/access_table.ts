/**
 * Who may call what: every route of the app, by method and path, in one table.
 *
 * A new route adds its row here; without one it is closed below /api and /admin, and a test says so.
 * HEAD is as GET.
 *
 * @module
 */
import type { Role, Scope } from "../../shared/mod.ts";
import type { LimitName } from "../limits/services.ts";

/** How whoever is none of our people proves itself, in its handler. */
export type Proof =
  | "none"
  | "user"
  | "user, if any"
  | "link"
  | "QStash"
  | "GitHub"
  | "Standard Webhooks"
  | "Svix"
  | "Supabase";

export interface Access {
  /** Absent: operators and backends alone. */
  open?: Proof;
  /** The scope with which a backend may; absent: no backend may. */
  service?: Scope;
  /** Whether a token must name the scope: those without scopes may do what they could before. */
  isNamed?: true;
  /** The least role with which an operator may; absent: no operator may. */
  operator?: Role;
  /** How often one caller may, where anybody may call. */
  limit?: LimitName;
}

const anyone: Access = { open: "none" };
const user: Access = { open: "user" };
const page: Access = { operator: "read" };
const action: Access = { operator: "operate" };
const events: Access = { open: "user, if any", service: "feed", limit: "events" };
const reads: Access = { open: "none", limit: "reads" };
const history: Access = { open: "user", limit: "history" };

/** What a route below /api has that the table does not name. */
export const CLOSED: Access = { operator: "administer" };

export const accessTable: Readonly<Record<string, Access>> = {
  "GET /": anyone,
  "GET /health": anyone,
  "GET /openapi.json": anyone,
  "GET /docs": anyone,
  "GET /client.js": anyone,
  "GET /chat.js": anyone,
  "GET /chat": anyone,
  "GET /chat/assets/:name": anyone,

  "GET /admin": page,
  "GET /admin/sign-in": anyone,
  "POST /admin/sign-in": anyone,
  "POST /admin/sign-out": anyone,
  "GET /admin/assets/:name": anyone,
  "GET /admin/analytics/feed": page,
  "POST /admin/analytics/feed/:action": action,
  "GET /admin/analytics/mail": page,
  // It looks an address up; a form keeps it out of the path.
  "POST /admin/analytics/mail": page,
  "POST /admin/analytics/mail/lift": action,
  "GET /admin/notifications": page,
  "GET /admin/notifications/:event": page,
  "GET /admin/notifications/:event/mail": page,

  "POST /hooks/github": { open: "GitHub" },
  "POST /hooks/standard": { open: "Standard Webhooks" },
  "POST /hooks/payload": { open: "Standard Webhooks" },
  "POST /hooks/resend": { open: "Svix" },
  "POST /hooks/supabase": { open: "Supabase" },
  "POST /qstash/jobs/:name": { open: "QStash" },
  "POST /qstash/failures": { open: "QStash" },

  "POST /api/jobs": { service: "jobs:write", operator: "operate" },
  "POST /api/jobs/:name": { service: "jobs:write", operator: "operate" },
  "POST /api/groups": { service: "jobs:write", operator: "operate" },
  "GET /api/jobs/:id": { service: "jobs:read", operator: "read" },
  "DELETE /api/jobs/:id": { service: "jobs:write", operator: "operate" },
  "GET /api/dead-letters": { service: "dead-letters", operator: "read" },
  "GET /api/dead-letters/:id": { service: "dead-letters", operator: "read" },
  "DELETE /api/dead-letters/:id": { service: "dead-letters", operator: "operate" },
  "POST /api/dead-letters/replay": { service: "dead-letters", operator: "operate" },
  // What it reads was kept secret even from who replays it.
  "POST /api/dead-letters/:id/reveal": { operator: "administer" },
  "POST /api/dead-letters/:id/replay": { service: "dead-letters", operator: "operate" },

  "POST /api/metrics/views": events,
  "POST /api/metrics/impressions": events,
  "POST /api/metrics/favorites": events,
  "POST /api/metrics/bookings": events,
  "GET /api/metrics/:kind/:id": reads,
  "GET /api/metrics/:kind": reads,
  "GET /api/feed/:segment": reads,
  "POST /api/listings": { service: "feed", operator: "operate" },

  "POST /api/limits/:service/check": { service: "limits", operator: "operate" },
  "GET /api/limits/:service": { open: "user", service: "limits" },
  "DELETE /api/limits/:service/:identifier": { service: "limits", operator: "operate" },

  "POST /api/notifications": { service: "notifications", operator: "operate" },
  "GET /api/notifications": { service: "notifications", operator: "read" },
  "GET /api/notifications/:id": { service: "notifications", operator: "read" },
  "GET /api/suppressions": { service: "notifications", operator: "read" },
  "DELETE /api/suppressions": { service: "notifications", operator: "operate" },
  "GET /notifications/unsubscribe": { open: "link" },
  "POST /notifications/unsubscribe": { open: "link" },
  "POST /notifications/resubscribe": { open: "link" },

  "GET /api/chat/conversations": history,
  "GET /api/chat/conversations/:id/messages": history,
  // Its own limits come with it: what it leads to costs money.
  "POST /api/chat/conversations/:id/messages": user,
  "GET /api/chat/conversations/:id/export": history,
  "DELETE /api/chat/conversations/:id": history,
  "GET /api/chat/search": { open: "user", limit: "searches" },
  "GET /api/chat/searches": history,
  "GET /api/chat/replies/:id": history,
  "GET /api/chat/replies/:id/stream": { open: "user", limit: "streams" },
  "DELETE /api/chat/replies/:id": history,

  "GET /api/people/:user": { service: "people", isNamed: true, operator: "administer" },
  "DELETE /api/people/:user": { service: "people", isNamed: true, operator: "administer" },
  "POST /api/activity": { service: "people", operator: "operate" },
  "GET /api/profiles/me": { open: "user", limit: "profile-read" },
  // What was learnt of a person.
  "GET /api/profiles/:user": { service: "people", operator: "administer" },
};
