/**
 * What a web page of somebody else's can send from the browser of whoever runs dev, against every
 * server of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Cloud } from "../../dev/cloud.ts";
import { readArguments } from "../../dev/arguments.ts";
import { guardOf, guardSettings } from "../../dev/app_guard.ts";
import { refusal } from "../../dev/guard.ts";
import { listen } from "../../dev/server.ts";
import { type Headers, openCloud, send, targets } from "./guard_world.ts";

const attacks: { because: string; headers: Headers }[] = [
  {
    because: "a page of another site says where it stands",
    headers: { origin: "https://evil.example" },
  },
  {
    because: "a simple request needs no leave beforehand",
    headers: { origin: "https://evil.example", "content-type": "text/plain" },
  },
  {
    because: "so does a form",
    headers: {
      origin: "https://evil.example",
      "content-type": "application/x-www-form-urlencoded",
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    },
  },
  { because: "a sandboxed frame has the origin null", headers: { origin: "null" } },
  {
    because: "null is nobody's own when the site is another",
    headers: { origin: "null", "sec-fetch-site": "cross-site" },
  },
  { because: "a name was pointed at this machine", headers: { host: "evil.example" } },
  {
    because: "the pointed name is its own origin, and the browser says so",
    headers: {
      host: "evil.example:8080",
      origin: "http://evil.example:8080",
      "sec-fetch-site": "same-origin",
    },
  },
  {
    because: "the name only begins like this machine",
    headers: { host: "localhost.evil.example" },
  },
  { because: "the name only ends like this machine", headers: { host: "evillocalhost" } },
  { because: "the address 0.0.0.0 leads here too", headers: { host: "0.0.0.0:8080" } },
  { because: "what stands before the @ is no host", headers: { host: "localhost@evil.example" } },
  {
    because: "an origin only begins like this machine",
    headers: { origin: "http://localhost.evil.example" },
  },
  {
    because: "an origin has this machine for a user",
    headers: { origin: "http://localhost@evil.example" },
  },
  {
    because: "an extension names itself as it likes",
    headers: { origin: "chrome-extension://localhost" },
  },
  {
    because: "there is one origin, or none",
    headers: { origin: "http://localhost http://evil.example" },
  },
  {
    because: "a browser that gives no origin says that the site is another",
    headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
  },
];

Deno.test("every server in dev refuses what a page of somebody else's sends, and does nothing", async (t) => {
  await using cloud = await openCloud();
  for (const target of targets(cloud)) {
    for (const { because, headers } of attacks) {
      await t.step(`${target.name}: ${because}`, async () => {
        const { url, method, body } = target;
        const answer = await send(url, {
          method,
          headers: { ...target.headers, ...headers },
          body,
        });
        assert.equal(answer.status, 403, answer.text);
        assert.equal(answer.headers["access-control-allow-origin"], undefined);
        assert.equal(await target.wasDone(), false);
      });
    }
    await t.step(`${target.name}: the question beforehand is refused as well`, async () => {
      const answer = await send(target.url, {
        method: "OPTIONS",
        headers: {
          origin: "https://evil.example",
          "access-control-request-method": "POST",
          "access-control-request-private-network": "true",
        },
      });
      assert.equal(answer.status, 403);
      const allowed = Object.keys(answer.headers).filter((name) =>
        name.startsWith("access-control")
      );
      assert.deepEqual(allowed, []);
    });
  }
});

const welcome: { because: string; headers: Headers }[] = [
  { because: "a program that is no browser", headers: {} },
  { because: "a program that names the host otherwise", headers: { host: "localhost:1" } },
  { because: "a name below localhost", headers: { host: "app.localhost:1" } },
  { because: "IPv6", headers: { host: "[::1]:1" } },
  {
    because: "a page of yours at another port",
    headers: { origin: "http://localhost:3000", "sec-fetch-site": "cross-site" },
  },
  {
    because: "the same, under the other name",
    headers: { origin: "http://127.0.0.1:5173", "sec-fetch-site": "same-site" },
  },
  { because: "a page of yours over https", headers: { origin: "https://localhost:3000" } },
  { because: "a page at IPv6", headers: { origin: "http://[::1]:3000" } },
];

Deno.test("every server in dev takes what this machine sends", async (t) => {
  await using cloud = await openCloud();
  for (const target of targets(cloud)) {
    for (const { because, headers } of welcome) {
      await t.step(`${target.name}: ${because}`, async () => {
        const { url, method, body } = target;
        const answer = await send(url, {
          method,
          headers: { ...target.headers, ...headers },
          body,
        });
        assert.ok([200, 202, 429].includes(answer.status), `${answer.status} ${answer.text}`);
      });
    }
  }
});

const tokens: { because: string; headers: Headers; taken?: boolean }[] = [
  { because: "a program may", headers: {}, taken: true },
  { because: "a page of yours may not", headers: { origin: "http://localhost:3000" } },
  {
    because: "a picture may not",
    headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  },
  { because: "a picture on a page of yours may not", headers: { "sec-fetch-site": "same-site" } },
  {
    because: "the address bar may not",
    headers: { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" },
  },
  {
    because: "a browser that says nothing may not",
    headers: { "user-agent": "Mozilla/5.0 (X11)" },
  },
];

for (const { because, headers, taken } of tokens) {
  Deno.test(`a token in the query: ${because}`, async () => {
    await using cloud = await openCloud();
    const { UPSTASH_REDIS_REST_URL: redis, QSTASH_URL: qstash } = cloud.environment;
    const set = await send(`${redis}/set/a/b?_token=${cloud.redis.token}`, { headers });
    assert.equal(set.status, taken ? 200 : 401, set.text);
    assert.equal(cloud.redis.meter.snapshot().commands, taken ? 1 : 0);
    const publish = await send(
      `${qstash}/v2/publish/http://127.0.0.1:9/x?qstash_token=${cloud.qstash.token}&upstash-delay=1h`,
      { method: "POST", headers },
    );
    const isCrossSite = headers["sec-fetch-site"] === "cross-site";
    assert.equal(publish.status, taken ? 200 : isCrossSite ? 403 : 401, publish.text);
    assert.equal(cloud.qstash.messages().length, taken ? 1 : 0);
  });
}

const pages = [
  ["qstash", (cloud: Cloud) => cloud.environment.QSTASH_URL + "/"],
  ["mail", (cloud: Cloud) => cloud.environment.RESEND_BASE_URL + "/"],
] as const;
for (const [name, urlOf] of pages) {
  Deno.test(`the page of dev/${name} opens from a link, and stands in no frame`, async () => {
    await using cloud = await openCloud();
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    const opened = await send(urlOf(cloud), { headers: { ...link, "sec-fetch-dest": "document" } });
    assert.equal(opened.status, 200);
    const framed = await send(urlOf(cloud), { headers: { ...link, "sec-fetch-dest": "iframe" } });
    assert.equal(framed.status, 403);
    assert.equal(opened.headers["x-frame-options"], "DENY");
  });
}

const controls: { server: string; path: string; method: string; body?: string }[] = [
  { server: "redis", path: "/_faults", method: "POST", body: `{"kind":"loseScripts"}` },
  { server: "redis", path: "/_meter", method: "DELETE" },
  { server: "qstash", path: "/_clock", method: "POST", body: `{"advanceMs":1}` },
  { server: "qstash", path: "/_meter", method: "DELETE" },
  { server: "mail", path: "/_faults", method: "POST", body: `{"kind":"hang"}` },
  { server: "llm", path: "/_faults", method: "DELETE" },
];
Deno.test("what needs no token is out of reach even of pages at another port of this machine", async (t) => {
  await using cloud = await openCloud();
  const urls: Record<string, string> = {
    redis: cloud.environment.UPSTASH_REDIS_REST_URL,
    qstash: cloud.environment.QSTASH_URL,
    mail: cloud.environment.RESEND_BASE_URL,
    llm: new URL(cloud.environment.OPENAI_BASE_URL).origin,
  };
  for (const { server, path, method, body } of controls) {
    await t.step(`${method} ${path} of ${server}`, async () => {
      const url = urls[server] + path;
      const headers = { "content-type": "application/json" };
      const page = { ...headers, origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-site" };
      assert.equal((await send(url, { method, headers: page, body })).status, 403);
      assert.equal((await send(url, { method, headers, body })).status, 200);
    });
  }
});

Deno.test("--allow-host lets in a name, and the pages that stand there", async () => {
  const { allowHosts } = readArguments([
    "--allow-host=devbox.test",
    "--allow-host",
    "a.test,B.test",
  ]);
  assert.deepEqual(allowHosts, ["devbox.test", "a.test", "b.test"]);
  const server = listen(() => new Response("in"), { allowHosts });
  try {
    const headers = { host: "DEVBOX.test:8787", origin: "https://a.test" };
    assert.equal((await send(server.url, { headers })).status, 200);
    assert.equal((await send(server.url, { headers: { host: "x.devbox.test" } })).status, 403);
    const { text } = await send(server.url, { headers: { host: "other.test:1" } });
    assert.match(text, /--allow-host=other\.test/, "the way in is named");
  } finally {
    await server.close();
  }
});

for (const host of ["*", "*.test", "http://a.test", "a.test:80", "a b", "a/b"]) {
  Deno.test(`--allow-host=${host} is refused`, () => {
    assert.throws(() => readArguments([`--allow-host=${host}`]), /takes the name of a host/);
  });
}

Deno.test("an option that dev does not have is refused", () => {
  assert.throws(() => readArguments(["--wrokers"]), TypeError);
});

Deno.test("what the app shows without a token may stand on pages elsewhere, but acts for none", () => {
  const picture = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "no-cors",
    "sec-fetch-dest": "image",
  };
  const ask = (method: string) =>
    new Request("http://localhost:8787/logo", { method, headers: picture });
  assert.equal(refusal(ask("GET"), { embeddable: true }), undefined);
  assert.equal(refusal(ask("GET"))?.status, 403);
  assert.equal(refusal(ask("POST"), { embeddable: true })?.status, 403);
});

Deno.test("the app's process is told whom to let in: names, and the pages that its own setting names", () => {
  const guard = guardOf(guardSettings(["tunnel.test", "devbox.test"], ["https://shop.test", "*"]));
  const ask = (url: string, headers: Headers = {}) => refusal(new Request(url, { headers }), guard);
  assert.equal(ask("https://tunnel.test/hooks/github"), undefined);
  assert.equal(ask("http://localhost:8787/", { origin: "https://shop.test" }), undefined);
  // An asterisk opens the app's own answers to pages, never the guard.
  assert.equal(ask("http://localhost:8787/", { origin: "https://evil.example" })?.status, 403);
  assert.equal(ask("http://evil.example/")?.status, 403);
  assert.equal(refusal(new Request("http://localhost/"), guardOf({})), undefined);
});

Deno.test("a request in absolute form is judged by both of the names in it", async () => {
  const server = listen(() => new Response("in"));
  try {
    for (
      const [target, host] of [["http://evil.example/", "localhost"], [
        "http://localhost/",
        "evil.example",
      ]]
    ) {
      const connection = await Deno.connect({ port: server.port });
      await connection.write(new TextEncoder().encode(
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      ));
      assert.match(await new Response(connection.readable).text(), /^HTTP\/1\.1 403/);
    }
  } finally {
    await server.close();
  }
});
