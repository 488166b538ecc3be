/**
 * A QStash server on virtual time, the vendor's client for it, and an endpoint that records
 * what it is sent: all over real HTTP.
 *
 * @module
 */
import { Client, type PublishBatchRequest } from "@upstash/qstash";
import { VirtualClock } from "../../dev/clock.ts";
import { type PlanName } from "../../dev/qstash/plans.ts";
import { createQstashServer, type QstashServer } from "../../dev/qstash/server.ts";
import { listen } from "../../dev/server.ts";

/** One request that the endpoint got. */
export interface Call {
  method: string;
  /** Path and query as they were sent. */
  target: string;
  headers: Headers;
  text: string;
}

export interface TestEndpoint {
  readonly calls: Call[];
  url(path: string): string;
  /** The only call to this path. */
  call(path: string): Call;
  /** What calls to `path` are answered, in turn; the last goes on. Default: 200. */
  answer(path: string, ...answers: (number | Response)[]): void;
}

export interface Cloud {
  server: QstashServer;
  url: string;
  token: string;
  clock: VirtualClock;
  client: Client;
  endpoint: TestEndpoint;
  clientWith(options: { token: string }): Client;
  /** A request to the server, with its token. */
  api(method: string, path: string, body?: unknown): Promise<Response>;
}

/** Runs `test` with a server of its own, and stops it. */
export async function withCloud(
  test: (cloud: Cloud) => Promise<void>,
  options: { plan?: PlanName } = {},
): Promise<void> {
  const clock = new VirtualClock();
  const server = createQstashServer({ clock, ...options });
  const listening = listen((request, info) => server.fetch(request, info));
  const { token } = server;
  const { url } = listening;
  const { endpoint, close } = startEndpoint();
  const clientWith = (credentials: { token: string }) =>
    new Client({ baseUrl: url, devMode: false, retry: false, ...credentials });
  try {
    await test({
      server,
      url,
      token,
      clock,
      client: clientWith({ token }),
      endpoint,
      clientWith,
      api: (method, path, body) =>
        fetch(url + path, {
          method,
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: body === undefined ? undefined : JSON.stringify(body),
        }),
    });
  } finally {
    await server.close();
    await listening.close();
    await close();
  }
}

/** The SDK's batch(), whose type cannot tell messages to a URL from messages to a group. */
export async function batch(
  client: Client,
  messages: PublishBatchRequest[],
): Promise<{ messageId: string }[]> {
  return await client.batch(messages) as { messageId: string }[];
}

/** What the vendor's client throws: the answer's status, and its body as the message. */
export async function refusal(act: () => Promise<unknown>): Promise<Error & { status: number }> {
  const { error } = console;
  // The client also prints each failure; here it is the expected one.
  console.error = () => {};
  try {
    await act();
  } catch (thrown) {
    return thrown as Error & { status: number };
  } finally {
    console.error = error;
  }
  throw new Error("It was not refused");
}

function startEndpoint(): { endpoint: TestEndpoint; close(): Promise<void> } {
  const calls: Call[] = [];
  const answers = new Map<string, (number | Response)[]>();
  const server = listen(async (request) => {
    const target = request.url.slice(request.url.indexOf("/", "http://".length));
    const text = await request.text();
    calls.push({ method: request.method, target, headers: request.headers, text });
    const planned = answers.get(new URL(request.url).pathname) ?? [200];
    const answer = planned.length > 1 ? planned.shift()! : planned[0];
    return typeof answer === "number" ? new Response("", { status: answer }) : answer.clone();
  });
  const endpoint: TestEndpoint = {
    calls,
    url: (path) => server.url + path,
    call: (path) => {
      const found = calls.filter(({ target }) => target === path);
      if (found.length !== 1) throw new Error(`${path} was called ${found.length} times`);
      return found[0];
    },
    answer: (path, ...planned) => answers.set(path, planned),
  };
  return { endpoint, close: () => server.close() };
}
