/**
 * Resend's API on loopback: mail that is accepted, limited and kept, and goes nowhere.
 *
 * In memory, one account. Time comes from the given clock: the windows of the limit of requests,
 * the 24 hours for which an idempotency key is remembered, and when a webhook tells what became of
 * a mail.
 *
 * @module
 */
import { Hono } from "hono";
import type { DevClock } from "../clock.ts";
import { createNetworkTransport, type Transport } from "../qstash/deliver.ts";
import { seededRandom } from "../random.ts";
import { MailApiError, refusals } from "./api_error.ts";
import { controlRoutes } from "./control.ts";
import { MailFaults } from "./faults.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { inboxRoutes } from "./inbox_routes.tsx";
import type { AcceptedMail } from "./mail.ts";
import { type RateWindow, RateWindows } from "./rate_windows.ts";
import { listMails, showMail } from "./retrieve.ts";
import { send, type SendParts } from "./send.ts";
import { MailStore } from "./store.ts";
import { type WebhookMessage, Webhooks, type WebhookTarget } from "./webhooks.ts";

/** The API key of a server that was given none. */
export const DEVELOPMENT_API_KEY = "re_dev_key";

export interface MailServerOptions {
  /** What the limit's windows, idempotency and slow answers follow. */
  clock: DevClock;
  /** Requests that a second may see. Default: 2. */
  ratePerSecond?: number;
  /** Default: `DEVELOPMENT_API_KEY`. */
  token?: string;
  /** Who is told what became of each mail. Default: nobody. */
  webhook?: WebhookTarget;
  /** How webhooks go out. Default: the network, without redirects or reuse of connections. */
  transport?: Transport;
  /** Names that the inbox may be called by, beside the loopback ones. Default: none. */
  allowHosts?: readonly string[];
  /** Makes the id of each mail and webhook. Default: random UUIDs. */
  newId?: () => string;
  /** From 0 to 1, for faults with a probability. Default: the same numbers in every run. */
  random?: () => number;
}

export interface MailCounts {
  /** Requests to the API, whatever they were answered. */
  requests: number;
  /** Those that were over the limit. */
  refused: number;
  /** Mails that were accepted; a batch counts each. */
  accepted: number;
  /** How often a fault struck. */
  faults: number;
  /** The seconds that saw a request, the oldest first. */
  windows: RateWindow[];
}

export interface MailServer {
  /** The API key. */
  readonly token: string;
  readonly faults: MailFaults;
  /** Answers one request; fits `Deno.serve`. */
  fetch(request: Request): Promise<Response>;
  /** What was accepted and not deleted, the oldest first. */
  mails(): AcceptedMail[];
  /** The same by idempotency key; mails without one are left out. */
  mailsByKey(): Map<string, AcceptedMail[]>;
  counts(): MailCounts;
  /** What the webhook was told, or is to be told again, the oldest first. */
  webhooks(): WebhookMessage[];
  /** Deletes the mails; what was counted stays, and keys are still remembered. */
  clear(): void;
  /** Lets go of those who wait for an answer, and forgets what a webhook is to be told. */
  close(): Promise<void>;
}

/**
 * Starts a server that listens nowhere yet: give its `fetch` to `listen`, or call it.
 *
 * @example
 * ```ts
 * import { VirtualClock } from "../clock.ts";
 *
 * const mail = createMailServer({ clock: new VirtualClock() });
 * await mail.fetch(
 *   new Request("http://mail/emails", {
 *     method: "POST",
 *     headers: { authorization: `Bearer ${mail.token}`, "user-agent": "me" },
 *     body: JSON.stringify({ from: "a@b.dev", to: "c@d.dev", subject: "Hello", text: "World" }),
 *   }),
 * );
 * console.log(mail.mails()[0].subject); // Hello
 * ```
 */
export function createMailServer(options: MailServerOptions): MailServer {
  const { clock, ratePerSecond = 2, token = DEVELOPMENT_API_KEY } = options;
  const store = new MailStore();
  const windows = new RateWindows(ratePerSecond);
  const faults = new MailFaults(options.random ?? seededRandom(1));
  const closing = Promise.withResolvers<void>();
  const counts = (): MailCounts => {
    const list = windows.list();
    return {
      requests: sum(list.map(({ requests }) => requests)),
      refused: sum(list.map(({ refused }) => refused)),
      accepted: store.accepted,
      faults: faults.struck,
      windows: list,
    };
  };
  const newId = options.newId ?? (() => crypto.randomUUID());
  const network = createNetworkTransport();
  const { webhook: target, transport = network.transport } = options;
  const webhooks = target &&
    new Webhooks({ clock, target, transport, newId, onChange: () => store.touch() });
  const parts: SendParts = {
    clock,
    faults,
    keys: new IdempotencyKeys(),
    store,
    ratePerSecond,
    newId,
    onAccepted: (mail) => webhooks?.follow(mail),
    closing: closing.promise,
  };
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof MailApiError) return error.toResponse();
    throw error;
  });
  app.route("/", controlRoutes({ faults, counts }));
  app.route(
    "/",
    inboxRoutes({
      store,
      clock,
      token,
      allowHosts: options.allowHosts,
      webhooks: () => webhooks?.list() ?? [],
      closing: closing.promise,
    }),
  );
  app.route("/", apiRoutes(parts, windows, token));

  return {
    token,
    faults,
    fetch: async (request) => await app.fetch(request),
    mails: () => store.list(),
    mailsByKey: () =>
      Map.groupBy(
        store.list().filter(({ idempotencyKey }) => idempotencyKey !== undefined),
        ({ idempotencyKey }) => idempotencyKey!,
      ),
    counts,
    webhooks: () => webhooks?.list() ?? [],
    clear: () => store.clear(),
    close: () => {
      closing.resolve();
      webhooks?.close();
      network.close();
      return Promise.resolve();
    },
  };
}

function apiRoutes(parts: SendParts, windows: RateWindows, token: string): Hono {
  const { clock, store } = parts;
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof MailApiError) return error.toResponse();
    throw error;
  });

  app.use(async (c, next) => {
    // Turned away by what stands before the API, in its own words.
    if (!c.req.header("user-agent")) return c.text("error code: 1010", 403);
    const { allowed, remaining, resetSeconds } = windows.take(clock.now());
    if (allowed) await next();
    else c.res = refusals.tooManyRequests(windows.perSecond, String(resetSeconds)).toResponse();
    c.res.headers.set("ratelimit-limit", String(windows.perSecond));
    c.res.headers.set("ratelimit-remaining", String(remaining));
    c.res.headers.set("ratelimit-reset", String(resetSeconds));
    return undefined;
  });
  app.use(async (c, next) => {
    const given = /^Bearer\s+(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (given === undefined) {
      throw new MailApiError(
        401,
        "missing_api_key",
        "Missing API key in the authorization header.",
      );
    }
    if (given !== token) throw new MailApiError(403, "invalid_api_key", "API key is invalid.");
    await next();
  });

  app.post("/emails", (c) => send(c.req.raw, "/emails", parts));
  app.post("/emails/batch", (c) => send(c.req.raw, "/emails/batch", parts));
  app.get("/emails", (c) => c.json(listMails(store, c.req.query(), clock.now())));
  app.get("/emails/:id", (c) => c.json(showMail(store, c.req.param("id"), clock.now())));
  app.all("/emails/:id?", () => {
    throw new MailApiError(
      405,
      "method_not_allowed",
      "Method is not allowed for the requested path.",
    );
  });
  app.all("*", () => {
    throw new MailApiError(404, "not_found", "The requested endpoint does not exist.");
  });
  return app;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
