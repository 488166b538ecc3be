/**
 * The gallery of notifications in a real browser.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/mod.ts";
import { TOKEN } from "../functions/dashboard_world.ts";
import { launchChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent_log.ts";
import { faintTexts } from "./faint_texts.ts";

const PATH = "/admin/notifications";
const chromium = needs("chromium");
let browser: Browser;
let cloud: Cloud;

if (!chromium.ignore) {
  Deno.test.beforeAll(async () => {
    cloud = await createCloud({
      app: (settings) => createApp(createDeps(readConfig(settings), { log: silentLog })),
    });
    browser = await launchChromium();
  });
  Deno.test.afterAll(async () => {
    await browser.close();
    await cloud.close();
  });
}

/** Opens the gallery as an operator; whatever the console says, or a policy refuses, is a failure. */
function inGallery(
  name: string,
  visit: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
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
        page.on("pageerror", (error) => faults.push(String(error)));
        await page.goto(`${cloud.url}/admin/sign-in?next=${encodeURIComponent(PATH)}#${TOKEN}`);
        await page.waitForURL(cloud.url + PATH);
        await visit(page);
        assert.deepEqual(faults, []);
      } finally {
        await context.close();
      }
    },
  });
}

const names = (page: Page) =>
  page.locator("tr[data-filter]:visible td:first-child").allInnerTexts();

inGallery("the gallery filters while somebody types, and remembers it", async (page) => {
  assert.equal((await names(page)).length, 38);
  await page.getByLabel("Find").pressSequentially("Review digest");
  assert.deepEqual(await names(page), ["admin.review.pending", "admin.report.new"]);
  assert.equal(await page.locator("#shown").innerText(), "2 of 38");
  assert.equal(await page.locator("tbody:visible").count(), 2, "a topic without events is away");
  await page.getByRole("link", { name: "admin.review.pending" }).click();
  await page.getByRole("heading", { name: "admin.review.pending" }).waitFor();
  await page.goBack();
  await page.locator("#shown", { hasText: "2 of 38" }).waitFor();
  await page.getByLabel("Find").fill("");
  assert.equal((await names(page)).length, 38);
  assert.equal(page.url(), cloud.url + PATH);
});

inGallery("without scripts, the form finds the same", async (page) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  await context.addCookies(await page.context().cookies());
  const plain = await context.newPage();
  await plain.goto(cloud.url + PATH);
  await plain.getByLabel("Find").fill("review digest");
  await plain.getByRole("button", { name: "Find" }).click();
  await plain.waitForURL(/\?q=review\+digest$/);
  assert.deepEqual(await names(plain), ["admin.review.pending", "admin.report.new"]);
  await context.close();
});

inGallery("a mail is shown wide, as on a phone, alone and together", async (page) => {
  await page.getByRole("link", { name: "message.new" }).click();
  const frame = page.locator("iframe.mail");
  const mail = page.frameLocator("iframe.mail");
  await mail.locator("blockquote", { hasText: "Is the loft free" }).waitFor();
  assert.ok((await frame.boundingBox())!.width > 900);
  await page.getByRole("link", { name: "Phone" }).click();
  await page.waitForURL(/width=phone$/);
  await mail.getByRole("link", { name: "Unsubscribe" }).waitFor();
  assert.equal((await frame.boundingBox())!.width, 390);
  await page.getByRole("link", { name: "Several in one" }).click();
  await page.waitForURL(/width=phone&several=1$/);
  await mail.locator("blockquote").nth(2).waitFor();
  await mail.getByRole("link", { name: "Answer", exact: true }).waitFor();
  assert.equal((await frame.boundingBox())!.width, 390);
});

const looks: { name: string; options: BrowserContextOptions }[] = [
  { name: "desktop", options: { viewport: { width: 1280, height: 900 } } },
  { name: "dark", options: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" } },
  { name: "phone", options: { viewport: { width: 360, height: 780 }, isMobile: true } },
];
for (const { name, options } of looks) {
  inGallery(`the gallery fits, and can be read: ${name}`, async (page) => {
    const folder = Deno.env.get("ZEROPOLL_SCREENSHOTS");
    for (const path of ["", "/message.new", "/event.participation.confirmed?width=phone"]) {
      await page.goto(cloud.url + PATH + path);
      const overflow =
        "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      assert.equal(await page.evaluate(overflow), 0, path);
      assert.deepEqual(await page.evaluate(faintTexts), [], path);
      const file = `${folder}/gallery${path.replace(/\W/g, "-")}-${name}.png`;
      if (folder) await page.screenshot({ path: file, fullPage: true });
    }
  }, options);
}
