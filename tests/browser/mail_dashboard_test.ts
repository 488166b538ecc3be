/**
 * The dashboard of mail on a phone, in a real browser.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/mod.ts";
import { TOKEN } from "../functions/dashboard_world.ts";
import { launchChromium } from "../support/chromium.ts";
import { startDatabase } from "../support/database.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent_log.ts";

const PATH = "/admin/analytics/mail";
const WIDTH = 375;
const PERSON = "a.person.whose.address.is.long@a-domain-that-is-no-shorter.example";

/** What reaches beyond the screen, and rows that are as tall as letters under each other. */
const FAULTS = `(() => {
  const name = (element) => element.tagName + "." + element.className;
  const boxOf = (element) => element.getBoundingClientRect();
  const isWide = document.documentElement.scrollWidth > ${WIDTH};
  const wide = [...document.querySelectorAll("body *")]
    .filter((element) => isWide && boxOf(element).right > ${WIDTH} + 1)
    .map((element) => name(element) + " is wider than the screen");
  const tall = [...document.querySelectorAll("tbody tr")]
    .filter((row) => boxOf(row).height > 260)
    .map((row) => name(row) + " is " + boxOf(row).height + " px tall");
  return [...wide, ...tall];
})()`;
const NAMES = `[...document.querySelector("#latest tbody tr").cells]
  .map((cell) => getComputedStyle(cell, "::before").content)`;

const faultsOf = (page: Page) => page.evaluate<string[]>(FAULTS);

Deno.test({
  name: "the dashboard of mail fits a phone 375 px wide, and tells of each mail in a few lines",
  ...needs("chromium"),
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const postgres = await startDatabase();
    await using cloud = await createCloud({
      mailsPerSecond: 100,
      environment: { DATABASE_URL: postgres.url },
      app: (settings) => createApp(createDeps(readConfig(settings), { log: silentLog })),
    });
    const browser = await launchChromium();
    try {
      for (let index = 0; index < 5; index++) {
        const told = await cloud.fetch("/api/notifications", {
          method: "POST",
          headers: { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
          body: JSON.stringify({
            event: "user.reset.confirmed",
            to: { email: index === 0 ? PERSON : `person-${index}@market.example` },
            data: { at: "2026-11-21T12:00:00Z", url: "https://market.example/account" },
          }),
        });
        assert.equal(told.status, 202, await told.text());
      }
      await cloud.advance("1m");
      const context = await browser.newContext({
        viewport: { width: WIDTH, height: 700 },
        hasTouch: true,
      });
      const page = await context.newPage();
      await page.goto(`${cloud.url}/admin/sign-in?next=${encodeURIComponent(PATH)}#${TOKEN}`);
      await page.waitForURL(cloud.url + PATH);
      assert.equal(await page.locator("#latest tbody tr").count(), 5);
      assert.deepEqual(await faultsOf(page), []);
      // Without the head of the table each value says what it is.
      const said = await page.evaluate<string[]>(NAMES);
      assert.deepEqual(said.map((text) => text.replaceAll('"', "")), [
        "When",
        "Event",
        "To",
        "Outcome",
        "Provider",
        "Tells of",
        "Id",
      ]);
      await page.getByLabel("Whose mail").fill(PERSON);
      await page.getByRole("button", { name: "Look" }).click();
      await page.locator("#found").waitFor();
      assert.deepEqual(await faultsOf(page), []);
    } finally {
      await browser.close();
      await postgres.close();
    }
  },
});
