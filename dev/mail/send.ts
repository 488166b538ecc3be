/**
 * One request to send: faults, validation, idempotency, acceptance.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import { brokenConnection } from "../broken_connection.ts";
import { refusals } from "./api_error.ts";
import type { MailFaultKind, MailFaults } from "./faults.ts";
import type { IdempotencyKeys } from "./idempotency.ts";
import { type AcceptedMail, addressOf, type MailContent } from "./mail.ts";
import { readBatch, readMail, recipientsIn } from "./mail_input.ts";
import type { MailStore } from "./store.ts";

/** What a request to send acts on. */
export interface SendParts {
  clock: DevClock;
  faults: MailFaults;
  keys: IdempotencyKeys;
  store: MailStore;
  ratePerSecond: number;
  newId: () => string;
  /** Told of each mail that was accepted. */
  onAccepted(mail: AcceptedMail): void;
  /** Resolves when this server ends. */
  closing: Promise<void>;
}

/** Answers `POST /emails` and `POST /emails/batch`. @throws {MailApiError} */
export async function send(
  request: Request,
  path: "/emails" | "/emails/batch",
  parts: SendParts,
): Promise<Response> {
  const { clock, faults, keys } = parts;
  const body: unknown = await request.json().catch(() => undefined);
  const key = request.headers.get("idempotency-key") ?? undefined;
  const struck = faults.strike({ path, to: recipientsIn(body), idempotencyKey: key });
  const refusal = refuse(struck, body, parts);
  if (refusal) return refusal;

  const mails = path === "/emails" ? [readMail(body)] : readBatch(body);
  const payload = JSON.stringify([path, body]);
  let answer = key === undefined ? undefined : keys.begin(key, payload, clock.now());
  await delay(struck, clock);
  if (answer === undefined) {
    const ids = mails.map((mail) => ({ id: accept(mail, key, parts) }));
    answer = path === "/emails" ? ids[0] : { data: ids };
    if (key !== undefined) keys.finish(key, answer);
  }
  return await reply(struck, answer, parts.closing);
}

function accept(mail: MailContent, idempotencyKey: string | undefined, parts: SendParts): string {
  const accepted = { ...mail, id: parts.newId(), at: parts.clock.now(), idempotencyKey };
  parts.store.add(accepted);
  parts.onAccepted(accepted);
  return accepted.id;
}

/** The answer of the first fault that takes nothing. @throws {MailApiError} */
function refuse(
  struck: readonly MailFaultKind[],
  body: unknown,
  { ratePerSecond }: SendParts,
): Response | undefined {
  for (const fault of struck) {
    switch (fault.kind) {
      case "limit":
        throw refusals.tooManyRequests(ratePerSecond, fault.retryAfter ?? "1");
      case "quota":
        throw refusals.quota(fault.period ?? "daily", retryAfter(fault));
      case "refuse":
        throw refusals.unavailable(fault.status ?? 503, retryAfter(fault));
      case "forbid":
        throw refusals.unverifiedDomain(domainOf(body));
      case "address":
        throw refusals.invalidAddress("to");
      case "disconnect":
        return brokenConnection("mail");
    }
  }
  return undefined;
}

async function delay(struck: readonly MailFaultKind[], clock: DevClock): Promise<void> {
  for (const fault of struck) {
    if (fault.kind !== "slow") continue;
    if (fault.clock !== "real") await clock.sleep(fault.ms);
    else await new Promise((resolve) => setTimeout(resolve, fault.ms));
  }
}

async function reply(
  struck: readonly MailFaultKind[],
  answer: unknown,
  closing: Promise<void>,
): Promise<Response> {
  for (const { kind } of struck) {
    if (kind === "dropReply") return brokenConnection("mail");
    if (kind === "garble") return new Response("<html>200</html>");
    if (kind === "hang") {
      await closing;
      return brokenConnection("mail");
    }
  }
  return Response.json(answer);
}

function retryAfter(fault: { retryAfter?: string }): Record<string, string> {
  return fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter };
}

function domainOf(body: unknown): string {
  const from = (body as { from?: unknown } | undefined)?.from;
  return typeof from === "string" ? addressOf(from).split("@")[1] ?? from : "sender's";
}
