/**
 * The feed's dashboard in a real browser, from the ready link on.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { PostgresServer } from "../../dev/postgres/server.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import type { Database } from "../../shared/mod.ts";
import {
  createDashboardWorld,
  type DashboardWorld,
  fill,
  PATH,
  TOKEN,
} from "../functions/dashboard_world.ts";
import { launchChromium } from "../support/chromium.ts";
import { faintTexts } from "./faint_texts.ts";
import { BROWSER } from "../functions/feed_events_world.ts";
import { startDatabase } from "../support/database.ts";
import { needs } from "../support/needs.ts";

const chromium = needs("chromium");
let server: PostgresServer;
let sql: Database;
let browser: Browser;

if (!chromium.ignore) {
  Deno.test.beforeAll(async () => {
    server = await startDatabase();
    sql = createPostgres({ url: server.url });
    browser = await launchChromium();
  });
  Deno.test.afterAll(async () => {
    await browser.close();
    await sql.close();
    await server.close();
  });
}

interface Visit {
  world: DashboardWorld;
  page: Page;
  /** What the page asked for since the last call: `GET /path`. */
  requests(): string[];
}

/** Opens a browser window on a world; whatever its console says, or its policy refuses, is a failure. */
function inBrowser(
  name: string,
  visit: (visit: Visit) => Promise<void>,
  options: BrowserContextOptions = {},
) {
  Deno.test({
    name,
    ...chromium,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using world = await createDashboardWorld(sql, server.url);
      const context = await browser.newContext(options);
      try {
        const page = await context.newPage();
        const faults: string[] = [];
        let asked: string[] = [];
        page.on("console", (message) => faults.push(message.text()));
        page.on("pageerror", (error) => faults.push(String(error)));
        page.on("request", (request) => {
          const { origin, pathname, search } = new URL(request.url());
          if (origin !== world.cloud.url && !request.url().startsWith("data:")) {
            faults.push(`asks ${request.url()}`);
          }
          asked.push(`${request.method()} ${pathname}${search}`);
        });
        const requests = () => {
          const before = asked;
          asked = [];
          return before;
        };
        await visit({ world, page, requests });
        assert.deepEqual(faults, []);
      } finally {
        await context.close();
      }
    },
  });
}

const readyLink = ({ cloud }: DashboardWorld) =>
  `${cloud.url}/admin/sign-in?next=${encodeURIComponent(PATH)}#${TOKEN}`;

async function signIn({ world, page }: Visit) {
  await page.goto(readyLink(world));
  await page.waitForURL(world.cloud.url + PATH);
}

inBrowser(
  "the ready link signs in and shows the page; the token is in no request",
  async (visit) => {
    const { world, page, requests } = visit;
    await fill(world.sql);
    await signIn(visit);
    assert.equal(await page.title(), "Feed · Zeropoll");
    assert.equal(await page.locator("svg[role=img]").count(), 4);
    assert.match(await page.locator("#flush").innerText(), /Drift 0: Redis and Postgres agree/);
    assert.equal(await page.locator("#rankings tbody tr").count(), 30);
    assert.ok(!requests().join().includes(TOKEN));
    assert.ok(!JSON.stringify(world.lines).includes(TOKEN));
    await page.goBack();
    assert.ok(!page.url().includes(TOKEN), "nor is it in the tab's history");
    await page.goForward();

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(/\/admin\/sign-in$/);
    await page.goto(world.cloud.url + PATH);
    await page.waitForURL(/\/admin\/sign-in\?next=/);
  },
);

inBrowser(
  "a person signs in by hand, wrong at first, and gets to where they wanted",
  async (visit) => {
    const { world, page } = visit;
    await fill(world.sql);
    await page.goto(`${world.cloud.url}${PATH}?segment=berlin`);
    assert.equal(await page.evaluate("document.activeElement.id"), "token");
    await page.keyboard.type("no-operators-token");
    // Chromium notes each answer of 401 in the console.
    page.removeAllListeners("console");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${world.cloud.url}${PATH}?segment=berlin`);
    await page.getByRole("heading", { name: "locations:berlin" }).waitFor();
  },
);

inBrowser("the page shows what came of its buttons when it is looked at again", async (visit) => {
  const { world, page, requests } = visit;
  await fill(world.sql);
  await signIn(visit);
  const today = page.locator("#views-title + .number");
  const before = Number((await today.innerText()).replaceAll(",", ""));
  const view = { kind: "locations", id: 7, session: "a-first-visitor" };
  const outcome = await page.evaluate(`fetch("/api/metrics/views", {
    method: "POST", body: ${JSON.stringify(JSON.stringify(view))},
  }).then((answer) => answer.text())`);
  assert.equal(outcome, '{"outcome":"counted"}');
  await page.getByRole("button", { name: "Flush now" }).click();
  await page.getByText("The flush was asked for.").waitFor();
  assert.equal(page.url(), world.cloud.url + PATH, "reloading says nothing twice");
  await world.cloud.settle();

  requests();
  await laterInThePage(page);
  await look(page, { hidden: true });
  assert.deepEqual(requests(), [], "a page that nobody sees asks for nothing");
  await page.locator("#flushes summary").click();
  await page.locator("#flush-day").selectOption({ index: 2 });
  await page.locator("#rank-now").focus();
  await look(page, { hidden: false });
  const after = (before + 1).toLocaleString("en-GB");
  await page.locator("#views-title + .number", { hasText: after }).waitFor();
  assert.deepEqual(requests(), [`GET ${PATH}`]);
  assert.equal(await page.evaluate("document.activeElement.id"), "rank-now");
  assert.equal(await page.locator(".notice").count(), 0, "what was asked for is there");
  assert.equal(await page.locator("#flushes[open]").count(), 1, "what was open stays open");
  assert.equal(await page.evaluate("document.querySelector('#flush-day').selectedIndex"), 2);

  requests();
  await page.locator("#segment").fill("ber");
  await laterInThePage(page);
  await page.evaluate("document.querySelector('#flush [data-at]').textContent = 'before'");
  await look(page, { hidden: false });
  await page.getByText("before", { exact: true }).waitFor({ state: "detached" });
  assert.equal(requests().length, 1);
  assert.equal(await page.locator("#segment").inputValue(), "ber", "nor is what was entered lost");
}, { userAgent: BROWSER });

/** Time as the page knows it, without waiting for it. */
async function laterInThePage(page: Page) {
  await page.evaluate(`{
    const now = performance.now.bind(performance);
    performance.now = () => now() + 60_000;
  }`);
}

async function look(page: Page, { hidden }: { hidden: boolean }) {
  await page.evaluate(`
    Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  `);
}

inBrowser("an idle page asks for nothing", async (visit) => {
  const { page, requests } = visit;
  await page.clock.install();
  await signIn(visit);
  await page.locator("#flush").waitFor();
  requests();
  await page.clock.runFor("01:00:00");
  assert.deepEqual(requests(), []);
});

inBrowser(
  "a page whose session is over leads to the sign-in when it is looked at again",
  async (visit) => {
    const { world, page } = visit;
    await signIn(visit);
    await world.cloud.advance("13h");
    await laterInThePage(page);
    await page.evaluate("dispatchEvent(new Event('focus'))");
    await page.waitForURL(/\/admin\/sign-in\?next=/);
  },
);

const looks: { name: string; options: BrowserContextOptions }[] = [
  { name: "desktop", options: { viewport: { width: 1280, height: 900 } } },
  { name: "dark", options: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" } },
  { name: "phone", options: { viewport: { width: 360, height: 780 }, isMobile: true } },
];
for (const { name, options } of looks) {
  inBrowser(`the pages fit, and can be read: ${name}`, async (visit) => {
    const { world, page } = visit;
    const folder = Deno.env.get("ZEROPOLL_SCREENSHOTS");
    const check = async (what: string) => {
      const overflow =
        "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      assert.equal(await page.evaluate(overflow), 0, what);
      assert.deepEqual(await page.evaluate(faintTexts), [], what);
      if (folder) await page.screenshot({ path: `${folder}/${what}-${name}.png`, fullPage: true });
    };
    await page.goto(`${world.cloud.url}/admin/sign-in`);
    await check("sign-in");
    await signIn(visit);
    await check("empty");
    await fill(world.sql);
    await world.sql.query("UPDATE feed_flushes SET drift = 3 WHERE job = 'flush-0'");
    await page.reload();
    for (const details of await page.locator("details summary").all()) await details.click();
    await check("feed");
  }, options);
}
