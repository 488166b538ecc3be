import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { type Cloud, withCloud } from "../../conformance/qstash_cloud.ts";
import { launchChromium } from "../../support/chromium.ts";
import { needs } from "../../support/needs.ts";
import { createHarness } from "./harness.ts";

const HOUR_MS = 3_600_000;

/** Something of everything: a message of each state but "active", a schedule, a queue, a limit. */
async function fill({ client, clock, endpoint }: Cloud) {
  endpoint.answer("/fail", new Response("no such table", { status: 500 }));
  const url = endpoint.url("/ok");
  await client.publish({ url, label: "first" });
  await client.publish({ url: endpoint.url("/fail"), retries: 0 });
  await clock.advance(0);
  const later = await client.publish({ url, delay: "10d", label: "later", body: "hello" });
  await client.publish({ url: endpoint.url("/fail"), retryDelay: "864000000" });
  const gone = await client.publish({ url, delay: "10d" });
  await client.messages.cancel(gone.messageId);
  await client.schedules.create({ destination: url, cron: "0 0 1 1 *", scheduleId: "yearly" });
  await client.queue({ queueName: "orders" }).upsert({ parallelism: 2 });
  await client.publish({ url, delay: "10d", flowControl: { key: "openai", rate: 5 } });
  await clock.advance(0);
  const [letter] = (await client.dlq.listMessages()).messages;
  return { later: later.messageId, letter: letter.dlqId };
}

Deno.test("the page shows messages by state, schedules, queues, limits, dead letters, the bill", () =>
  withCloud(async (cloud) => {
    const { later } = await fill(cloud);
    const html = await (await fetch(cloud.url)).text();
    const counts = [...html.matchAll(/<b>(\d+)<\/b><span class="state (\w+)"/g)]
      .map(([, count, state]) => `${count} ${state}`);
    assert.deepEqual(counts, [
      "2 waiting",
      "0 active",
      "1 retrying",
      "1 delivered",
      "1 failed",
      "1 cancelled",
    ]);
    assert.match(html, /<b id="billed">3<\/b>/);
    for (const text of ["yearly", "0 0 1 1 *", "orders", "openai", "no such table", "later"]) {
      assert.ok(html.includes(text), `${text} is on the page`);
    }
    assert.ok(html.includes(`/_page/messages/${later}`));
    assert.equal((await fetch(`${cloud.url}/_page/live?state=waiting`)).status, 200);
  }));

Deno.test("the page of one message shows its course, what is sent and what came back", () =>
  withCloud(async ({ client, clock, endpoint, url }) => {
    endpoint.answer("/fail", new Response("no such table", { status: 500 }));
    const { messageId } = await client.publish({
      url: endpoint.url("/fail"),
      body: "<b>hello</b>",
      headers: { "X-One": "1" },
      retries: 0,
    });
    await clock.advance(0);
    const html = await (await fetch(`${url}/_page/messages/${messageId}`)).text();
    const wanted = [
      "&lt;b&gt;hello&lt;/b&gt;",
      "X-One",
      "CREATED",
      "FAILED",
      "no such table",
      "1 of 1",
    ];
    for (const text of wanted) assert.ok(html.includes(text), `${text} is on the page`);
    await clock.advance(24 * HOUR_MS);
    assert.equal((await fetch(`${url}/_page/messages/${messageId}`)).status, 200);
    assert.equal((await fetch(`${url}/_page/messages/msg_none`)).status, 404);
  }));

Deno.test("an empty server says what to do, with its own address and token", () =>
  withCloud(async ({ url, token }) => {
    const html = await (await fetch(url)).text();
    assert.ok(html.includes(`${url}/v2/publish/`));
    assert.ok(html.includes(token));
    assert.ok(html.includes("Upstash-Cron"));
    assert.ok(html.includes("A message that fails for good will wait here"));
  }));

Deno.test("nothing that was published can become part of the page's code", () =>
  withCloud(async ({ client, url }) => {
    const evil = `"><script>alert(1)</script>`;
    const { messageId } = await client.publish({
      url: `https://x.dev/?a=${evil}`,
      label: evil,
      body: `</pre>${evil}`,
      delay: 60,
    });
    for (const path of ["/", "/_page/live", `/_page/messages/${messageId}`]) {
      const html = await (await fetch(url + path)).text();
      assert.ok(!html.includes("<script>alert"), path);
    }
    const notice = await (await fetch(`${url}/?notice=${encodeURIComponent(evil)}`)).text();
    assert.ok(!notice.includes("<script>alert"));
  }));

const foreign: [name: string, headers: Record<string, string>][] = [
  ["another origin", { origin: "https://evil.example" }],
  ["another port", { origin: "http://127.0.0.1:1" }],
  ["another site, as the browser says", { "sec-fetch-site": "cross-site" }],
  ["another page on this machine", { "sec-fetch-site": "same-site" }],
];
for (const [name, headers] of foreign) {
  Deno.test(`a button that is pressed from ${name} does nothing`, () =>
    withCloud(async (cloud) => {
      await cloud.client.queue({ queueName: "orders" }).upsert({});
      const response = await fetch(`${cloud.url}/_page/queues/orders/pause`, {
        method: "POST",
        headers,
      });
      assert.equal(response.status, 403);
      assert.equal((await cloud.client.queue({ queueName: "orders" }).get()).paused, false);
    }));
}

Deno.test("under a name that is not this machine's the page is refused, the API is not", () =>
  withCloud(async ({ server, token }) => {
    assert.equal((await server.fetch(new Request("http://evil.example/"))).status, 403);
    const request = new Request("http://qstash.internal/v2/queues", {
      headers: { authorization: `Bearer ${token}`, origin: "https://evil.example" },
    });
    assert.equal((await server.fetch(request)).status, 200);
  }));

for (const path of ["queues/none/pause", "messages/msg_none/run", "dead-letters/1-1/retry"]) {
  Deno.test(`the button ${path} of something that is gone says so`, () =>
    withCloud(async ({ url }) => {
      const response = await fetch(`${url}/_page/${path}`, {
        method: "POST",
        headers: { accept: "text/plain" },
      });
      assert.equal(response.status, 404);
      assert.equal(await response.text(), "It is not there any more");
    }));
}

for (const path of ["queues/orders/run", "clock/1y/advance", "constructor/x/pause"]) {
  Deno.test(`there is no button ${path}`, () =>
    withCloud(async ({ url }) => {
      const response = await fetch(`${url}/_page/${path}`, { method: "POST" });
      assert.equal(response.status, 404);
      assert.equal(await response.text(), "There is no such button");
    }));
}

Deno.test("without scripts a button is a form that leads back to the page with a notice", () =>
  withCloud(async ({ client, url }) => {
    await client.queue({ queueName: "orders" }).upsert({});
    const response = await fetch(`${url}/_page/queues/orders/pause`, { method: "POST" });
    assert.ok(response.redirected);
    assert.match(await response.text(), /id="notice"[^>]*>Paused</);
    assert.equal((await client.queue({ queueName: "orders" }).get()).paused, true);
  }));

/** Opens the page, waits until it is live, and fails on any error or request to elsewhere. */
async function withPage(cloud: Cloud, test: (page: Page) => Promise<void>): Promise<void> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("request", (request) => {
      const address = request.url();
      if (!address.startsWith(cloud.url) && !address.startsWith("data:")) faults.push(address);
    });
    await page.goto(cloud.url);
    await page.getByText("Live", { exact: true }).waitFor();
    await test(page);
    assert.deepEqual(faults, []);
  } finally {
    await browser.close();
  }
}

Deno.test({
  name: "in a browser the page follows what happens, and its buttons work",
  ...needs("chromium"),
  fn: () =>
    withCloud(async (cloud) => {
      const { client, clock, endpoint } = cloud;
      const { later, letter } = await fill(cloud);
      await withPage(cloud, async (page) => {
        const press = async (button: string, notice: string) => {
          const answer = page.waitForResponse((response) => response.request().method() === "POST");
          await page.locator(`[id="${button}"]`).click();
          assert.ok((await (await answer).text()).startsWith(notice));
          await page.locator("#notice", { hasText: notice }).waitFor();
          await clock.advance(0);
        };
        const count = (state: string, value: number) =>
          page.locator(`#tile-${state} b`, { hasText: new RegExp(`^${value}$`) }).waitFor();

        await press(`messages-${later}-run`, "Delivering it now");
        await count("delivered", 2);
        assert.equal(endpoint.calls.at(-1)!.text, "hello");

        await client.publish({ url: endpoint.url("/ok"), delay: "1h", label: "fresh" });
        await page.getByText("fresh").waitFor();
        await count("waiting", 2);
        const fresh = cloud.server.messages().at(-1)!.messageId;
        await press(`messages-${fresh}-cancel`, "Cancelled");
        await count("cancelled", 2);

        await press("schedules-yearly-toggle", "Paused");
        assert.equal((await client.schedules.get("yearly")).isPaused, true);
        await press("schedules-yearly-toggle", "Resumed");
        await press("schedules-yearly-run", "Published 1 message");
        await count("delivered", 3);

        await press("queues-orders-toggle", "Paused");
        assert.equal((await client.queue({ queueName: "orders" }).get()).paused, true);
        await press("flow-controls-openai-toggle", "Paused");
        assert.equal((await client.flowControl.get("openai")).isPaused, true);

        await press(`dead-letters-${letter}-retry`, "Published again");
        await count("failed", 2);
        const [next] = (await client.dlq.listMessages()).messages;
        assert.notEqual(next.dlqId, letter);
        await press(`dead-letters-${next.dlqId}-delete`, "Deleted");
        await page.getByText("A message that fails for good will wait here").waitFor();

        const before = clock.now();
        await press("clock-1h-advance", "The clock was moved forward");
        assert.equal(clock.now(), before + HOUR_MS);
        const shown = new Date(clock.now()).toISOString().slice(0, 19).replace("T", " ");
        await page.locator("#clock-now", { hasText: shown }).waitFor();

        await page.locator("#tile-cancelled").click();
        await page.getByRole("heading", { name: "Messages: cancelled" }).waitFor();
        await page.locator(`[id="open-${fresh}"]`).click();
        await page.getByRole("heading", { name: `Message ${fresh}` }).waitFor();
        await page.getByText("CANCELED").waitFor();
      });
    }),
});

Deno.test({
  name: "in a browser the keyboard keeps its place, and a page that is not seen asks for nothing",
  ...needs("chromium"),
  fn: () =>
    withCloud(async (cloud) => {
      const { later } = await fill(cloud);
      await withPage(cloud, async (page) => {
        const focused = () => page.evaluate("document.activeElement.id") as Promise<string>;
        await page.locator("#queues-orders-toggle").focus();
        await page.keyboard.press("Enter");
        await page.locator("#queues-orders-toggle", { hasText: "Resume" }).waitFor();
        assert.equal(await focused(), "queues-orders-toggle");
        await page.locator(`[id="messages-${later}-cancel"]`).focus();
        await page.keyboard.press("Enter");
        await page.locator(`[id="messages-${later}-cancel"]`).waitFor({ state: "detached" });
        assert.equal(await focused(), "title-messages");

        await page.locator("#clock-1m-advance").focus();
        await cloud.client.queue({ queueName: "more" }).upsert({});
        await page.getByText("more", { exact: true }).waitFor();
        assert.equal(await focused(), "clock-1m-advance");

        let asked = 0;
        page.on("request", () => asked++);
        const setHidden = (hidden: boolean) =>
          page.evaluate(`
            Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
          `);
        await setHidden(true);
        await cloud.client.queue({ queueName: "unseen" }).upsert({});
        // Longer than the second between two questions; there is no event for what does not happen.
        await page.waitForTimeout(1_500);
        assert.equal(asked, 0);
        assert.equal(await page.getByText("unseen", { exact: true }).count(), 0);
        await setHidden(false);
        await page.getByText("unseen", { exact: true }).waitFor();
      });
    }),
});

Deno.test({
  name: "in a browser the page is light or dark as its reader has it, and fits a phone",
  ...needs("chromium"),
  fn: () =>
    withCloud(async (cloud) => {
      await fill(cloud);
      await withPage(cloud, async (page) => {
        const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
        await page.emulateMedia({ colorScheme: "light" });
        assert.equal(await paper(), "rgb(247, 247, 245)");
        await page.emulateMedia({ colorScheme: "dark" });
        assert.equal(await paper(), "rgb(20, 22, 26)");
        await page.setViewportSize({ width: 360, height: 700 });
        const overflow = "document.documentElement.scrollWidth - innerWidth";
        assert.equal(await page.evaluate(overflow), 0);
      });
    }),
});

Deno.test("a button that the plan refuses says why, in words", async () => {
  const { qstash, clock, publish, answer } = createHarness({ plan: "free" });
  answer(() => 500);
  await publish("https://app.test/", { "upstash-retries": "0" });
  await clock.advance(0);
  const { dlqId } = qstash.deadLetters()[0];
  for (let index = 1; index < 1_000; index++) await publish("https://app.test/");
  const response = await qstash.fetch(
    new Request(`http://127.0.0.1/_page/dead-letters/${dlqId}/retry`, {
      method: "POST",
      headers: { accept: "text/plain" },
    }),
  );
  assert.equal(await response.text(), "quota maxDailyMessages exceeded, current limit: 1000");
  assert.equal(qstash.deadLetters().length, 1);
});
