/**
 * QStash v2 on loopback: everything that a client, an endpoint or the vendor's SDK can notice.
 *
 * In memory, one account. Time comes from the given clock: on a virtual one nothing is
 * delivered until the test moves it, and then everything due is delivered in order.
 *
 * @module
 */
import { Hono } from "hono";
import type { DevClock } from "../clock.ts";
import { queryToken } from "../guard.ts";
import { ApiError } from "./api_error.ts";
import { createNetworkTransport, type Transport } from "./deliver.ts";
import { DisconnectedError, type QstashFaults } from "./faults.ts";
import type { FlowControlInfo, FlowRelease } from "./flow_control.ts";
import { DEVELOPMENT_KEYS, DEVELOPMENT_TOKEN, newId, type SigningKeys } from "./keys.ts";
import type { QstashMeter } from "./meter.ts";
import { createPageSource } from "./page_source.ts";
import { createParts, type QstashParts } from "./parts.ts";
import { type PlanName, PLANS } from "./plans.ts";
import type { QueueInfo } from "./queues.ts";
import type { ConnectionInfo, QstashEnv } from "./routes/context.ts";
import { controlRoutes } from "./routes/control.ts";
import { deadLetterRoutes } from "./routes/dead_letters.ts";
import { flowControlRoutes } from "./routes/flow_control.ts";
import { messageRoutes } from "./routes/messages.ts";
import { publishRoutes } from "./routes/publish.ts";
import { queueRoutes, urlGroupRoutes } from "./routes/queues.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import {
  type MessageStatus,
  showDeadLetter,
  showLogEntry,
  showSchedule,
  showStatus,
} from "./views.ts";
import { workflowRoutes } from "./workflows.ts";

export interface QstashServerOptions {
  /** What all delays, schedules and timeouts follow. */
  clock: DevClock;
  /** How deliveries go out. Default: the network, without redirects or reuse of connections. */
  transport?: Transport;
  /** Whose limits hold. Default: `payg`. */
  plan?: PlanName;
  /** Default: the public token of the vendor's SDK, whose development mode then adopts this server. */
  token?: string;
  /** A token that may only read. Default: none. */
  readOnlyToken?: string;
  /** Default: the public keys of the vendor's SDK. */
  signingKeys?: SigningKeys;
  /** Names that the page may be called by, beside the loopback ones. Default: none. */
  allowHosts?: readonly string[];
  /** Makes the id of each message; one that repeats makes a run repeatable. Default: random. */
  newMessageId?: () => string;
}

export interface QstashServer {
  readonly token: string;
  /** As they are now: a rotation changes them. */
  readonly signingKeys: SigningKeys;
  readonly faults: QstashFaults;
  readonly meter: QstashMeter;
  /**
   * Answers one request; fits `Deno.serve`, whose second argument it wants: it tells the caller's
   * address, and that a fault has to break a socket. Without it such a fault rejects.
   */
  fetch(request: Request, connection?: ConnectionInfo): Promise<Response>;
  /** The oldest first; those that ended within the last ten minutes included. */
  messages(): MessageStatus[];
  /** As the API shows them, the newest first. */
  logs(): Record<string, unknown>[];
  deadLetters(): Record<string, unknown>[];
  schedules(): Record<string, unknown>[];
  queues(): QueueInfo[];
  flowControls(): FlowControlInfo[];
  /** Calls `listener` with each delivery that a flow-control key lets through. Returns the undo. */
  onRelease(listener: (release: FlowRelease) => void): () => void;
  /** Breaks off what is under way and forgets what is due. */
  close(): Promise<void>;
}

/**
 * Starts a server that listens nowhere yet: give its `fetch` to `listen`, or call it.
 *
 * @example
 * ```ts
 * import { VirtualClock } from "../clock.ts";
 *
 * const clock = new VirtualClock();
 * const qstash = createQstashServer({
 *   clock,
 *   transport: () => Promise.resolve(new Response("done")),
 * });
 * await qstash.fetch(
 *   new Request("http://qstash/v2/publish/https://app.test/job", {
 *     method: "POST",
 *     headers: { authorization: `Bearer ${qstash.token}`, "upstash-delay": "1h" },
 *   }),
 * );
 * await clock.advance(3_600_000);
 * console.log(qstash.messages()[0].state); // DELIVERED
 * ```
 */
export function createQstashServer(options: QstashServerOptions): QstashServer {
  const { clock, plan = "payg", token = DEVELOPMENT_TOKEN, readOnlyToken } = options;
  const network = createNetworkTransport();
  const parts = createParts({
    clock,
    plan: PLANS[plan],
    transport: options.transport ?? network.transport,
    token,
    readOnlyToken,
    signingKeys: options.signingKeys ?? DEVELOPMENT_KEYS,
    newMessageId: options.newMessageId ?? (() => newId("msg_")),
  });
  const page = createPageSource(parts, clock, options.allowHosts);
  const app = createApp(parts, page.routes);

  return {
    token,
    get signingKeys() {
      return parts.keys.keys;
    },
    faults: parts.faults,
    meter: parts.meter,
    fetch: async (request, connection) => {
      page.sawOrigin(request.url);
      try {
        return await app.fetch(request, { connection });
      } catch (error) {
        if (!(error instanceof DisconnectedError) || connection === undefined) throw error;
        return brokenResponse();
      }
    },
    messages: () => parts.store.all().map(showStatus),
    logs: () => [...parts.logs.newestFirst()].map(showLogEntry),
    deadLetters: () => parts.deadLetters.newestFirst().map(showDeadLetter),
    schedules: () => parts.schedules.list().map(showSchedule),
    queues: () => parts.queues.list(),
    flowControls: () => parts.flowControls.list(),
    onRelease: (listener) => parts.flowControls.onRelease(listener),
    close: () => {
      parts.dispatcher.close();
      parts.clock.close();
      network.close();
      return Promise.resolve();
    },
  };
}

function createApp(parts: QstashParts, page: Hono): Hono<QstashEnv> {
  const app = new Hono<QstashEnv>();
  app.onError((error) => {
    if (error instanceof ApiError) return error.toResponse();
    throw error;
  });
  app.notFound((c) => c.json({ error: `${c.req.method} ${c.req.path} not found` }, 404));

  app.use("/v2/*", async (c, next) => {
    const bearer = /^Bearer\s+(.*)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    const given = bearer ?? queryToken(c.req.raw, "qstash_token");
    const mayRead = parts.readOnlyToken !== undefined && given === parts.readOnlyToken;
    if (given !== parts.token && !mayRead) {
      throw new ApiError(401, "unable to authenticate: invalid token");
    }
    if (given !== parts.token && c.req.method !== "GET") {
      throw new ApiError(403, "read-only token cannot be used for this operation");
    }
    await next();
  });
  app.get("/v2/keys", (c) => c.json(parts.keys.keys));
  app.post("/v2/keys/rotate", (c) => c.json(parts.keys.rotate()));

  const groups = [
    publishRoutes(parts),
    messageRoutes(parts),
    deadLetterRoutes(parts),
    scheduleRoutes(parts),
    queueRoutes(parts),
    urlGroupRoutes(parts),
    flowControlRoutes(parts),
    controlRoutes(parts),
  ];
  for (const group of groups) app.route("/", group);
  app.route("/", workflowRoutes());
  app.route("/", page);
  return app;
}

/** A handler cannot break its connection; a body shorter than announced comes close. */
function brokenResponse(): Response {
  const body = new ReadableStream({ start: (controller) => controller.close() });
  return new Response(body, { status: 502, headers: { "content-length": "1" } });
}
