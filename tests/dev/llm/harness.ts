/**
 * One language model's server on a virtual clock, called in process.
 *
 * @module
 */
import assert from "node:assert/strict";
import { VirtualClock } from "../../../dev/clock.ts";
import { createLlmServer, type LlmServer, type LlmServerOptions } from "../../../dev/llm/server.ts";

/** 2026-03-02T00:00:00Z, a Monday. */
export const START = Date.UTC(2026, 2, 2);

export interface Harness {
  clock: VirtualClock;
  server: LlmServer;
  /** Calls the API with the server's token; headers of `null` are left out. */
  call(
    method: string,
    path: string,
    init?: { body?: unknown; headers?: Record<string, string | null> },
  ): Promise<Response>;
  /** Asks for an answer to `question`, with these changes to the request. */
  ask(question: string, changes?: Record<string, unknown>): Promise<Response>;
  /** The same, streamed. */
  listen(question: string, changes?: Record<string, unknown>): Promise<Listener>;
}

export function createHarness(options: Partial<LlmServerOptions> = {}): Harness {
  const clock = new VirtualClock(START);
  let ids = 0;
  const server = createLlmServer({ clock, newId: () => `${++ids}`, ...options });
  const call: Harness["call"] = async (method, path, { body, headers } = {}) => {
    const given = {
      "authorization": `Bearer ${server.token}`,
      "content-type": "application/json",
      ...headers,
    };
    return await server.fetch(
      new Request(`http://llm.test${path}`, {
        method,
        headers: Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== null),
        body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
  };
  const ask: Harness["ask"] = (question, changes) =>
    call("POST", "/v1/chat/completions", {
      body: { model: "gpt-5-mini", messages: [{ role: "user", content: question }], ...changes },
    });
  return {
    clock,
    server,
    call,
    ask,
    listen: async (question, changes) =>
      new Listener(await ask(question, { stream: true, ...changes })),
  };
}

/** Keeps what a stream has said so far. */
export class Listener {
  readonly #reader: ReadableStreamDefaultReader<string>;
  /** Everything that came, as it was sent. */
  raw = "";
  /** `done`, or what broke it. */
  end?: string;

  constructor(readonly response: Response) {
    assert.equal(response.status, 200);
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    void this.#read();
  }

  /** The data of each event. */
  get events(): string[] {
    return this.raw.split("\n\n").filter(Boolean).map((event) => event.replace(/^data: /, ""));
  }

  // deno-lint-ignore no-explicit-any
  get chunks(): any[] {
    return this.events.filter((data) => data.startsWith("{") && data.endsWith("}"))
      .map((data) => JSON.parse(data));
  }

  get tokens(): string[] {
    return this.chunks.map(({ choices }) => choices?.[0]?.delta.content).filter(Boolean);
  }

  /** Resolves once `end` is there; it takes no more than real time. */
  async ended(): Promise<void> {
    for (let turn = 0; turn < 1_000 && this.end === undefined; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.ok(this.end !== undefined, "the stream did not end");
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<void> {
    try {
      for (let part = await this.#reader.read(); !part.done; part = await this.#reader.read()) {
        this.raw += part.value;
      }
      this.end = "done";
    } catch (error) {
      this.end = String(error);
    }
  }
}
