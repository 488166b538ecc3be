/**
 * Events as a real browser sends them: from a page of another origin, with and without asking first.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { createCloud } from "../../dev/cloud.ts";
import { listen } from "../../dev/server.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/config.ts";
import { launchChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent_log.ts";

const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/** What the app was asked, and what it answered. */
interface Seen {
  method: string;
  type: string | null;
  status: number;
}

async function withPages(
  work: (world: {
    url: string;
    seen: Seen[];
    open(origin: "shop" | "evil"): Promise<Page>;
    commands(): number;
  }) => Promise<void>,
) {
  const page = () =>
    Promise.resolve(new Response("<!doctype html>", { headers: { "content-type": "text/html" } }));
  const shop = listen(page);
  const evil = listen(page);
  const seen: Seen[] = [];
  const cloud = await createCloud({
    clock: "wall",
    environment: {
      DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
      CORS_ORIGINS: new URL(shop.url).origin,
    },
    app: (environment) => {
      const app = createApp(createDeps(readConfig(environment), { log: silentLog }));
      return {
        async fetch(request, bindings) {
          const response = await app.fetch(request, bindings);
          const { method, headers } = request;
          seen.push({ method, type: headers.get("content-type"), status: response.status });
          return response;
        },
      };
    },
  });
  const browser = await launchChromium();
  try {
    await work({
      url: cloud.url,
      seen,
      commands: () => cloud.redis.meter.snapshot().byCommand.SADD ?? 0,
      open: async (origin) => {
        const page = await (await browser.newContext({ userAgent: USER_AGENT })).newPage();
        await page.goto(origin === "shop" ? shop.url : evil.url);
        return page;
      },
    });
  } finally {
    await browser.close();
    await cloud.close();
    await Promise.all([shop.close(), evil.close()]);
  }
}

const body = (id: number) =>
  JSON.stringify({ kind: "locations", id, session: "session-of-a-browser" });

/** Resolves to the answer as the page may read it, or to what the page is told instead. */
const send = (page: Page, url: string, init: RequestInit) =>
  page.evaluate(
    async ([url, init]) => {
      try {
        const response = await fetch(url, init);
        return { status: response.status, ...await response.json() };
      } catch (error) {
        return { failed: (error as Error).name };
      }
    },
    [`${url}/api/metrics/views`, { method: "POST", ...init }] as const,
  );

const beacon = (page: Page, url: string, body: string) =>
  page.evaluate(
    ([url, body]) => {
      const { sendBeacon } = navigator as unknown as {
        sendBeacon(url: string, body: string): boolean;
      };
      return sendBeacon.call(navigator, url, body);
    },
    [`${url}/api/metrics/views`, body] as const,
  );

const options = { ...needs("chromium"), sanitizeOps: false, sanitizeResources: false };

Deno.test({
  name: "a page of a known origin sends without asking first, and reads answers and failures",
  ...options,
  fn: () =>
    withPages(async ({ url, seen, open }) => {
      const page = await open("shop");
      assert.deepEqual(await send(page, url, { body: body(1) }), {
        status: 200,
        outcome: "counted",
      });
      const refused = await send(page, url, { body: "{}" });
      assert.equal(refused.status, 422);
      assert.equal(refused.fields[0].path, "kind");
      assert.deepEqual(seen.map(({ method }) => method), ["POST", "POST"]);
      assert.match(seen[0].type!, /^text\/plain/);
    }),
});

Deno.test({
  name: "a beacon is one request, and counts",
  ...options,
  fn: () =>
    withPages(async ({ url, seen, open, commands }) => {
      const page = await open("shop");
      assert.equal(await beacon(page, url, body(1)), true);
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.deepEqual(seen.map(({ method, status }) => `${method} ${status}`), ["POST 200"]);
      assert.equal(commands(), 1);
    }),
});

Deno.test({
  name: "a header has the browser ask first, once, and is taken",
  ...options,
  fn: () =>
    withPages(async ({ url, seen, open }) => {
      const page = await open("shop");
      const headers = { "authorization": "Bearer dev-service-token" };
      for (const id of [1, 2]) {
        assert.equal((await send(page, url, { body: body(id), headers })).outcome, "counted");
      }
      assert.deepEqual(seen.map(({ method }) => method), ["OPTIONS", "POST", "POST"]);
    }),
});

Deno.test({
  name: "a page of another origin counts nothing, and reads nothing",
  ...options,
  fn: () =>
    withPages(async ({ url, seen, open, commands }) => {
      const page = await open("evil");
      assert.deepEqual(await send(page, url, { body: body(1) }), { failed: "TypeError" });
      await beacon(page, url, body(2));
      while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.deepEqual(seen.map(({ status }) => status), [403, 403]);
      assert.equal(commands(), 0);
    }),
});
