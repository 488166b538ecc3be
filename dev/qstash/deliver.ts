/**
 * One call to one endpoint: signed, timed by the server's clock, never rejected.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import { isForwardable, toHeaderMap } from "./header_map.ts";
import type { KeyRing } from "./keys.ts";
import type { DeliveryResponse, Message } from "./model.ts";
import { signDelivery } from "./signing.ts";

/** Sends a delivery; rejects when there is no answer. */
export type Transport = (request: Request) => Promise<Response>;

/** How a call ended. */
export type Outcome =
  | { ok: true; response: DeliveryResponse }
  | { ok: false; response: DeliveryResponse; headers: Headers; error: string };

export interface DelivererOptions {
  clock: DevClock;
  keys: KeyRing;
  transport: Transport;
  /** A response is cut here. */
  maxResponseBytes: number;
}

export class Deliverer {
  constructor(readonly options: DelivererOptions) {}

  /** Calls the endpoint once. */
  async call(message: Message, signal: AbortSignal): Promise<Outcome> {
    const { transport, maxResponseBytes } = this.options;
    try {
      const response = await transport(this.#request(message, signal));
      const answer: DeliveryResponse = {
        status: response.status,
        header: toHeaderMap(response.headers),
        body: await readAtMost(response, maxResponseBytes),
      };
      if (response.status >= 200 && response.status < 300) return { ok: true, response: answer };
      const error = `endpoint answered with status ${response.status}`;
      return { ok: false, response: answer, headers: response.headers, error };
    } catch (error) {
      return noAnswer(error instanceof Error ? error.message : String(error));
    }
  }

  #request(message: Message, signal: AbortSignal): Request {
    const { clock, keys } = this.options;
    const { spec, endpoint } = message;
    // fetch refuses a body here, and the signature must cover what is really sent.
    const bodiless = spec.method === "GET" || spec.method === "HEAD";
    const body = bodiless ? new Uint8Array() : spec.body;

    const headers = new Headers();
    for (const [name, values] of Object.entries(spec.header)) {
      if (isForwardable(name)) { for (const value of values) headers.append(name, value); }
    }
    headers.set("User-Agent", "Upstash-QStash");
    headers.set("Upstash-Message-Id", message.id);
    headers.set("Upstash-Retried", String(message.retried));
    headers.set("Upstash-Caller-Ip", spec.callerIp);
    headers.set("Upstash-Region", "EU-CENTRAL-1");
    if (endpoint.topicName) headers.set("Upstash-Topic-Name", endpoint.topicName);
    if (message.scheduleId) headers.set("Upstash-Schedule-Id", message.scheduleId);
    headers.set(
      "Upstash-Signature",
      signDelivery({ key: keys.keys.current, url: endpoint.url, body, now: clock.now() }),
    );
    return new Request(endpoint.url, {
      method: spec.method,
      headers,
      body: bodiless || body.length === 0 ? undefined : body as Uint8Array<ArrayBuffer>,
      redirect: "manual",
      signal,
    });
  }
}

/** An outcome without an answer: a timeout, or a connection that failed. */
export function noAnswer(error: string): Outcome {
  const response = { status: 0, header: {}, body: new Uint8Array() };
  return { ok: false, response, headers: new Headers(), error };
}

/**
 * The transport of a server on loopback: no redirects, and no connection is used twice,
 * because an endpoint that was restarted on its port must not be answered for by the old one.
 */
export function createNetworkTransport(): { transport: Transport; close(): void } {
  let client: Deno.HttpClient | undefined;
  return {
    transport: (request) => {
      client ??= Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      return fetch(request, { client });
    },
    close: () => {
      client?.close();
      client = undefined;
    },
  };
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array();
  const declared = Number(response.headers.get("content-length") ?? NaN);
  if (declared <= maxBytes) return new Uint8Array(await response.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk.subarray(0, maxBytes - length));
    length += chunks[chunks.length - 1].length;
    if (length >= maxBytes) break;
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
