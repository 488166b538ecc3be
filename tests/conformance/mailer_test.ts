/**
 * The promises of a mailer, kept by the adapter for Resend against dev/mail.
 *
 * @module
 */
import { VirtualClock } from "../../dev/clock.ts";
import type { MailFault } from "../../dev/mail/faults.ts";
import { createMailServer } from "../../dev/mail/server.ts";
import { listen } from "../../dev/server.ts";
import { createResend } from "../../shared/adapters/resend.ts";
import { type MailTrouble, testMailer } from "./mailer_suite.ts";

testMailer({
  name: "Resend",
  keysLastMs: 24 * 3_600_000,
  start: ({ perSecond }) => {
    const clock = new VirtualClock();
    const server = createMailServer({ clock, ratePerSecond: perSecond });
    const listening = listen((request) => server.fetch(request));
    return {
      clock,
      secret: server.token,
      mailer: createResend({
        apiKey: server.token,
        baseUrl: listening.url,
        clock,
        timeoutMs: 250,
      }),
      accepted: () =>
        server.mails().map(({ id, from, to, subject, html, text, headers, idempotencyKey }) => ({
          id,
          mail: { from, to: to.join(), subject, html: html!, text: text!, headers },
          idempotencyKey,
        })),
      meet: (trouble) => void server.faults.add(faultOf(trouble)),
      [Symbol.asyncDispose]: async () => {
        await server.close();
        await listening.close();
      },
    };
  },
});

function faultOf(trouble: MailTrouble): MailFault {
  switch (trouble.kind) {
    case "limited":
      return { kind: "limit", retryAfter: trouble.retryAfter };
    case "quota":
      return { kind: "quota", times: 1 };
    case "down":
      return { kind: "refuse", retryAfter: trouble.retryAfter };
    case "wrong settings":
      return { kind: "forbid" };
    case "address refused":
      return { kind: "address" };
    case "disconnected":
      return { kind: "disconnect" };
    case "slow":
      return { kind: "slow", ms: trouble.ms };
    case "accepted, then silent":
      return { kind: "hang" };
    case "accepted, then disconnected":
      return { kind: "dropReply" };
    case "accepted, and said unreadably":
      return { kind: "garble" };
  }
}
