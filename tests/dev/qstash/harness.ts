/**
 * One QStash server on a virtual clock, with endpoints that answer in process.
 *
 * @module
 */
import { VirtualClock } from "../../../dev/clock.ts";
import {
  createQstashServer,
  type QstashServer,
  type QstashServerOptions,
} from "../../../dev/qstash/server.ts";

/** 2026-03-02T00:00:00Z, a Monday. */
export const START = Date.UTC(2026, 2, 2);

/** A delivery as the endpoint saw it. */
export interface Received {
  at: number;
  method: string;
  url: string;
  headers: Headers;
  body: string;
  bytes: Uint8Array;
}

/** Answers a delivery; may sleep on the clock. The index counts deliveries from 0. */
export type Handler = (
  received: Received,
  index: number,
) => Response | number | Promise<Response | number>;

export interface Harness {
  clock: VirtualClock;
  qstash: QstashServer;
  received: Received[];
  /** What a delivery is answered; 200 at first. */
  answer(handler: Handler): void;
  /** Calls the API with the server's token. */
  api(method: string, path: string, init?: ApiInit): Promise<Response>;
  /** The same, and reads the answer as JSON. */
  // deno-lint-ignore no-explicit-any
  json(method: string, path: string, init?: ApiInit): Promise<any>;
  /** Publishes to a URL; resolves to the message's id. */
  publish(destination: string, headers?: Record<string, string>, body?: string): Promise<string>;
  /** Seconds between the start and each delivery. */
  seconds(): number[];
}

export interface ApiInit {
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  token?: string | null;
}

export const HOUR_MS = 3_600_000;

export function createHarness(options: Partial<QstashServerOptions> = {}): Harness {
  const clock = new VirtualClock(START);
  const received: Received[] = [];
  let handler: Handler = () => 200;
  const qstash = createQstashServer({
    clock,
    transport: async (request) => {
      const bytes = new Uint8Array(await request.arrayBuffer());
      const { method, url, headers } = request;
      const body = new TextDecoder().decode(bytes);
      const delivery = { at: clock.now(), method, url, headers, body, bytes };
      received.push(delivery);
      const answer = await handler(delivery, received.length - 1);
      return typeof answer === "number" ? new Response(null, { status: answer }) : answer;
    },
    ...options,
  });
  const api: Harness["api"] = async (method, path, { headers, body, token } = {}) => {
    const given = token === undefined ? qstash.token : token;
    return await qstash.fetch(
      new Request(`http://qstash.test${path}`, {
        method,
        body,
        headers: { ...(given === null ? {} : { authorization: `Bearer ${given}` }), ...headers },
      }),
    );
  };
  const json: Harness["json"] = async (...call) => await (await api(...call)).json();
  return {
    clock,
    qstash,
    received,
    answer: (next) => handler = next,
    api,
    json,
    publish: async (destination, headers, body = "{}") => {
      const reply = await json("POST", `/v2/publish/${destination}`, { headers, body });
      if (reply.error) throw new Error(reply.error);
      return reply.messageId;
    },
    seconds: () => received.map(({ at }) => (at - START) / 1000),
  };
}
