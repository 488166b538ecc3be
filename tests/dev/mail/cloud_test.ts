/**
 * The mail provider of a whole cloud: the app's settings lead to it, and its webhook to the app.
 *
 * @module
 */
import assert from "node:assert/strict";
import { signWebhook } from "../../../dev/mail/webhooks.ts";
import { createResend } from "../../../shared/adapters/resend.ts";
import { readConfig } from "../../../shared/config.ts";
import { createCloud } from "../../../shared/testing/mod.ts";

Deno.test("an app's mail ends in the cloud, and the app is told what became of it", async () => {
  const told: { path: string; type: string; isOurs: boolean }[] = [];
  await using cloud = await createCloud({
    mailsPerSecond: 1,
    app: (environment) => ({
      fetch: async (request) => {
        const { headers } = request;
        const body = await request.text();
        const signed = { id: headers.get("svix-id")!, timestamp: headers.get("svix-timestamp")! };
        const expected = signWebhook(environment.WEBHOOK_SECRET_RESEND, { ...signed, body });
        told.push({
          path: new URL(request.url).pathname,
          type: JSON.parse(body).type,
          isOurs: headers.get("svix-signature") === expected,
        });
        return new Response(null, { status: 204 });
      },
    }),
  });
  const { mail } = readConfig(cloud.environment);
  const mailer = createResend(mail!);
  const letter = { from: mail!.from, to: "mona@example.com", subject: "Hi", html: "", text: "Hi" };
  const { id } = await mailer.send(letter, "k1");
  await assert.rejects(mailer.send(letter, "k2"), { isLimited: true });
  await cloud.advance("1s");
  assert.deepEqual(cloud.mail.mails().map(({ id, from }) => ({ id, from })), [
    { id, from: "Zeropoll <mail@zeropoll.example>" },
  ]);
  assert.deepEqual(told, [
    { path: "/hooks/resend", type: "email.sent", isOurs: true },
    { path: "/hooks/resend", type: "email.delivered", isOurs: true },
  ]);
});
