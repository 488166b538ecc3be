/**
 * A tab of somebody's: it sends a message until that is accepted, and follows the reply until its end,
 * whatever breaks. Everything that it is told is held against what the model said.
 *
 * @module
 */
import { APP, type Said } from "./chat_fleet.ts";
import type { Random } from "./random.ts";
import type { Stage } from "./chat_stage.ts";

export interface TabParts {
  stage: Stage;
  random: Random;
  said: readonly Said[];
  /** Drops its connection now and then. */
  isRestless: boolean;
  complain(what: string): void;
}

/** A message, as a tab sends it. */
export interface Message {
  conversation: string;
  token: string;
  clientId: string;
  text: string;
  mode: "direct" | "queued";
  isStreamed: boolean;
  /** How often it is sent before the person gives up. */
  mostTries: number;
}

const LONGEST_STAY_MS = 3_000;
const LONGEST_AWAY_MS = 4_000;
const AGAIN_MS = 1_000;

export class Tab {
  reply?: string;
  text = "";
  /** How the reply ended, as it was told. */
  state?: string;
  resets = 0;
  #epoch = 0;
  #lastEventId?: string;
  #question: string;
  readonly #token: string;

  constructor(readonly parts: TabParts, { token, question }: { token: string; question: string }) {
    this.#token = token;
    this.#question = question;
  }

  /** Sends until it is accepted, then follows; false where the person gave up before. */
  async say(message: Message): Promise<boolean> {
    for (let tries = 0; this.reply === undefined; tries++) {
      if (tries === message.mostTries) return false;
      if (tries > 0) await this.#wait(AGAIN_MS);
      await this.#send(message);
    }
    await this.follow(this.reply);
    return true;
  }

  /** Follows until the end. */
  async follow(reply: string): Promise<void> {
    this.reply = reply;
    while (this.state === undefined) {
      await this.#connect(`/api/chat/replies/${reply}/stream`, {
        ...(this.#lastEventId && { headers: { "last-event-id": this.#lastEventId } }),
      });
      if (this.state === undefined) await this.#wait(AGAIN_MS);
    }
  }

  /** Stops the reply; nobody tries for long. */
  async stop(reply: string): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      const answer = await this.#call(`/api/chat/replies/${reply}`, { method: "DELETE" });
      await answer?.body?.cancel();
      if (answer?.ok) return;
      await this.#wait(AGAIN_MS);
    }
  }

  async #send({ conversation, clientId, text, mode, isStreamed }: Message): Promise<void> {
    const path = `/api/chat/conversations/${conversation}/messages`;
    const init = { method: "POST", body: JSON.stringify({ text, clientId, mode }) };
    if (isStreamed) {
      return await this.#connect(path, { ...init, headers: { accept: "text/event-stream" } });
    }
    const answer = await this.#call(path, init);
    const body = await answer?.json().catch(() => undefined);
    if (answer?.status === 202 && body) this.reply = body.reply.id;
  }

  async #connect(path: string, init: RequestInit): Promise<void> {
    const { random, stage, isRestless } = this.parts;
    const leaving = new AbortController();
    const dropsAt = isRestless && random.chance(0.5)
      ? stage.schedule(stage.now() + random.below(LONGEST_STAY_MS), () => leaving.abort())
      : undefined;
    const answer = await this.#call(path, { ...init, signal: leaving.signal });
    try {
      if (answer?.ok && answer.body) await this.#read(answer.body);
      else await answer?.body?.cancel();
    } catch {
      // Broken off by the other side, or left.
    }
    dropsAt?.cancel();
    if (leaving.signal.aborted) await this.#wait(random.below(LONGEST_AWAY_MS));
  }

  /** Undefined where there is no answer. */
  async #call(path: string, init: RequestInit): Promise<Response | undefined> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
    try {
      const answer = await this.parts.stage.fetch(APP + path, { ...init, headers });
      const isExpected = answer.ok || answer.status === 429 || answer.status >= 500;
      if (!isExpected) this.parts.complain(`${init.method ?? "GET"} ${path}: ${answer.status}`);
      return answer;
    } catch {
      return undefined;
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of body) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
        const event = field("event");
        if (event) this.#take(event, JSON.parse(field("data")!), field("id"));
      }
    }
  }

  // deno-lint-ignore no-explicit-any -- whatever the app says
  #take(event: string, data: any, id: string | undefined): void {
    const { complain } = this.parts;
    const name = `a tab of ${this.reply ?? this.#question}`;
    if (this.state !== undefined) complain(`${name} is told ${event} after the end`);
    if (id !== undefined) {
      this.#lastEventId = id;
      const [epoch] = id.split(":").map(Number);
      if (epoch < this.#epoch) complain(`${name} goes from epoch ${this.#epoch} to ${epoch}`);
      this.#epoch = epoch;
    }
    if (event === "accepted") this.reply = data.reply.id;
    else if (event === "reset") {
      this.text = "";
      this.resets++;
    } else if (event === "end") this.state = data.state;
    else if (event === "text") {
      this.text += data.text;
      const offset = Number(id?.split(":")[1]);
      if (offset !== this.text.length) {
        complain(`${name} holds ${this.text.length} characters at ${id}`);
      }
      this.#compare(name);
    }
  }

  /** What it holds is how one answer of the model to its question begins. */
  #compare(name: string): void {
    const number = /^#(\d+) /.exec(this.text)?.[1];
    const said = number === undefined ? undefined : this.parts.said[Number(number)];
    if (said?.question === this.#question && said.text.startsWith(this.text)) return;
    this.parts.complain(`${name} holds what nobody said: ${this.text.slice(0, 60)}`);
  }

  #wait(ms: number): Promise<void> {
    return this.parts.stage.sleep(ms);
  }
}
