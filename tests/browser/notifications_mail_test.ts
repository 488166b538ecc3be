/**
 * Every notification's mail in a real browser: on phones, in the light and in the dark.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { events, largestData, mailOf } from "../functions/notifications_samples.ts";
import { launchChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { faintTexts } from "./faint_texts.ts";

const chromium = needs("chromium");
let browser: Browser;

if (!chromium.ignore) {
  Deno.test.beforeAll(async () => {
    browser = await launchChromium();
  });
  Deno.test.afterAll(() => browser.close());
}

/** One page for all mails; what it asks for, or runs, is a failure. */
function inBrowser(
  name: string,
  options: BrowserContextOptions,
  look: (page: Page) => Promise<void>,
) {
  Deno.test({
    name,
    ...chromium,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const context = await browser.newContext(options);
      try {
        const page = await context.newPage();
        const faults: string[] = [];
        page.on("console", (message) => faults.push(message.text()));
        page.on("dialog", (dialog) => faults.push(dialog.message()));
        page.on("request", (request) => faults.push(request.url()));
        await look(page);
        assert.deepEqual(faults, []);
      } finally {
        await context.close();
      }
    },
  });
}

const SIZES = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]";

async function assertFits(page: Page, html: string, what: string) {
  await page.setContent(html);
  const [scrollWidth, clientWidth] = await page.evaluate<[number, number]>(SIZES);
  assert.ok(scrollWidth <= clientWidth, `${what}: ${scrollWidth} px on ${clientWidth}`);
}

for (const width of [320, 390]) {
  const phone = { viewport: { width, height: 780 }, isMobile: true };
  inBrowser(`all 38 mails fit a phone of ${width} px`, phone, async (page) => {
    for (const [name, event] of events) {
      await assertFits(page, mailOf(event).html, name);
      if (event.collapse) await assertFits(page, mailOf(event, event.sample, 3).html, name);
    }
  });
  inBrowser(`so they do with words and addresses without end: ${width} px`, phone, async (page) => {
    for (const [name, event] of events) {
      const { html } = mailOf(event, largestData(event, (length) => "W".repeat(length)));
      await assertFits(page, html, name);
    }
  });
}

const looks: { name: string; options: BrowserContextOptions }[] = [
  { name: "wide", options: { viewport: { width: 1280, height: 900 } } },
  {
    name: "phone",
    options: { viewport: { width: 390, height: 780 }, isMobile: true, deviceScaleFactor: 2 },
  },
  { name: "dark", options: { viewport: { width: 390, height: 780 }, colorScheme: "dark" } },
];
for (const { name: look, options } of looks) {
  inBrowser(`all 38 mails can be read: ${look}`, options, async (page) => {
    const folder = Deno.env.get("ZEROPOLL_SCREENSHOTS");
    for (const [name, event] of events) {
      await page.setContent(mailOf(event).html);
      assert.deepEqual(await page.evaluate(faintTexts), [], name);
      if (folder) await page.screenshot({ path: `${folder}/${name}-${look}.png`, fullPage: true });
    }
  });
}

inBrowser(
  "a mail without its style sheet fits as well",
  { viewport: { width: 390, height: 780 } },
  async (page) => {
    for (const [name, event] of events) {
      await assertFits(page, mailOf(event).html.replace(/<style>.*?<\/style>/, ""), name);
      assert.deepEqual(await page.evaluate(faintTexts), [], name);
    }
  },
);

inBrowser("nothing that data holds is run", {}, async (page) => {
  const attack = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`;
  for (const [, event] of events) {
    const data = largestData(event, (length) => attack.padEnd(length).slice(0, length));
    await page.setContent(mailOf(event, data).html);
    assert.equal(await page.locator("script, img").count(), 0);
  }
});
