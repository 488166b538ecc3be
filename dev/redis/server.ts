/**
 * Upstash Redis on loopback: the REST protocol over an embedded engine, or over a real server.
 *
 * Needs nothing but this process. Counts every billed command, keeps Upstash's limits, and fails
 * on demand. The tokens are known to all, so it belongs on loopback alone.
 *
 * @module
 */
import { brokenConnection } from "../broken_connection.ts";
import { type DevClock, WallClock } from "../clock.ts";
import { queryToken } from "../guard.ts";
import { type Call, CallError, readCall } from "./call.ts";
import type { Caller } from "./checks.ts";
import { describe } from "./commands.ts";
import { controlRoute } from "./control.ts";
import { createEmbeddedEngine } from "./engines/embedded.ts";
import type { Engine, Reply } from "./engines/engine.ts";
import { createRespEngine } from "./engines/resp.ts";
import { type RedisFaultKind, RedisFaults } from "./faults.ts";
import { Gateway } from "./gateway.ts";
import { defaultLimits, limitErrors, type Limits } from "./limits.ts";
import { Meter } from "./meter.ts";
import { bytesOf, toJson, toResp2 } from "./reply_body.ts";
import { EventStreams } from "./streams.ts";

/** The tokens of a server that was given none. */
export const DEVELOPMENT_TOKEN = "dev-redis-token";
export const DEVELOPMENT_READ_ONLY_TOKEN = "dev-redis-read-only-token";

export interface RedisServerOptions {
  /**
   * The month of the quota, delays and INFO follow it. The embedded engine takes TTLs from
   * `Date`, so expiry follows it once it is installed there (`installClock`).
   */
  clock: DevClock;
  /** A real server in place of the embedded engine: `redis://[user:password@]host:port[/db]`. */
  redisUrl?: string;
  /** May do everything. Default: `DEVELOPMENT_TOKEN`. */
  token?: string;
  /** May read, but not SCAN, KEYS or run scripts. Default: `DEVELOPMENT_READ_ONLY_TOKEN`. */
  readOnlyToken?: string;
  /** Defaults: those of the free plan, without its monthly quota. */
  limits?: Partial<Limits>;
}

/** A server; put its `fetch` on a port with `listen`, or call it as it is. */
export interface RedisServer {
  readonly token: string;
  readonly readOnlyToken: string;
  readonly engine: Engine;
  readonly meter: Meter;
  readonly faults: RedisFaults;
  /** Answers a request; never rejects. One in its place sees each request that comes. */
  fetch: (request: Request) => Promise<Response>;
  /** Ends every event stream, and the engine. */
  close(): Promise<void>;
}

type Format = "json" | "base64" | "resp2";

const SWEEP_EVERY_MS = 1_000;
const methods = new Set(["GET", "HEAD", "POST", "PUT"]);
const NO_BYTES = new Uint8Array();

/** Starts a server with an empty database, or on the one at `redisUrl`. */
export async function createRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const {
    clock,
    redisUrl,
    token = DEVELOPMENT_TOKEN,
    readOnlyToken = DEVELOPMENT_READ_ONLY_TOKEN,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  // Where a test moves time, keys are to vanish when they are looked for, not on a real timer.
  const sweepEveryMs = clock instanceof WallClock ? SWEEP_EVERY_MS : undefined;
  const engine = redisUrl === undefined
    ? await createEmbeddedEngine({ sweepEveryMs })
    : await createRespEngine(redisUrl);
  const meter = new Meter();
  const streams = new EventStreams(engine, meter);
  const now = () => clock.now();
  const gateway = new Gateway({
    engine,
    meter,
    limits,
    now,
    connections: () => streams.size,
    database: redisUrl === undefined ? 0 : Number(new URL(redisUrl).pathname.slice(1)),
    onCommand: (command) => streams.show(command, now()),
  });
  const faults = new RedisFaults({
    cutStreams: () => streams.endAll(),
    muteStreams: () => streams.muteAll(),
    loseScripts: () => gateway.scripts.flush(),
  });

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/_")) {
      const control = await controlRoute(request, url.pathname, { meter, faults });
      if (control) return control;
    }
    if (!methods.has(request.method)) return failure(405, "ERR method not allowed");
    const body = request.body === null ? NO_BYTES : new Uint8Array(await request.arrayBuffer());
    meter.countRequest(body.byteLength);
    const given = /^Bearer\s+(.*)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ??
      queryToken(request, "_token");
    if (given !== token && given !== readOnlyToken) {
      return failure(401, "WRONGPASS invalid or missing auth token");
    }
    const caller: Caller = { readOnly: given !== token };
    const call = readCall(url, body);
    const format = formatOf(request, call);
    const struck = faults.waiting ? faults.strike({ commands: namesIn(call) }) : [];
    const refusal = await suffer(struck, clock, limits, meter);
    if (refusal) return refusal;
    const response = await perform(call, caller, format);
    return struck.some(({ kind }) => kind === "dropReply") ? brokenConnection("redis") : response;
  }

  async function perform(call: Call, caller: Caller, format: Format): Promise<Response> {
    switch (call.form) {
      case "command": {
        const { reply, status } = await gateway.single(call.command, caller);
        return respond([reply], status, format, false);
      }
      case "pipeline":
        return respond(await gateway.pipeline(call.commands, caller), 200, format, true);
      case "transaction": {
        const replies = await gateway.transaction(call.commands, caller);
        if ("discarded" in replies) return failure(400, replies.discarded);
        return respond(replies, 200, format, true);
      }
      case "subscribe":
      case "psubscribe": {
        const words = [call.form, ...call.names].map((word) => encoder.encode(word));
        const refusal = gateway.open(words, caller);
        if (refusal) return failure(refusal.status, refusal.refused);
        const kind = call.form === "subscribe" ? "channel" : "pattern";
        return await streams.subscribe(kind, call.names);
      }
      case "monitor": {
        const refusal = gateway.open([encoder.encode("MONITOR")], caller);
        return refusal ? failure(refusal.status, refusal.refused) : streams.monitor();
      }
    }
  }

  function respond(replies: Reply[], status: number, format: Format, many: boolean): Response {
    const checked = replies.map(withinLimit);
    const headers = {
      "content-type": format === "resp2" ? "application/octet-stream" : "application/json",
      "upstash-sync-token": gateway.syncToken,
    };
    const bytes = format === "resp2"
      ? toResp2(checked)
      : encoder.encode(many ? `[${jsonOf(checked).join(",")}]` : jsonOf(checked)[0]);
    meter.countOut(bytes.byteLength);
    return new Response(bytes, { status, headers });

    function jsonOf(replies: Reply[]) {
      return replies.map((reply) => toJson(reply, format === "base64"));
    }
  }

  function withinLimit(reply: Reply): Reply {
    const limit = limits.requestBytes;
    if (reply.type === "integer" || reply.type === "error") return reply;
    const bytes = bytesOf(reply);
    return bytes <= limit ? reply : { type: "error", message: limitErrors.request(limit, bytes) };
  }

  return {
    token,
    readOnlyToken,
    engine,
    meter,
    faults,
    fetch: async (request) => {
      try {
        return await handle(request);
      } catch (error) {
        if (error instanceof CallError) return failure(400, error.message);
        return failure(502, `ERR the local server failed: ${textOf(error)}`);
      }
    },
    close: async () => {
      streams.endAll();
      await engine.close();
    },
  };
}

const encoder = new TextEncoder();

/** @throws {CallError} when the headers ask for what does not go together */
function formatOf(request: Request, call: Call): Format {
  const base64 = request.headers.get("upstash-encoding")?.toLowerCase() === "base64";
  const wanted = request.headers.get("upstash-response-format")?.toLowerCase();
  if (wanted === undefined || wanted === "json") return base64 ? "base64" : "json";
  if (wanted !== "resp2") throw new CallError(`ERR unknown response format: ${wanted}`);
  if (base64) throw new CallError("ERR resp2 response format cannot be used with base64 encoding");
  if (call.form === "transaction") {
    throw new CallError("ERR resp2 response format is not supported for multi-exec");
  }
  return "resp2";
}

/** Waits and refuses as the faults say; `undefined` when the request goes on. */
async function suffer(
  struck: readonly RedisFaultKind[],
  clock: DevClock,
  limits: Limits,
  meter: Meter,
): Promise<Response | undefined> {
  for (const fault of struck) {
    if (fault.kind === "delay") {
      await new Promise<void>((resolve) => {
        if (fault.clock === "real") setTimeout(resolve, fault.ms);
        else clock.schedule(clock.now() + fault.ms, resolve);
      });
    }
    if (fault.kind === "refuse") return failure(fault.status ?? 503, "ERR unavailable");
    if (fault.kind === "disconnect") return brokenConnection("redis");
    if (fault.kind === "quota") {
      const usage = meter.commandsInMonth(clock.now());
      return failure(400, limitErrors.quota(limits.monthlyCommands ?? usage, usage));
    }
  }
  return undefined;
}

function namesIn(call: Call): string[] {
  switch (call.form) {
    case "command":
      return [nameOf(call.command)];
    case "pipeline":
    case "transaction":
      return call.commands.map(nameOf);
    default:
      return [call.form.toUpperCase()];
  }
}

function nameOf(command: readonly Uint8Array[]): string {
  if (command.length === 0) return "";
  return describe(command)?.name ?? new TextDecoder().decode(command[0]).toUpperCase();
}

function failure(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
