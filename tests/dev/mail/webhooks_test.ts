/**
 * What a webhook is told of a mail, when, and how often.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createHarness, mail, SECRET, START } from "./harness.ts";

const fates: [to: string, told: [event: string, afterMs: number][]][] = [
  ["mona@example.com", [["email.sent", 100], ["email.delivered", 1_000]]],
  ["delivered@resend.dev", [["email.sent", 100], ["email.delivered", 1_000]]],
  ["bounced+7@resend.dev", [["email.sent", 100], ["email.bounced", 1_000]]],
  [
    "complained@resend.dev",
    [["email.sent", 100], ["email.delivered", 1_000], ["email.complained", 2_000]],
  ],
];
for (const [to, expected] of fates) {
  Deno.test(`of a mail to ${to} it is told ${expected.map(([event]) => event).join()}`, async () => {
    const { send, clock, told } = createHarness();
    await send({ to });
    await clock.advance(48 * 3_600_000);
    assert.deepEqual(told.map(({ json, at }) => [json.type, at - START]), expected);
  });
}

Deno.test("a bounce is told as Resend documents it, without a field that has no value", async () => {
  const { send, clock, told } = createHarness();
  const tags = [{ name: "category", value: "welcome" }];
  const { id } = await (await send({ to: "bounced@resend.dev", tags })).json();
  await clock.advance(1_000);
  assert.deepEqual(told[1].json, {
    type: "email.bounced",
    created_at: "2026-03-02T00:00:01.000Z",
    data: {
      created_at: "2026-03-02T00:00:00.000000+00:00",
      email_id: id,
      from: mail.from,
      to: ["bounced@resend.dev"],
      subject: "Hello",
      bounce: {
        message: "The recipient's mail server permanently rejected the email.",
        subType: "General",
        type: "Permanent",
      },
      tags: { category: "welcome" },
    },
  });
  await send();
  await clock.advance(1_000);
  assert.deepEqual(Object.keys(told[3].json.data), [
    "created_at",
    "email_id",
    "from",
    "to",
    "subject",
  ]);
});

Deno.test("every attempt is signed anew, for the same id", async () => {
  const { send, clock, told, answerWebhooks } = createHarness();
  answerWebhooks((index) => index === 0 ? 500 : 204);
  await send();
  await clock.advance(500);
  await clock.advance(60_000);
  const attempts = told.filter(({ json }) => json.type === "email.sent");
  assert.equal(attempts.length, 2);
  const key = Uint8Array.fromBase64(SECRET.slice("whsec_".length));
  for (const { headers, body, at } of attempts) {
    const timestamp = headers.get("svix-timestamp");
    assert.equal(timestamp, String(Math.floor(at / 1_000)));
    const signed = `${headers.get("svix-id")}.${timestamp}.${body}`;
    const signature = createHmac("sha256", key).update(signed).digest("base64");
    assert.equal(headers.get("svix-signature"), `v1,${signature}`);
  }
  assert.match(attempts[0].headers.get("svix-id")!, /^msg_/);
  assert.equal(attempts[0].headers.get("svix-id"), attempts[1].headers.get("svix-id"));
});

Deno.test("a webhook that nobody takes is tried eight times over 27 hours, then given up", async () => {
  const { send, clock, told, server, answerWebhooks } = createHarness();
  answerWebhooks((index) => index % 2 === 0 ? 0 : 404);
  await send();
  await clock.advance(48 * 3_600_000);
  const waits = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
  const sent = told.filter(({ json }) => json.type === "email.sent").map(({ at }) => at);
  assert.deepEqual(sent.slice(1).map((at, index) => (at - sent[index]) / 1_000), waits);
  assert.deepEqual(
    server.webhooks().map(({ type, state, attempts }) => `${type} ${state} ${attempts}`),
    ["email.sent failed 8", "email.delivered failed 8"],
  );
});

Deno.test("a server that has ended tells nobody anything", async () => {
  const { send, clock, told, server } = createHarness();
  await send();
  await server.close();
  await clock.advance(10_000);
  assert.deepEqual(told, []);
});

Deno.test("of thousands of mails everything is told, on a clock that is moved", async () => {
  const { send, clock, told, server } = createHarness({ ratePerSecond: 2 });
  for (let n = 0; n < 2_000; n++) {
    await send({}, `k${n}`);
    if (n % 2 === 1) await clock.advance(1_000);
  }
  await clock.advance(1_000);
  assert.equal(server.counts().refused, 0);
  assert.equal(server.mailsByKey().size, 2_000);
  assert.equal(told.length, 4_000);
});
