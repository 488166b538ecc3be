/**
 * The app: every function and middleware, mounted in one list.
 *
 * The same source serves Deno and Workers; the entries are main.ts and worker.ts.
 *
 * @module
 */
import { Hono } from "hono";
import { adminGuard } from "./admin/guard.ts";
import { adminOperations } from "./admin/operations.ts";
import { adminRoutes } from "./admin/routes.tsx";
import { chatOperations } from "./chat/operations.ts";
import { chatRoutes } from "./chat/routes.ts";
import type { AppEnv } from "./context.ts";
import { type Deps, forRequest } from "./deps.ts";
import { feedOperations } from "./feed/operations.ts";
import { feedRoutes } from "./feed/routes.ts";
import { jobOperations } from "./jobs/operations.ts";
import { jobRoutes } from "./jobs/routes.ts";
import { limitOperations } from "./limits/operations.ts";
import { limitRoutes } from "./limits/routes.ts";
import { notificationOperations } from "./notifications/operations.ts";
import { providerOperations } from "./notifications/provider/operations.ts";
import { providerRoutes } from "./notifications/provider/routes.ts";
import { galleryOperations } from "./notifications/gallery/gallery_operations.ts";
import { galleryRoutes } from "./notifications/gallery/gallery_routes.tsx";
import { notificationRoutes } from "./notifications/routes.ts";
import { triggerOperations } from "./notifications/triggers/operations.ts";
import { triggerRoutes } from "./notifications/triggers/routes.ts";
import { peopleOperations } from "./people/operations.ts";
import { peopleRoutes } from "./people/routes.ts";
import { profileOperations } from "./profiles/operations.ts";
import { profilesRoutes } from "./profiles/routes.ts";
import { guard } from "./middleware/access.ts";
import { browserOrigins } from "./middleware/cors.ts";
import { failedTokens } from "./middleware/open_limit.ts";
import { answerProblem, answerUnknown } from "./middleware/problem.ts";
import { rateLimit } from "./middleware/rate_limit.ts";
import { requestLog } from "./middleware/request_log.ts";
import { secureHeaders } from "./middleware/secure_headers.ts";
import type { Registry } from "../shared/mod.ts";
import { createDocsRoutes } from "./ops/docs.ts";
import { healthRoutes } from "./ops/health.ts";
import { homeRoutes } from "./ops/home.ts";
import { opsOperations } from "./ops/operations.ts";
import { webhookOperations } from "./webhooks/operations.ts";
import { webhookRoutes } from "./webhooks/routes.ts";

/** What the documentation shows; a test holds it against the routes. */
export const operations = [
  ...chatOperations,
  ...feedOperations,
  ...jobOperations,
  ...notificationOperations,
  ...galleryOperations,
  ...providerOperations,
  ...triggerOperations,
  ...limitOperations,
  ...peopleOperations,
  ...profileOperations,
  ...webhookOperations,
  ...opsOperations,
  ...adminOperations,
];

/** What pages of other origins call. */
const PAGES_CALL = [
  "/api/chat/*",
  "/api/metrics/*",
  "/api/feed/*",
  "/api/limits/:service",
  "/api/profiles/me",
];

export interface AppOptions {
  /** Whether the host serves nothing but this app, so that it may be told to be https for good. Default: false. */
  isOwnHost?: boolean;
}

/** Makes the app on its parts; it keeps nothing of its own between requests. */
export function createApp<R extends Registry>(
  parts: Deps<R>,
  { isOwnHost = false }: AppOptions = {},
): Hono<AppEnv> {
  // The routes take jobs by name from outside; what a registry does not hold, it refuses itself.
  const deps = parts as unknown as Deps;
  const app = new Hono<AppEnv>();
  app.use(requestLog(
    (tally, requestId, defer) => forRequest(deps, tally, requestId, defer),
    () => deps.ids.random(),
  ));
  app.use(secureHeaders(isOwnHost && deps.config.publicUrl.startsWith("https:")));
  app.use(failedTokens);
  app.onError(answerProblem);
  app.notFound(answerUnknown(app));
  // Before every route: what is mounted ahead of it would be open.
  app.route("/", adminGuard);
  // A page must be able to read what the guard says, too.
  for (const path of PAGES_CALL) app.use(path, browserOrigins);
  app.use(guard);
  app.use("/admin/sign-in", rateLimit("sign-in", { method: "POST" }));
  app.route("/", adminRoutes);
  app.route("/", homeRoutes);
  app.route("/", healthRoutes);
  app.route("/", createDocsRoutes({ operations, registry: deps.jobs.registry }));
  app.route("/", webhookRoutes);
  app.route("/", chatRoutes);
  app.route("/", feedRoutes);
  app.route("/", jobRoutes);
  app.route("/", limitRoutes);
  app.route("/", notificationRoutes);
  app.route("/", galleryRoutes);
  app.route("/", providerRoutes);
  app.route("/", triggerRoutes);
  app.route("/", peopleRoutes);
  app.route("/", profilesRoutes);
  return app;
}
