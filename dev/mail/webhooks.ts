/**
 * Tells an endpoint what became of each mail, as Resend does: signed by Svix's scheme, and sent
 * again until it is answered with 2xx.
 *
 * Everything is due on the server's clock. Eight attempts over 27 hours; then it is given up.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import type { DevClock, Timer } from "../clock.ts";
import type { Transport } from "../qstash/deliver.ts";
import { type AcceptedMail, eventsOf, type MailEvent } from "./mail.ts";
import { apiTime } from "./retrieve.ts";

export interface WebhookTarget {
  url: string;
  /** `whsec_` and the key in base64. */
  secret: string;
}

export interface WebhooksOptions {
  clock: DevClock;
  target: WebhookTarget;
  transport: Transport;
  newId: () => string;
  /** Called when a mail got on, or its webhook did. */
  onChange(): void;
}

/** What was told, or is to be told again. */
export interface WebhookMessage {
  /** The same in every attempt. */
  readonly id: string;
  readonly type: `email.${MailEvent}`;
  readonly mailId: string;
  readonly state: "waiting" | "delivered" | "failed";
  readonly attempts: number;
  /** HTTP status of the last answer; 0 without one. */
  readonly status?: number;
}

interface Sending {
  id: string;
  type: `email.${MailEvent}`;
  mailId: string;
  state: WebhookMessage["state"];
  attempts: number;
  status?: number;
  body: string;
}

const RETRY_AFTER_MS = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map((s) => s * 1_000);
const TIMEOUT_MS = 15_000;
/** Beyond these the oldest are forgotten, not cancelled. */
const MOST_KEPT = 10_000;

export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #sent: Sending[] = [];
  readonly #timers = new Set<Timer>();
  readonly #closing = new AbortController();

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  /** Tells of everything that becomes of the mail, at its time. */
  follow(mail: AcceptedMail): void {
    for (const { event, at } of eventsOf(mail)) {
      this.#at(at, () => this.#begin(mail, event, at));
    }
  }

  /** What was told so far, the oldest first. */
  list(): WebhookMessage[] {
    return this.#sent.map(({ body: _, ...message }) => ({ ...message }));
  }

  /** Breaks off what is under way and forgets what is due. */
  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #begin(mail: AcceptedMail, event: MailEvent, at: number): Promise<void> {
    const sending: Sending = {
      id: `msg_${this.#options.newId().replaceAll("-", "")}`,
      type: `email.${event}`,
      mailId: mail.id,
      state: "waiting",
      attempts: 0,
      body: JSON.stringify(payloadOf(mail, event, at)),
    };
    this.#sent.push(sending);
    if (this.#sent.length > MOST_KEPT) this.#sent.shift();
    return this.#attempt(sending);
  }

  async #attempt(sending: Sending): Promise<void> {
    const { clock, transport, onChange } = this.#options;
    sending.attempts++;
    sending.status = await transport(this.#request(sending)).then(
      async ({ status, body }) => {
        await body?.cancel();
        return status;
      },
      // Nobody listens there, or not in time: as good as a bad answer.
      () => 0,
    );
    if (this.#closing.signal.aborted) return;
    const waitMs = RETRY_AFTER_MS[sending.attempts - 1];
    if (sending.status >= 200 && sending.status < 300) sending.state = "delivered";
    else if (waitMs === undefined) sending.state = "failed";
    else this.#at(clock.now() + waitMs, () => this.#attempt(sending));
    onChange();
  }

  #request({ id, body }: Sending): Request {
    const { clock, target } = this.#options;
    const timestamp = String(Math.floor(clock.now() / 1_000));
    return new Request(target.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "Svix-Webhooks/1.0",
        "svix-id": id,
        "svix-timestamp": timestamp,
        "svix-signature": signWebhook(target.secret, { id, timestamp, body }),
      },
      body,
      redirect: "manual",
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
  }

  #at(at: number, task: () => Promise<void>): void {
    const timer = this.#options.clock.schedule(at, () => {
      this.#timers.delete(timer);
      return task();
    });
    this.#timers.add(timer);
  }
}

/** The signature of one attempt, as Svix writes it: version 1, HMAC-SHA256 in base64. */
export function signWebhook(
  secret: string,
  { id, timestamp, body }: { id: string; timestamp: string; body: string },
): string {
  const key = Uint8Array.fromBase64(secret.replace(/^whsec_/, ""));
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function payloadOf(mail: AcceptedMail, event: MailEvent, at: number) {
  const { id, from, to, subject, tags } = mail;
  return {
    type: `email.${event}`,
    created_at: new Date(at).toISOString(),
    data: {
      created_at: apiTime(mail.at),
      email_id: id,
      from,
      to,
      subject,
      ...(event === "bounced" && {
        bounce: {
          message: "The recipient's mail server permanently rejected the email.",
          subType: "General",
          type: "Permanent",
        },
      }),
      ...(tags.length > 0 && {
        tags: Object.fromEntries(tags.map(({ name, value }) => [name, value])),
      }),
    },
  };
}
