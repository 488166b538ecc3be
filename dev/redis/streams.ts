/**
 * Server-sent events: SUBSCRIBE, PSUBSCRIBE and MONITOR.
 *
 * Frames are plain text after `data: `, ended by a blank line, with LF alone. A payload goes out
 * as it is, so one that holds a line break reads wrong at the client: at Upstash too.
 *
 * @module
 */
import type { Command, Engine } from "./engines/engine.ts";
import type { Meter } from "./meter.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const DATA = encoder.encode("data: ");
const END = encoder.encode("\n\n");

interface Stream {
  send(...parts: (string | Uint8Array)[]): void;
  end(): void;
  /** Stops what feeds it, and leaves it open. */
  mute(): void;
}

export class EventStreams {
  readonly #engine: Engine;
  readonly #meter: Meter;
  readonly #open = new Set<Stream>();
  readonly #monitors = new Set<Stream>();

  constructor(engine: Engine, meter: Meter) {
    this.#engine = engine;
    this.#meter = meter;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Answers with what is published to the channels or patterns, from now on. */
  async subscribe(kind: "channel" | "pattern", names: readonly string[]): Promise<Response> {
    const undo: (() => void)[] = [];
    const { stream, response } = this.#openStream(() => {
      for (const stop of undo.splice(0)) stop();
    });
    const verb = kind === "channel" ? "subscribe" : "psubscribe";
    try {
      for (const [index, name] of names.entries()) {
        const stop = await this.#engine.subscribe(kind, name, (message) => {
          const { channel, pattern, payload } = message;
          if (pattern === undefined) stream.send(`message,${channel},`, payload);
          else stream.send(`pmessage,${pattern},${channel},`, payload);
        }, stream.end);
        // Whoever asked may be gone by now.
        if (!this.#open.has(stream)) stop();
        else undo.push(stop);
        stream.send(`${verb},${name},${index + 1}`);
      }
    } catch (error) {
      stream.end();
      throw error;
    }
    return response;
  }

  /** Answers with every command that runs from now on. */
  monitor(): Response {
    const { stream, response } = this.#openStream(() => void this.#monitors.delete(stream));
    this.#monitors.add(stream);
    stream.send('"OK"');
    return response;
  }

  /** Shows a command to those who monitor; `now` is epoch ms. */
  show(command: Command, now: number): void {
    if (this.#monitors.size === 0) return;
    const words = command.map((word) => JSON.stringify(decoder.decode(word))).join(" ");
    const line = `${(now / 1000).toFixed(6)} [0 127.0.0.1:0] ${words}`;
    for (const stream of this.#monitors) stream.send(line);
  }

  /** Ends all of them, without a word. */
  endAll(): void {
    for (const stream of [...this.#open]) stream.end();
  }

  /** Lets all of them go quiet: open, but nothing arrives. */
  muteAll(): void {
    for (const stream of [...this.#open]) stream.mute();
  }

  #openStream(stop: () => void): { stream: Stream; response: Response } {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const forget = () => {
      this.#open.delete(stream);
      stop();
    };
    const body = new ReadableStream<Uint8Array>({
      start: (each) => void (controller = each),
      cancel: forget,
    });
    const stream: Stream = {
      send: (...parts) => {
        if (!this.#open.has(stream)) return;
        const frame = frameOf(parts);
        this.#meter.countOut(frame.byteLength);
        controller.enqueue(frame);
      },
      end: () => {
        if (!this.#open.has(stream)) return;
        forget();
        controller.close();
      },
      mute: stop,
    };
    this.#open.add(stream);
    const response = new Response(body, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "connection": "keep-alive",
      },
    });
    return { stream, response };
  }
}

function frameOf(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const pieces = [
    DATA,
    ...parts.map((part) => typeof part === "string" ? encoder.encode(part) : part),
    END,
  ];
  const frame = new Uint8Array(pieces.reduce((total, piece) => total + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    frame.set(piece, at);
    at += piece.byteLength;
  }
  return frame;
}
