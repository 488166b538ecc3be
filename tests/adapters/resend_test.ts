/**
 * What the adapter for Resend asks for, and what it makes of answers that dev/mail does not give.
 *
 * @module
 */
import assert from "node:assert/strict";
import { listen } from "../../dev/server.ts";
import { createResend } from "../../shared/adapters/resend.ts";
import type { Mail } from "../../shared/mod.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const mail: Mail = {
  from: "mail@zeropoll.example",
  to: "mona@example.com",
  subject: "Hello",
  html: "<p>Hello</p>",
  text: "Hello",
};

/** Sends one mail to a provider that answers `answer`; what came of it, and what was asked. */
async function sendTo(answer: () => Response | Promise<Response>, more: Partial<Mail> = {}) {
  const asked: { method: string; path: string; headers: Headers; body: string }[] = [];
  const listening = listen(async (request) => {
    const { method, headers } = request;
    const { pathname: path } = new URL(request.url);
    asked.push({ method, path, headers: new Headers(headers), body: await request.text() });
    return await answer();
  });
  const mailer = createResend({
    apiKey: "re_secret",
    baseUrl: listening.url,
    clock: { now: () => NOW },
    timeoutMs: 1_000,
  });
  const outcome = await mailer.send({ ...mail, ...more }, "job/1").catch((error) => error);
  await listening.close();
  return { outcome, asked };
}

const refusal = (status: number, name: string, message = "", headers = {}) => () =>
  Response.json({ statusCode: status, name, message }, { status, headers });

Deno.test("a mail is one request, with its key, a user agent and no field that is undefined", async () => {
  const { outcome, asked } = await sendTo(() => Response.json({ id: "m1" }));
  assert.deepEqual(outcome, { id: "m1" });
  const [{ method, path, headers, body }] = asked;
  assert.equal(asked.length, 1);
  assert.equal(`${method} ${path}`, "POST /emails");
  assert.equal(headers.get("authorization"), "Bearer re_secret");
  assert.equal(headers.get("idempotency-key"), "job/1");
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("user-agent"), "zeropoll");
  assert.deepEqual(Object.keys(JSON.parse(body)), ["from", "to", "subject", "html", "text"]);
  assert.deepEqual(JSON.parse(body).to, ["mona@example.com"]);
});

for (
  const [from, sent] of [
    ["Bücher <mail@bücher.example>", "Bücher <mail@xn--bcher-kva.example>"],
    ["mail@bücher.example", "mail@xn--bcher-kva.example"],
    ["Ada @ home <mail@zeropoll.example>", "Ada @ home <mail@zeropoll.example>"],
  ]
) {
  Deno.test(`a mail from ${from} names its domain in ASCII, as one to such a domain does`, async () => {
    const to = "ada@пример.рф";
    const { asked } = await sendTo(() => Response.json({ id: "m1" }), { from, to });
    const body = JSON.parse(asked[0].body);
    assert.deepEqual([body.from, body.to], [sent, ["ada@xn--e1afmkfd.xn--p1ai"]]);
  });
}

const waits: [name: string, retryAfter: string | undefined, ms: number][] = [
  ["rate_limit_exceeded", undefined, 1_000],
  ["rate_limit_exceeded", "0", 1_000],
  ["rate_limit_exceeded", "3", 3_000],
  ["rate_limit_exceeded", "1.5", 1_500],
  ["rate_limit_exceeded", "999999999", 24 * 3_600_000],
  ["rate_limit_exceeded", "soon", 1_000],
  ["rate_limit_exceeded", "Sat, 21 Nov 2026 12:02:00 GMT", 120_000],
  ["rate_limit_exceeded", "Sat, 21 Nov 2026 11:00:00 GMT", 1_000],
  ["daily_quota_exceeded", undefined, 3_600_000],
  ["monthly_quota_exceeded", undefined, 3_600_000],
  ["daily_quota_exceeded", "120", 120_000],
];
for (const [name, retryAfter, ms] of waits) {
  Deno.test(`${name} with Retry-After ${retryAfter} is over in ${ms} ms`, async () => {
    const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
    const { outcome } = await sendTo(refusal(429, name, "", headers));
    assert.equal(outcome.name, "MailUnavailableError");
    assert.equal(outcome.isLimited, true);
    assert.equal(outcome.retryAfterMs, ms);
  });
}

const answers: [answer: () => Response, error: string, message: string][] = [
  [
    refusal(401, "missing_api_key"),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 401 (missing_api_key); " +
    "check RESEND_API_KEY, and that the domain of MAIL_FROM is verified",
  ],
  [
    () => new Response("error code: 1010", { status: 403 }),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 403; " +
    "check RESEND_API_KEY, and that the domain of MAIL_FROM is verified",
  ],
  [
    () => new Response(null, { status: 308, headers: { location: "https://elsewhere.example/" } }),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 308; check RESEND_BASE_URL",
  ],
  [
    () => new Response("<html>Bad gateway</html>", { status: 502 }),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 502",
  ],
  [
    refusal(408, "timeout"),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 408 (timeout)",
  ],
  [
    refusal(409, "concurrent_idempotent_requests"),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 409 (concurrent_idempotent_requests)",
  ],
  [
    refusal(422, "validation_error", "Invalid `to` field. Please use our testing email address"),
    "MailRefusedError",
    "Cannot send mail: Resend answered 422 (validation_error): it does not take the address",
  ],
  [
    refusal(400, "validation_error", "Invalid `to` field."),
    "MailRefusedError",
    "Cannot send mail: Resend answered 400 (validation_error): it does not take the address",
  ],
  [
    refusal(422, "invalid_to_address"),
    "MailRefusedError",
    "Cannot send mail: Resend answered 422 (invalid_to_address): it does not take the address",
  ],
  [
    refusal(422, "validation_error", "Invalid `from` field. Write to mona@example.com"),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 422 (validation_error); check MAIL_FROM",
  ],
  [
    refusal(422, "invalid_from_address"),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 422 (invalid_from_address); check MAIL_FROM",
  ],
  [
    refusal(404, "not_found"),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 404 (not_found); check RESEND_BASE_URL",
  ],
  [
    refusal(405, "method_not_allowed"),
    "MailUnavailableError",
    "Cannot send mail: Resend answered 405 (method_not_allowed); check RESEND_BASE_URL",
  ],
  [
    refusal(400, "validation_error", "Invalid token in the body"),
    "MailRejectedError",
    "Cannot send mail: Resend answered 400 (validation_error)",
  ],
  [
    refusal(400, "invalid_idempotency_key"),
    "MailRejectedError",
    "Cannot send mail: Resend answered 400 (invalid_idempotency_key)",
  ],
  [
    refusal(451, "security_error"),
    "MailRejectedError",
    "Cannot send mail: Resend answered 451 (security_error)",
  ],
  [
    refusal(413, "Too large: mona@example.com"),
    "MailRejectedError",
    "Cannot send mail: Resend answered 413",
  ],
  [
    () => Response.json({ data: {} }),
    "MailUnavailableError",
    "Cannot send mail: Resend's answer cannot be read",
  ],
  [
    () => Response.json(null),
    "MailUnavailableError",
    "Cannot send mail: Resend's answer cannot be read",
  ],
  [
    () => new Response("x".repeat(1_000_000)),
    "MailUnavailableError",
    "Cannot send mail: Resend's answer cannot be read",
  ],
];
for (const [index, [answer, error, message]] of answers.entries()) {
  Deno.test(`answer ${index + 1} is ${error}: ${message}`, async () => {
    const { outcome } = await sendTo(answer);
    assert.equal(`${outcome.name}: ${outcome.message}`, `${error}: ${message}`);
  });
}

const soons: [status: number, name: string, ms: number][] = [
  [409, "concurrent_idempotent_requests", 1_000],
  [401, "missing_api_key", 300_000],
  [403, "invalid_api_key", 300_000],
];
for (const [status, name, ms] of soons) {
  Deno.test(`${status} ${name} may be over in ${ms} ms, and is no limit`, async () => {
    const { outcome } = await sendTo(refusal(status, name));
    assert.equal(outcome.retryAfterMs, ms);
    assert.equal(outcome.isLimited, false);
  });
}

Deno.test("a used key is told by its name alone", async () => {
  assert.deepEqual((await sendTo(refusal(409, "invalid_idempotent_request"))).outcome, {});
});

Deno.test("an answer that breaks off says so in time", async () => {
  const { outcome } = await sendTo(() =>
    new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(1)) }))
  );
  assert.equal(outcome.name, "MailUnavailableError");
});

Deno.test("a provider that is not there is unavailable", async () => {
  const listening = listen(() => new Response());
  await listening.close();
  const mailer = createResend({ apiKey: "re_secret", baseUrl: listening.url });
  await assert.rejects(mailer.send(mail, "k"), {
    name: "MailUnavailableError",
    message: "Cannot send mail: the connection to Resend failed",
  });
});

Deno.test("a provider that does not answer is told from one that is not there", async () => {
  const answer = Promise.withResolvers<Response>();
  const listening = listen(() => answer.promise);
  const mailer = createResend({ apiKey: "re_secret", baseUrl: listening.url, timeoutMs: 50 });
  await assert.rejects(mailer.send(mail, "k"), {
    name: "MailUnavailableError",
    message: "Cannot send mail: Resend did not answer in time",
  });
  answer.resolve(new Response());
  await listening.close();
});

Deno.test("a key that no header can hold is a mistake of the caller's, not an outage", async () => {
  const mailer = createResend({ apiKey: "re_secret", baseUrl: "http://127.0.0.1:1" });
  await assert.rejects(mailer.send(mail, "job/→"), TypeError);
});
