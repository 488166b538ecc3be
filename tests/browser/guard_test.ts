/**
 * A page of somebody else's, and one of one's own, in a real browser while dev runs.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { launchChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { openCloud } from "../dev/guard_world.ts";

/** What the browser takes for a name of its own is this machine all the same. */
const NAMES = "--host-resolver-rules=MAP evil.test 127.0.0.1, MAP *.evil.test 127.0.0.1";

const chromium = needs("chromium");
let browser: Browser;
if (!chromium.ignore) {
  Deno.test.beforeAll(async () => void (browser = await launchChromium([NAMES])));
  Deno.test.afterAll(() => browser.close());
}

/** A page that stands on a port of its own, under whatever name it is called. */
async function onPage<T>(
  html: string,
  look: (port: number) => Promise<T>,
): Promise<T> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(html, { headers: { "content-type": "text/html" } }),
  );
  try {
    return await look(server.addr.port);
  } finally {
    await server.shutdown();
  }
}

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name, ...chromium, sanitizeOps: false, sanitizeResources: false, fn });
}

test("a page of another site sets nothing, publishes nothing, mails nothing, whatever it tries", async () => {
  await using cloud = await openCloud();
  const { environment, redis, qstash, mail, llm } = cloud;
  const redisUrl = environment.UPSTASH_REDIS_REST_URL;
  const qstashUrl = environment.QSTASH_URL;
  const publish = `${qstashUrl}/v2/publish/http://127.0.0.1:9/x?qstash_token=${qstash.token}`;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const attack = {
    pictures: [
      `${redisUrl}/set/a/b?_token=${redis.token}`,
      `${redisUrl}/set/a/b?_token=${redis.token}`.replace("127.0.0.1", "localhost"),
      publish,
    ],
    simple: [
      [`${redisUrl}/set/a/b?_token=${redis.token}`, "x"],
      [`${redisUrl}?_token=${redis.token}`, `["SET","a","b"]`],
      [publish, "x"],
      [`${redisUrl}/_faults`, `{"kind":"loseScripts"}`],
    ],
    asked: [
      [redisUrl, bearer(redis.token), `["SET","a","b"]`],
      [`${qstashUrl}/v2/publish/http://127.0.0.1:9/x`, bearer(qstash.token), "x"],
      [`${environment.RESEND_BASE_URL}/emails`, bearer(mail.token), "{}"],
      [`${environment.OPENAI_BASE_URL}/chat/completions`, bearer(llm.token), "{}"],
      [
        `${cloud.url}/api/jobs/debug.echo`,
        bearer(environment.SERVICE_TOKENS),
        `{"input":{"message":"x"}}`,
      ],
    ],
    frames: [`${qstashUrl}/`, `${environment.RESEND_BASE_URL}/`],
    forms: [
      publish,
      `${qstashUrl}/_page/clock/1/advance`,
      `${environment.RESEND_BASE_URL}/inbox/delete`,
    ],
  };
  const html = `<!doctype html><script>
    const attack = ${JSON.stringify(attack)};
    async function run() {
      const tries = [];
      for (const url of attack.pictures) {
        tries.push(new Promise((end) => { const i = new Image(); i.onload = i.onerror = end; i.src = url; }));
      }
      for (const [url, body] of attack.simple) tries.push(fetch(url, { method: "POST", mode: "no-cors", body }));
      for (const [url, body] of attack.simple) tries.push(Promise.resolve(navigator.sendBeacon(url, body)));
      for (const [url, headers, body] of attack.asked) tries.push(fetch(url, { method: "POST", headers, body }));
      for (const url of [...attack.frames, ...attack.pictures]) {
        tries.push(new Promise((end) => {
          const frame = document.createElement("iframe");
          frame.onload = end; frame.src = url; document.body.append(frame);
        }));
      }
      for (const url of attack.forms) {
        tries.push(new Promise((end) => {
          const frame = document.createElement("iframe");
          frame.name = "f" + Math.random(); document.body.append(frame);
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: url, target: frame.name, enctype: "text/plain" });
          document.body.append(form); frame.onload = end; form.submit();
        }));
      }
      const ends = await Promise.allSettled(tries);
      return ends.filter(({ status }) => status === "fulfilled").length;
    }
  </script><body>`;
  await onPage(html, async (port) => {
    const page = await browser.newPage();
    for (const name of [`evil.test:${port}`, `sub.evil.test:${port}`]) {
      await page.goto(`http://${name}/`);
      await page.evaluate("run()");
    }
    // The name itself is pointed at the servers: what it then asks for is its own origin.
    for (
      const [target, method, headers, body] of [
        [redisUrl, "POST", bearer(redis.token), `["SET","a","b"]`],
        [`${redisUrl}/set/a/b?_token=${redis.token}`, "GET", {}, undefined],
        [`${qstashUrl}/_clock`, "POST", { "content-type": "application/json" }, `{"advanceMs":1}`],
      ] as const
    ) {
      const there = new URL(target);
      there.hostname = "evil.test";
      await page.goto(there.origin);
      const status = await page.evaluate(
        `fetch(${JSON.stringify(there.href)}, ${JSON.stringify({ method, headers, body })})` +
          `.then(({ status }) => status)`,
      );
      assert.equal(status, 403, there.href);
    }
    await page.close();
  });
  assert.equal(redis.meter.snapshot().commands, 0);
  assert.deepEqual(redis.faults.list(), []);
  assert.deepEqual(qstash.messages(), []);
  assert.deepEqual(mail.mails(), []);
  assert.equal(llm.counts().requests, 0);
});

for (const name of ["127.0.0.1", "localhost"]) {
  test(`a page of one's own at another port, called ${name}, uses the app, and reads the answer`, async () => {
    await using cloud = await openCloud();
    await onPage("<!doctype html><p>mine", async (port) => {
      const page = await browser.newPage();
      await page.goto(`http://${name}:${port}/`);
      const body = JSON.stringify({ kind: "locations", id: "42" });
      const answer = await page.evaluate<{ status: number; type: string }>(
        `fetch(${JSON.stringify(`${cloud.url}/api/metrics/views`)}, {
          method: "POST", body: ${
          JSON.stringify(body)
        }, headers: { "content-type": "application/json" }
        }).then(async (answer) => ({ status: answer.status, ...await answer.json() }))`,
      );
      // This cloud has no Postgres, so that is what the app answers; the page may read it.
      assert.deepEqual(answer.type.split("#")[1], "not_configured");
      await page.close();
    });
  });

  test(`the pages of dev work in a browser, called ${name}`, async () => {
    await using cloud = await openCloud();
    const at = (url: string) => url.replace("127.0.0.1", name);
    const page = await browser.newPage();
    await page.goto(at(`${cloud.environment.QSTASH_URL}/`));
    await page.getByRole("button", { name: /h$|hour/i }).first().click();
    await page.getByText("The clock was moved forward").waitFor();
    const { RESEND_BASE_URL, RESEND_API_KEY } = cloud.environment;
    await fetch(`${RESEND_BASE_URL}/emails`, {
      method: "POST",
      headers: { authorization: `Bearer ${RESEND_API_KEY}` },
      body: JSON.stringify({ from: "a@b.dev", to: "c@d.dev", subject: "Here", html: "<p>Inside" }),
    }).then((answer) => answer.body?.cancel());
    await page.goto(at(`${RESEND_BASE_URL}/`));
    await page.locator(".row").click();
    await page.frameLocator("iframe").getByText("Inside").waitFor();
    await page.close();
  });
}
