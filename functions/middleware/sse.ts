/**
 * Events as server-sent events.
 *
 * One event is asked for when the client has room for it, so a slow client slows its own source
 * alone. A comment every 15 s keeps proxies from closing the connection; it costs nothing elsewhere.
 *
 * @module
 */
import type { Context } from "hono";
import * as z from "zod";
import { networkOf, type ReplyPlace } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { addressOf } from "./address.ts";
import { parseShape } from "./body.ts";
import type { OpenStream } from "./open_streams.ts";

const HEARTBEAT_MS = 15_000;
/** What EventSource waits before it connects again. */
const RETRY_MS = 1_000;

const headers = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  // Asks nginx, and what understands its header, to pass on each event as it comes.
  "X-Accel-Buffering": "no",
};

/** One event; `data` is written as JSON, in one line. */
export interface SseEvent {
  id?: string;
  event: string;
  data: unknown;
}

export interface SseOptions {
  /** Aborted when the client has gone: `events` is to end then. */
  leaving: AbortController;
  /** Its place among those that are open; ended with it. */
  open?: OpenStream;
  /** Default: 200. */
  status?: 200 | 202;
}

/** Counts a stream of this request's. @throws {RequestError} `streams_exceeded` */
export function beginStream(c: Context<AppEnv>, user: string): OpenStream {
  const network = networkOf(addressOf(c) ?? "");
  return c.var.deps.memory.openStreams.begin({ user, network });
}

/**
 * Answers with `events`, and closes after the last. The request lasts as long: its log line, its
 * tally and its connection to Postgres serve the source as well. A source that throws ends the
 * stream without a word, so that the client connects again.
 */
export function sseResponse(
  c: Context<AppEnv>,
  events: AsyncIterable<SseEvent>,
  { leaving, open, status = 200 }: SseOptions,
): Response {
  if (c.req.method === "HEAD") {
    // Hono drops the body unread: nothing would ever end it.
    leaving.abort();
    open?.end();
    return c.body(null, status, headers);
  }
  const { log, sleep } = c.var.deps;
  const encoder = new TextEncoder();
  const iterator = events[Symbol.asyncIterator]();
  const over = Promise.withResolvers<void>();
  const end = () => {
    open?.end();
    over.resolve();
  };
  let isOpen = true;

  async function beat(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      await sleep(HEARTBEAT_MS);
      if (!isOpen) return;
      open?.renew();
      // A client that reads nothing gets no more to read.
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(": \n\n"));
    }
  }

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
      void beat(controller);
    },
    async pull(controller) {
      let next: IteratorResult<SseEvent> | undefined;
      try {
        next = await iterator.next();
      } catch (error) {
        log.error("stream.failed", { error: error instanceof Error ? error.message : `${error}` });
      }
      if (!isOpen) return;
      if (next && !next.done) return controller.enqueue(encoder.encode(frameOf(next.value)));
      isOpen = false;
      controller.close();
      end();
    },
    async cancel() {
      isOpen = false;
      leaving.abort();
      try {
        await iterator.return?.();
      } finally {
        end();
      }
    },
  }, { highWaterMark: 1 });

  // On workerd nothing runs on once the client has gone, unless the request is told to last.
  c.var.outlive(over.promise);
  return c.body(body, status, headers);
}

function frameOf({ id, event, data }: SseEvent): string {
  const head = id === undefined ? "" : `id: ${id}\n`;
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

const Place = z.string().regex(/^\d{1,9}:\d{1,9}$/, "must be <epoch>:<offset>");

/**
 * What the client holds: by its `Last-Event-ID`, which a browser keeps up to date when it connects
 * again, else by `?after=`. Undefined where it says neither.
 *
 * @throws {BodyInvalidError}
 */
export function readPlace(c: Context<AppEnv>): ReplyPlace | undefined {
  const last = c.req.header("Last-Event-ID");
  const [given, path, where] = last
    ? [last, "Last-Event-ID", "headers"]
    : [c.req.query("after"), "after", "query"];
  if (!given) return undefined;
  const checked = parseShape(z.object({ [path!]: Place }), { [path!]: given }, where);
  const [epoch, offset] = checked[path!].split(":").map(Number);
  return { epoch, offset };
}
