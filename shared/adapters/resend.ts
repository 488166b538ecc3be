/**
 * Mail through Resend's HTTP API.
 *
 * One request for each mail and no retry of its own: the job that sends knows when to come again,
 * and the idempotency key makes that safe.
 *
 * @module
 */
import { asciiAddress } from "../contracts/email_address.ts";
import { MailUnavailableError } from "../errors.ts";
import type { Clock, Mailer } from "../ports.ts";
import { failureOf, noAnswer, readJson } from "./resend_errors.ts";
import { systemClock } from "./system.ts";

export interface ResendOptions {
  apiKey: string;
  /** Without a trailing slash. */
  baseUrl: string;
  /** How long one call may take, in ms. Default: 10,000. */
  timeoutMs?: number;
  /** What a `Retry-After` that is a date is compared with. Default: the system's. */
  clock?: Clock;
}

/** Makes the mailer; one for each isolate. */
export function createResend(options: ResendOptions): Mailer {
  const { apiKey, baseUrl, timeoutMs = 10_000, clock = systemClock } = options;
  return {
    async send({ from, to, subject, html, text, headers }, idempotencyKey) {
      const request = new Request(`${baseUrl}/emails`, {
        method: "POST",
        headers: {
          "authorization": `Bearer ${apiKey}`,
          "content-type": "application/json",
          "idempotency-key": idempotencyKey,
          // Resend turns away what has none, and Workers send none by themselves.
          "user-agent": "zeropoll",
        },
        body: JSON.stringify({
          from: withAsciiDomain(from),
          to: [asciiAddress(to)],
          subject,
          html,
          text,
          headers,
        }),
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      const response = await fetch(request).catch((cause) => {
        throw noAnswer(cause);
      });
      const body = await readJson(response, request.signal);
      if (!response.ok) {
        const failure = failureOf(response, body, clock.now());
        if (failure) throw failure;
        return {};
      }
      const id = (body as { id?: unknown } | null | undefined)?.id;
      if (typeof id !== "string") {
        throw new MailUnavailableError("Cannot send mail: Resend's answer cannot be read");
      }
      return { id };
    },
  };
}

/** `Name <address>`, or the address alone: a name may be in any script. */
function withAsciiDomain(from: string): string {
  return from.replace(/[^\s<>]+@[^\s<>]+(?=>?$)/, asciiAddress);
}
