/**
 * Mail through Resend's HTTP API.
 *
 * @module
 */
import { MailUnavailableError } from "../errors.ts";
import type { Mailer } from "../ports.ts";

export interface ResendOptions {
  apiKey: string;
  /** Without a trailing slash. */
  baseUrl: string;
  /** How long one call may take, in ms. Default: 10,000. */
  timeoutMs?: number;
}

/** Makes the mailer; one for each isolate. */
export function createResend({ apiKey, baseUrl, timeoutMs = 10_000 }: ResendOptions): Mailer {
  return {
    async send({ from, to, subject, html, text, headers }, idempotencyKey) {
      const response = await fetch(`${baseUrl}/emails`, {
        method: "POST",
        headers: {
          "authorization": `Bearer ${apiKey}`,
          "content-type": "application/json",
          "idempotency-key": idempotencyKey,
        },
        body: JSON.stringify({ from, to: [to], subject, html, text, headers }),
        signal: AbortSignal.timeout(timeoutMs),
      }).catch((cause) => {
        throw new MailUnavailableError("Cannot send mail: no answer", { cause });
      });
      if (!response.ok) throw new MailUnavailableError(`Cannot send mail: ${response.status}`);
      const { id } = await response.json();
      return { id };
    },
  };
}
