/**
 * One mail server on a virtual clock, with a webhook's endpoint that answers in process.
 *
 * @module
 */
import { VirtualClock } from "../../../dev/clock.ts";
import {
  createMailServer,
  type MailServer,
  type MailServerOptions,
} from "../../../dev/mail/server.ts";

/** 2026-03-02T00:00:00Z, a Monday. */
export const START = Date.UTC(2026, 2, 2);
export const SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==";

/** A mail that nothing is wrong with. */
export const mail = {
  from: "Zeropoll <mail@zeropoll.example>",
  to: ["mona@example.com"],
  subject: "Hello",
  html: "<p>Hello</p>",
  text: "Hello",
};

/** A webhook as its endpoint saw it. */
export interface Told {
  at: number;
  headers: Headers;
  body: string;
  // deno-lint-ignore no-explicit-any
  json: any;
}

export interface Harness {
  clock: VirtualClock;
  server: MailServer;
  told: Told[];
  /** What the webhook is answered; 200 at first. */
  answerWebhooks(status: (index: number) => number): void;
  /** Calls the API with the server's token; headers of `null` are left out. */
  call(
    method: string,
    path: string,
    init?: { body?: unknown; headers?: Record<string, string | null> },
  ): Promise<Response>;
  /** Sends `mail` with these changes. */
  send(changes?: Record<string, unknown>, key?: string): Promise<Response>;
  /** Moves to the start of the next second: requests have their whole window. */
  nextSecond(): Promise<void>;
}

export function createHarness(options: Partial<MailServerOptions> = {}): Harness {
  const clock = new VirtualClock(START);
  const told: Told[] = [];
  let statusOf = (_index: number) => 200;
  const server = createMailServer({
    clock,
    ratePerSecond: 1_000,
    webhook: { url: "http://app.test/hooks/resend", secret: SECRET },
    transport: async (request) => {
      const body = await request.text();
      told.push({ at: clock.now(), headers: request.headers, body, json: JSON.parse(body) });
      const status = statusOf(told.length - 1);
      if (status === 0) throw new TypeError("nobody listens");
      return new Response(null, { status });
    },
    ...options,
  });
  const call: Harness["call"] = async (method, path, { body, headers = {} } = {}) => {
    const all = {
      "authorization": `Bearer ${server.token}`,
      "user-agent": "tests",
      "content-type": "application/json",
      ...headers,
    };
    return await server.fetch(
      new Request(`http://127.0.0.1${path}`, {
        method,
        headers: Object.entries(all).filter((row): row is [string, string] => row[1] !== null),
        body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
  };
  return {
    clock,
    server,
    told,
    answerWebhooks: (status) => statusOf = status,
    call,
    send: (changes, key) =>
      call("POST", "/emails", {
        body: { ...mail, ...changes },
        headers: { "idempotency-key": key ?? null },
      }),
    nextSecond: () => clock.advance(1_000 - clock.now() % 1_000),
  };
}
