/**
 * Who may send, what may be sent, and what can be read back.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHarness, mail } from "./harness.ts";

Deno.test("a mail is accepted, kept as it is, and can be read back", async () => {
  const { send, call, server, clock } = createHarness();
  const tags = [{ name: "category", value: "welcome" }];
  const headers = { "X-Entity": "7" };
  const response = await send({ to: "mona@example.com", reply_to: "me@b.dev", tags, headers });
  assert.equal(response.status, 200);
  const { id } = await response.json();
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(server.mails(), [{
    ...mail,
    id,
    at: clock.now(),
    cc: [],
    bcc: [],
    replyTo: ["me@b.dev"],
    headers,
    tags,
    idempotencyKey: undefined,
  }]);
  assert.deepEqual(await (await call("GET", `/emails/${id}`)).json(), {
    object: "email",
    id,
    from: mail.from,
    to: ["mona@example.com"],
    created_at: "2026-03-02T00:00:00.000000+00:00",
    subject: "Hello",
    html: "<p>Hello</p>",
    text: "Hello",
    bcc: [],
    cc: [],
    reply_to: ["me@b.dev"],
    last_event: "queued",
    scheduled_at: null,
    tags,
  });
});

const lastEvents: [to: string, afterMs: number, event: string][] = [
  ["mona@example.com", 100, "sent"],
  ["mona@example.com", 1_000, "delivered"],
  ["delivered@resend.dev", 1_000, "delivered"],
  ["Bounce <bounced+label@resend.dev>", 1_000, "bounced"],
  ["complained@resend.dev", 1_000, "delivered"],
  ["complained@resend.dev", 2_000, "complained"],
];
for (const [to, afterMs, event] of lastEvents) {
  Deno.test(`${afterMs} ms after it was sent, a mail to ${to} is ${event}`, async () => {
    const { send, call, clock } = createHarness();
    const { id } = await (await send({ to })).json();
    await clock.advance(afterMs);
    assert.equal((await (await call("GET", `/emails/${id}`)).json()).last_event, event);
  });
}

const refused: [what: string, changes: Record<string, unknown>, name: string, message: RegExp][] = [
  ["no sender", { from: undefined }, "missing_required_field", /^Missing `from` field\.$/],
  ["no recipient", { to: undefined }, "missing_required_field", /^Missing `to` field\.$/],
  ["an empty list of recipients", { to: [] }, "missing_required_field", /^Missing `to` field\.$/],
  ["no subject", { subject: "" }, "missing_required_field", /^Missing `subject` field\.$/],
  [
    "no body",
    { html: undefined, text: undefined },
    "missing_required_field",
    /^Missing `html` or `text` field\.$/,
  ],
  ["a name as recipient", { to: "mona" }, "validation_error", /^Invalid `to` field\. The email ad/],
  ["one wrong of two", { to: ["a@b.dev", "a@b"] }, "validation_error", /^Invalid `to` field\./],
  ["two in one text", { to: "a@b.dev, c@d.dev" }, "validation_error", /^Invalid `to` field\./],
  ["a line break", { to: "A\r\nBcc: x <a@b.dev>" }, "validation_error", /^Invalid `to` field\./],
  ["a number as recipient", { to: 7 }, "validation_error", /^Invalid `to` field\./],
  ["a sender without domain", { from: "Me <me>" }, "validation_error", /^Invalid `from` field\./],
  ["a wrong copy", { cc: "mona" }, "validation_error", /^Invalid `cc` field\./],
  ["51 recipients", { to: Array(51).fill("a@b.dev") }, "validation_error", /more than 50/],
  [
    "a subject of two",
    { subject: ["a"] },
    "validation_error",
    /`subject` field must be a `string`/,
  ],
  ["a header of two lines", { headers: { a: "b\r\nc: d" } }, "validation_error", /`headers`/],
  ["a header that is a list", { headers: ["a"] }, "validation_error", /`headers`/],
  ["a tag with a space", { tags: [{ name: "a b", value: "c" }] }, "validation_error", /^Tags/],
  ["an attachment", { attachments: [{}] }, "validation_error", /`attachments`/],
];
for (const [what, changes, name, message] of refused) {
  Deno.test(`${what} is refused with 422 ${name}`, async () => {
    const { send, server } = createHarness();
    const response = await send(changes);
    const body = await response.json();
    assert.deepEqual([response.status, body.statusCode, body.name], [422, 422, name]);
    assert.match(body.message, message);
    assert.deepEqual(server.mails(), []);
  });
}

Deno.test("50 recipients, text alone and an empty page are fine", async () => {
  const { send } = createHarness();
  assert.equal((await send({ to: Array(50).fill("a@b.dev") })).status, 200);
  assert.equal((await send({ html: undefined })).status, 200);
  assert.equal((await send({ html: "", text: undefined })).status, 200);
});

const strangers: [
  what: string,
  headers: Record<string, string | null>,
  status: number,
  body: RegExp,
][] = [
  ["without a key", { authorization: null }, 401, /"name":"missing_api_key"/],
  ["with another scheme", { authorization: "Basic x" }, 401, /"name":"missing_api_key"/],
  ["with another key", { authorization: "Bearer re_x" }, 403, /"name":"invalid_api_key"/],
  ["without a user agent", { "user-agent": null }, 403, /^error code: 1010$/],
];
for (const [what, headers, status, body] of strangers) {
  Deno.test(`a call ${what} is answered with ${status}`, async () => {
    const { call, server } = createHarness();
    const response = await call("POST", "/emails", { body: mail, headers });
    assert.equal(response.status, status);
    assert.match(await response.text(), body);
    assert.deepEqual(server.mails(), []);
  });
}

const elsewhere: [method: string, path: string, status: number, name: string][] = [
  ["GET", "/emails/00000000-0000-4000-8000-000000000000", 404, "not_found"],
  ["GET", "/emails/7", 422, "invalid_parameter"],
  ["DELETE", "/emails", 405, "method_not_allowed"],
  ["GET", "/domains", 404, "not_found"],
  ["GET", "/emails?limit=0", 422, "validation_error"],
  ["GET", "/emails?after=a&before=b", 422, "validation_error"],
];
for (const [method, path, status, name] of elsewhere) {
  Deno.test(`${method} ${path} is answered with ${status} ${name}`, async () => {
    const response = await createHarness().call(method, path);
    assert.equal(response.status, status);
    assert.equal((await response.json()).name, name);
  });
}

Deno.test("what is no JSON is refused, not lost", async () => {
  const { call } = createHarness();
  for (const [path, body] of [["/emails", "{"], ["/emails", "[]"], ["/emails/batch", "{}"]]) {
    assert.equal((await call("POST", path, { body })).status, 422);
  }
});

Deno.test("a batch of up to 100 is accepted whole, or refused whole", async () => {
  const { call, server } = createHarness();
  const batch = (count: number) => Array.from({ length: count }, () => mail);
  const response = await call("POST", "/emails/batch", { body: batch(100) });
  const { data } = await response.json();
  assert.deepEqual(data.map(({ id }: { id: string }) => id), server.mails().map(({ id }) => id));
  assert.equal(data.length, 100);
  for (const body of [batch(101), [], [mail, { ...mail, to: "nobody" }]]) {
    assert.equal((await call("POST", "/emails/batch", { body })).status, 422);
  }
  assert.equal(server.counts().accepted, 100);
});

Deno.test("mails are listed page by page, the newest first, in both directions", async () => {
  const { send, call } = createHarness();
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.unshift((await (await send()).json()).id);
  const list = async (query: string) => {
    const { data, has_more } = await (await call("GET", `/emails${query}`)).json();
    return [...data.map(({ id }: { id: string }) => ids.indexOf(id)), has_more];
  };
  assert.deepEqual(await list(""), [0, 1, 2, 3, 4, false]);
  assert.deepEqual(await list("?limit=2"), [0, 1, true]);
  assert.deepEqual(await list(`?limit=2&after=${ids[1]}`), [2, 3, true]);
  assert.deepEqual(await list(`?limit=2&after=${ids[3]}`), [4, false]);
  assert.deepEqual(await list(`?limit=2&before=${ids[4]}`), [2, 3, true]);
  assert.deepEqual(await list(`?limit=2&before=${ids[1]}`), [0, false]);
});
