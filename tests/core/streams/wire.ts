/**
 * A way to Redis over HTTP that knows when all that was sent has arrived.
 *
 * With it a test on a virtual clock can wait for what really takes time, without guessing how long.
 *
 * @module
 */
import { setImmediate } from "node:timers";

type Handler = (request: Request) => Promise<Response>;

/** One event stream, from the server's end to the caller's. */
interface Line {
  sent: number;
  received: number;
  isOpen: boolean;
  isHeard: boolean;
}

/** Put `serve` before the server, and give the caller `fetch`. */
export class Wire {
  #calls = 0;
  readonly #lines = new Map<string, Line>();
  #next = 0;

  /** Event streams that the server holds open. */
  get open(): number {
    return [...this.#lines.values()].filter(({ isOpen }) => isOpen).length;
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    this.#calls++;
    const number = `${this.#next++}`;
    const headers = { ...init.headers as Record<string, string>, "x-line": number };
    try {
      const response = await globalThis.fetch(url, { ...init, headers });
      const line = this.#lines.get(number);
      if (!line || !response.body) return this.#whole(response);
      return new Response(this.#heard(response.body, line), response);
    } catch (error) {
      this.#lines.delete(number);
      throw error;
    } finally {
      this.#calls--;
    }
  };

  serve(request: Request, handler: Handler): Promise<Response> {
    return handler(request).then((response) => {
      if (!response.headers.get("content-type")?.includes("event-stream")) return response;
      const line = { sent: 0, received: 0, isOpen: true, isHeard: true };
      this.#lines.set(request.headers.get("x-line")!, line);
      return new Response(this.#spoken(response.body!, line), response);
    });
  }

  /** Resolves once no call is on its way, and every stream was heard to the end of what was said. */
  async calm(): Promise<void> {
    for (let quiet = 0; quiet < 4;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      quiet = this.#isBusy() ? 0 : quiet + 1;
    }
  }

  #isBusy(): boolean {
    if (this.#calls > 0) return true;
    return [...this.#lines.values()].some((line) =>
      line.isOpen !== line.isHeard || (line.isOpen && line.received < line.sent)
    );
  }

  /** The body is read within the call, so that it is over when the answer is there. */
  async #whole(response: Response): Promise<Response> {
    return new Response(await response.text(), response);
  }

  #spoken(body: ReadableStream<Uint8Array>, line: Line): ReadableStream<Uint8Array> {
    return watched(body, (bytes) => line.sent += bytes, () => line.isOpen = false);
  }

  #heard(body: ReadableStream<Uint8Array>, line: Line): ReadableStream<Uint8Array> {
    return watched(body, (bytes) => line.received += bytes, () => line.isHeard = false);
  }
}

/** The same stream, telling what passes and when it is over, whoever ended it. */
function watched(
  body: ReadableStream<Uint8Array>,
  onBytes: (bytes: number) => void,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async start(controller) {
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          onBytes(value.byteLength);
          controller.enqueue(value);
        }
        controller.close();
      } catch (error) {
        try {
          controller.error(error);
        } catch {
          // Cancelled by its reader.
        }
      } finally {
        onEnd();
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
