/**
 * `fetch` to servers in this process: it can be aborted, and broken off on either side, as over a socket.
 *
 * @module
 */

export type Server = (request: Request) => Promise<Response> | Response;

/** Makes a `fetch` that asks whoever serves the origin. */
export function loopback(find: (origin: string) => Server | undefined): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { signal } = request;
    const server = find(new URL(request.url).origin);
    if (!server) throw new TypeError(`nobody listens at ${new URL(request.url).origin}`);
    signal.throwIfAborted();
    const body = request.body ? await request.arrayBuffer() : undefined;
    const { url, method, headers } = request;
    const answer = Promise.resolve(server(new Request(url, { method, headers, body })));
    const response = await endedBy(signal, answer, (late) => late.body?.cancel());
    // As dev/broken_connection.ts has it.
    if (response.headers.has("x-broken-by-fault-0")) throw new TypeError("connection closed");
    return withBody(response, signal);
  };
}

/** The same answer; its body fails, and is left, once `signal` aborts. */
export function withBody(response: Response, signal: AbortSignal): Response {
  const { body, status, headers } = response;
  if (!body) return response;
  const reader = body.getReader();
  const piped = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await endedBy(signal, reader.read());
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        reader.cancel().catch(() => {});
        controller.error(error);
      }
    },
    cancel: () => reader.cancel(),
  });
  return new Response(piped, { status, headers });
}

/** What `work` resolves to, unless the signal aborts before; `late` gets what comes then. */
export function endedBy<T>(
  signal: AbortSignal,
  work: Promise<T>,
  late: (result: T) => unknown = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then((result) => {
      signal.removeEventListener("abort", abort);
      // Who has left does not hear how the leaving went.
      if (signal.aborted) (async () => await late(result))().catch(() => {});
      resolve(result);
    }, reject);
  });
}
