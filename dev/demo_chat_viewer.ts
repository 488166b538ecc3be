/**
 * A tab that looks on as a reply is made: it may leave at any place, and goes on from there.
 *
 * @module
 */

/** Opens a stream; `lastEventId` is what the tab holds. */
export type OpenStream = (
  options: { lastEventId?: string; signal: AbortSignal },
) => Promise<Response>;

// deno-lint-ignore no-explicit-any -- the demo knows what it is told
type Data = any;

/** One tab and one reply. */
export class Viewer {
  text = "";
  /** How the reply ended, once it has. */
  state?: string;
  /** When the first text came, by `performance.now()`. */
  firstTextAt?: number;
  /** How often it connected, and of these again after it had left. */
  connections = 0;
  /** What was wrong with what it was told. */
  readonly complaints: string[] = [];
  #lastEventId?: string;
  #controller?: AbortController;
  #waiting: { length: number; resolve(): void }[] = [];

  /** The first event of a stream that answers a message. */
  readonly accepted = Promise.withResolvers<Data>();

  /** Connects, and reads until the stream ends or it leaves. */
  async read(open: OpenStream): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    this.connections++;
    try {
      const response = await patiently(() =>
        open({ lastEventId: this.#lastEventId, signal: controller.signal })
      );
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      await this.#readEvents(response.body!);
    } catch (error) {
      if (!controller.signal.aborted) {
        this.complaints.push(`a stream broke: ${error instanceof Error ? error.message : error}`);
      }
    }
    if (this.state === undefined && !controller.signal.aborted) {
      this.complaints.push("a stream ended before its reply");
    }
    this.#wake(Infinity);
    const because = this.complaints[0] ?? "its stream said nothing";
    this.accepted.reject(new Error(`the message was not accepted: ${because}`));
    // Nobody waits for it where the tab only follows.
    this.accepted.promise.catch(() => {});
  }

  leave(): void {
    this.#controller?.abort();
  }

  /** Resolves once it holds so many characters, or its stream is over. */
  holds(length: number): Promise<void> {
    if (this.text.length >= length || this.state !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ length, resolve }));
  }

  async #readEvents(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
        const event = field("event");
        if (event) this.#take(event, JSON.parse(field("data")!), field("id"));
      }
    }
  }

  #take(event: string, data: Data, id: string | undefined): void {
    if (id !== undefined) this.#lastEventId = id;
    if (event === "accepted") this.accepted.resolve(data);
    else if (event === "reset") this.text = "";
    else if (event === "end") this.state = data.state;
    else if (event === "idle") this.complaints.push("it was told of silence");
    else if (event === "text") {
      this.text += data.text;
      this.firstTextAt ??= performance.now();
      const offset = Number(id?.split(":")[1]);
      if (offset !== this.text.length) {
        this.complaints.push(`it holds ${this.text.length} characters at ${id}`);
      }
    }
    this.#wake(this.state === undefined ? this.text.length : Infinity);
  }

  #wake(length: number): void {
    const ready = this.#waiting.filter((waiting) => waiting.length <= length);
    this.#waiting = this.#waiting.filter((waiting) => waiting.length > length);
    for (const { resolve } of ready) resolve();
  }
}

/** Asks again, as /chat.js does, where the app cannot answer for now: a machine may be slow. */
export async function patiently(
  ask: () => Promise<Response>,
  waitsMs: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000],
): Promise<Response> {
  for (const waitMs of waitsMs) {
    const response = await ask();
    if (response.status < 500) return response;
    await response.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  return await ask();
}
