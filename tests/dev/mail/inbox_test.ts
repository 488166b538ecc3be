/**
 * The inbox as HTML and as JSON, and to whom it answers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHarness, type Harness } from "./harness.ts";

async function get({ call }: Harness, path: string): Promise<string> {
  const response = await call("GET", path);
  assert.equal(response.status, 200, path);
  return await response.text();
}

async function sendMany(harness: Harness, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n++) {
    ids.push((await (await harness.send({ subject: `Mail ${n}.` }, `key-${n}`)).json()).id);
  }
  return ids;
}

Deno.test("an empty inbox says how to send, with its own address and key", async () => {
  const harness = createHarness();
  const html = await get(harness, "/");
  assert.match(html, /No mail yet/);
  assert.ok(html.includes("RESEND_BASE_URL=http://127.0.0.1\n"));
  assert.ok(html.includes(harness.server.token));
});

Deno.test("mails are listed page by page, the newest first", async () => {
  const harness = createHarness();
  await sendMany(harness, 51);
  const first = await get(harness, "/");
  assert.ok(first.indexOf("Mail 51.") < first.indexOf("Mail 50."));
  assert.ok(!first.includes("Mail 1."));
  assert.match(first, /51 mails.*, 51 unread/);
  assert.match(first, /Page 1 of 2/);
  assert.ok((await get(harness, "/?page=2")).includes("Mail 1."));
  // Whoever asks for more than there is sees the last.
  assert.ok((await get(harness, "/?page=99")).includes("Mail 1."));
});

Deno.test("a mail that was opened is read, and stays so", async () => {
  const harness = createHarness();
  const [id] = await sendMany(harness, 2);
  assert.match(await get(harness, `/?mail=${id}`), /2 mails.*, 1 unread/);
  const { unread, mails } = JSON.parse(await get(harness, "/inbox/mails"));
  assert.equal(unread, 1);
  assert.deepEqual(mails.map(({ isRead }: { isRead: boolean }) => isRead), [false, true]);
});

const searches: [search: string, found: string[]][] = [
  ["mona", ["Hello", "Two of them"]],
  ["MONA them", ["Two of them"]],
  ["zeropoll.example", ["Hello", "Two of them"]],
  ["only in the text", ["Hello"]],
  ["key-7", ["Two of them"]],
  ["  ", ["Hello", "Two of them"]],
  ["nobody", []],
];
for (const [search, found] of searches) {
  Deno.test(`the search "${search}" finds ${found.length}`, async () => {
    const harness = createHarness();
    await harness.send({ subject: "Two of them" }, "key-7");
    await harness.send({ text: "This is only in the text" });
    const query = `?search=${encodeURIComponent(search)}`;
    const { mails } = JSON.parse(await get(harness, `/inbox/mails${query}`));
    assert.deepEqual(mails.map(({ subject }: { subject: string }) => subject), found);
    const html = await get(harness, `/${query}`);
    for (const subject of found) assert.ok(html.includes(`>${subject}<`), subject);
  });
}

const tabs: [tab: string, shows: RegExp][] = [
  [
    "html",
    /<iframe title="The mail “Hello”" sandbox="allow-popups[^"]*" src="\/inbox\/mails\/[^"]+\/html"/,
  ],
  ["text", /<pre class="text" tabindex="0">Hello<\/pre>/],
  ["headers", /<dt>X-Entity<\/dt><dd>7<\/dd>.*<dt>Idempotency key<\/dt><dd>k1<\/dd>/],
  ["headers", /<dt>Webhook email\.delivered<\/dt><dd>delivered, 1 attempt, answered 200<\/dd>/],
  ["raw", /&quot;subject&quot;: &quot;Hello&quot;/],
];
for (const [tab, shows] of tabs) {
  Deno.test(`the tab ${tab} shows ${shows.source}`, async () => {
    const harness = createHarness();
    const { id } = await (await harness.send({ headers: { "X-Entity": "7" } }, "k1")).json();
    await harness.clock.advance(1_000);
    assert.match(await get(harness, `/?mail=${id}&tab=${tab}`), shows);
  });
}

Deno.test("a mail without HTML opens as text, and one that is gone says so", async () => {
  const harness = createHarness();
  const { id } = await (await harness.send({ html: undefined })).json();
  assert.match(await get(harness, `/?mail=${id}`), /<pre class="text"/);
  assert.match(await get(harness, `/?mail=${id}&tab=html`), /This mail has no HTML/);
  assert.equal((await harness.call("GET", `/inbox/mails/${id}/html`)).status, 404);
  assert.match(await get(harness, "/?mail=gone"), /not here any more/);
  assert.equal((await harness.call("GET", "/inbox/mails/gone")).status, 404);
});

Deno.test("nothing that a mail says becomes part of the page's code", async () => {
  const harness = createHarness();
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>`;
  const { id } = await (await harness.send({
    from: `"${evil.replaceAll(/[<>]/g, "")}" <a@b.dev>`,
    subject: evil,
    text: `</pre>${evil}`,
    html: evil,
    headers: { "X-Evil": evil },
  }, evil)).json();
  for (const tab of ["html", "text", "headers", "raw"]) {
    const path = `/?mail=${id}&tab=${tab}&search=${
      encodeURIComponent("<script>alert(1)</script>")
    }`;
    const html = await get(harness, path);
    assert.ok(!html.includes("<script>alert") && !html.includes("<img"), path);
  }
  const other = await get(
    harness,
    `/?mail=${encodeURIComponent(evil)}&search=${encodeURIComponent(evil)}`,
  );
  assert.ok(!other.includes("<script>alert") && !other.includes("<img"));
});

Deno.test("the page runs its own script alone, and a mail's HTML none at all", async () => {
  const { call, send } = createHarness();
  const page = (await call("GET", "/")).headers.get("content-security-policy")!;
  assert.match(page, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
  const { id } = await (await send()).json();
  const { headers } = await call("GET", `/inbox/mails/${id}/html`);
  const mail = headers.get("content-security-policy")!;
  assert.match(mail, /default-src 'none'.*sandbox allow-popups allow-popups-to-escape-sandbox$/);
  assert.doesNotMatch(mail, /script/);
  assert.equal(headers.get("x-frame-options"), "SAMEORIGIN");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
});

const documents: [html: string, served: string][] = [
  ["<p>a</p>", `<base target="_blank"><p>a</p>`],
  ["<!DOCTYPE html>\n<p>a</p>", `<!DOCTYPE html><base target="_blank">\n<p>a</p>`],
  [
    `<!doctype html><html><head lang="en"><title>a</title></head></html>`,
    `<!doctype html><html><head lang="en"><base target="_blank"><title>a</title></head></html>`,
  ],
  ["<p>not the <header>", `<base target="_blank"><p>not the <header>`],
];
for (const [html, served] of documents) {
  Deno.test(`links of ${JSON.stringify(html)} open beside the inbox`, async () => {
    const harness = createHarness();
    const { id } = await (await harness.send({ html })).json();
    assert.equal(await get(harness, `/inbox/mails/${id}/html`), served);
  });
}

Deno.test("mails can be deleted, and what was counted stays", async () => {
  const harness = createHarness();
  await sendMany(harness, 3);
  assert.equal((await harness.call("DELETE", "/inbox/mails")).status, 204);
  assert.equal(JSON.parse(await get(harness, "/inbox/mails")).total, 0);
  assert.equal(harness.server.counts().accepted, 3);
  // A key that was used stays used: nothing is sent again because somebody tidied up.
  await harness.send({ subject: "Mail 1." }, "key-1");
  assert.deepEqual(harness.server.mails(), []);
});

const foreign: [name: string, headers: Record<string, string>][] = [
  ["another origin", { origin: "https://evil.example" }],
  ["another site, as the browser says", { "sec-fetch-site": "cross-site" }],
  ["another page on this machine", { "sec-fetch-site": "same-site" }],
];
for (const [name, headers] of foreign) {
  Deno.test(`a button that is pressed from ${name} deletes nothing`, async () => {
    const harness = createHarness();
    await harness.send();
    for (const [method, path] of [["POST", "/inbox/delete"], ["DELETE", "/inbox/mails"]]) {
      assert.equal((await harness.call(method, path, { headers })).status, 403);
    }
    assert.equal(harness.server.mails().length, 1);
  });
}

Deno.test("under a name that is not this machine's the inbox is refused, the API is not", async () => {
  const { server } = createHarness();
  const ask = async (path: string) =>
    (await server.fetch(
      new Request(`http://evil.example${path}`, {
        headers: { authorization: `Bearer ${server.token}`, "user-agent": "tests" },
      }),
    )).status;
  assert.deepEqual(
    await Promise.all(["/", "/inbox/mails", "/inbox/events", "/emails"].map(ask)),
    [403, 403, 403, 200],
  );
});

Deno.test("the stream of events speaks when something changes, and ends with the server", async () => {
  const { call, send, server } = createHarness();
  const response = await call("GET", "/inbox/events");
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, ": open\n\n");
  await send();
  assert.equal((await reader.read()).value, "data: changed\n\n");
  server.clear();
  assert.equal((await reader.read()).value, "data: changed\n\n");
  await server.close();
  assert.equal((await reader.read()).done, true);
});

Deno.test("what becomes of a mail is an event as well", async () => {
  const { call, send, clock } = createHarness();
  await send();
  const response = await call("GET", "/inbox/events");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, ": open\n\n");
  await clock.advance(1_000);
  assert.equal((await reader.read()).value, "data: changed\n\n");
  await reader.cancel();
});
