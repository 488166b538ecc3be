/**
 * The inbox of dev/mail in a real browser.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { WallClock } from "../../dev/clock.ts";
import { createMailServer } from "../../dev/mail/server.ts";
import { listen } from "../../dev/server.ts";
import { launchChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";

const chromium = needs("chromium");
let browser: Browser;
if (!chromium.ignore) {
  Deno.test.beforeAll(async () => void (browser = await launchChromium()));
  Deno.test.afterAll(() => browser.close());
}

interface Visit {
  url: string;
  page: Page;
  send(changes?: Record<string, unknown>): Promise<string>;
  /** What the page asked for since the last call. */
  requests(): string[];
  /** What its console said since the last call; at the end there must be nothing. */
  said(): string[];
}

const wide = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 375, height: 700 }, hasTouch: true };

function inBrowser(
  name: string,
  visit: (visit: Visit) => Promise<void>,
  options: BrowserContextOptions = wide,
) {
  Deno.test({
    name,
    ...chromium,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const server = createMailServer({ clock: new WallClock(), ratePerSecond: 1_000 });
      const { url, close } = listen((request) => server.fetch(request));
      const context = await browser.newContext(options);
      try {
        const page = await context.newPage();
        let asked: string[] = [];
        let said: string[] = [];
        page.on("console", (message) => said.push(message.text()));
        page.on("pageerror", (error) => said.push(String(error)));
        page.on("request", (request) => asked.push(request.url().replace(url, "")));
        const send: Visit["send"] = async (changes) => {
          const response = await fetch(`${url}/emails`, {
            method: "POST",
            headers: { authorization: `Bearer ${server.token}` },
            body: JSON.stringify({
              from: "Zeropoll <mail@zeropoll.example>",
              to: ["mona@example.com"],
              subject: "Hello",
              html: `<p>Hello <b>Mona</b>, <a href="https://zeropoll.example/">look</a></p>`,
              text: "Hello Mona",
              ...changes,
            }),
          });
          return (await response.json()).id;
        };
        await visit({
          url,
          page,
          send,
          requests: () => asked.splice(0),
          said: () => said.splice(0),
        });
        assert.deepEqual(said, []);
        asked = said = [];
      } finally {
        await context.close();
        await server.close();
        await close();
      }
    },
  });
}

const counts = (page: Page) => page.locator(".counts");

inBrowser("mails come in while one looks, and idle the page asks for nothing", async (visit) => {
  const { url, page, send, requests } = visit;
  await page.goto(url);
  await page.getByText("No mail yet").waitFor();
  await send({ subject: "The first" });
  await page.getByText("The first").waitFor();
  await send({ subject: "The second" });
  await page.getByText("2 mails, 2 unread").waitFor();
  assert.deepEqual(await page.locator(".row .subject").allTextContents(), [
    "The second",
    "The first",
  ]);
  assert.equal(await page.title(), "(2) Inbox");
  requests();
  // Longer than the page takes to look again after a change.
  await page.waitForTimeout(600);
  assert.deepEqual(requests(), []);
});

inBrowser(
  "a mail is opened, read as HTML, text, headers and raw, and left again",
  async (visit) => {
    const { url, page, send } = visit;
    await send();
    await page.goto(url);
    await page.getByText("Hello", { exact: true }).click();
    await page.frameLocator("iframe").getByText("Mona").waitFor();
    await page.getByText("1 mail", { exact: true }).waitFor();
    const full = (await page.locator("iframe").boundingBox())!.width;
    assert.ok(full > 700, String(full));
    await page.getByLabel("Phone width").check();
    assert.equal((await page.locator("iframe").boundingBox())!.width, 375);

    await page.getByRole("link", { name: "Text" }).click();
    assert.equal(await page.locator("pre.text").textContent(), "Hello Mona");
    await page.getByRole("link", { name: "Headers" }).click();
    await page.getByText("Kept beside it").waitFor();
    await page.getByRole("link", { name: "Raw" }).click();
    await page.getByText('"subject": "Hello"').waitFor();
    // What one has chosen holds for the next mail as well.
    await page.getByRole("link", { name: "HTML" }).click();
    await page.frameLocator("iframe").getByText("Mona").waitFor();
    assert.equal((await page.locator("iframe").boundingBox())!.width, 375);
    await page.goBack();
    await page.getByText('"subject": "Hello"').waitFor();
    await page.getByRole("link", { name: "Inbox" }).click();
    await page.getByText("No mail is open").waitFor();
  },
);

inBrowser("a link in a mail opens a page of its own", async ({ url, page, send }) => {
  await send({ html: `<a href="${url}/inbox/mails">its target</a>` });
  await page.goto(url);
  await page.locator(".row").click();
  const opening = page.context().waitForEvent("page");
  await page.frameLocator("iframe").getByText("its target").click();
  const opened = await opening;
  await opened.waitForLoadState();
  assert.equal(opened.url(), `${url}/inbox/mails`);
  assert.equal(await opened.evaluate("window.opener"), null);
});

inBrowser("a mail that means harm runs nothing and sends nothing", async (visit) => {
  const { url, page, send, requests, said } = visit;
  const evil = `<script>top.document.title = "owned"</script>
    <img src="data:," onerror="top.document.title = 'owned'">
    <meta http-equiv="refresh" content="0; url=${url}/inbox/mails">
    <iframe src="${url}/inbox/mails"></iframe>
    <form action="${url}/inbox/delete" method="post"><button>Win</button></form>
    <a href="javascript:alert(1)">click</a>`;
  await send({ subject: evil, html: evil, text: evil });
  await page.goto(url);
  await page.locator(".row").click();
  const frame = page.frameLocator("iframe");
  await frame.getByText("Win").click();
  await frame.getByText("click").click();
  await counts(page).getByText("1 mail", { exact: true }).waitFor();
  assert.equal(await page.title(), evil.replaceAll(/\s+/g, " "));
  assert.deepEqual(requests().filter((path) => /delete|mails$/.test(path)), []);
  assert.equal(
    page.context().pages().filter((one) => one.url().startsWith("javascript")).length,
    0,
  );
  for (const text of said()) assert.match(text, /sandbox|Content Security Policy|Blocked/);
});

inBrowser("the search finds while one types, and is kept when a mail is opened", async (visit) => {
  const { url, page, send } = visit;
  await send({ subject: "Apples" });
  await send({ subject: "Pears" });
  await page.goto(url);
  await page.getByLabel("Search mails").fill("apples");
  await page.getByText("1 mail found").waitFor();
  await page.locator(".row").click();
  await page.getByRole("heading", { name: "Apples" }).waitFor();
  assert.equal(await page.locator(".row").count(), 1);
  await send({ subject: "More apples" });
  await page.getByText("2 mails found").waitFor();
  await page.getByLabel("Search mails").fill("");
  await page.getByText("Pears").waitFor();
});

inBrowser("all mails are deleted, if one means it", async ({ url, page, send }) => {
  await send();
  await page.goto(url);
  page.once("dialog", (dialog) => dialog.dismiss());
  await page.getByRole("button", { name: "Delete all" }).click();
  assert.equal(await page.locator(".row").count(), 1);
  page.once("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Delete all" }).click();
  await page.getByText("No mail yet").waitFor();
});

inBrowser("without its script everything is there by links and forms", async (visit) => {
  const { url, page, send } = visit;
  await send({ subject: "Apples" });
  await send({ subject: "Pears" });
  await page.goto(url);
  await page.getByLabel("Search mails").fill("apples");
  await page.getByLabel("Search mails").press("Enter");
  assert.equal(await page.locator(".row").count(), 1);
  await page.locator(".row").click();
  await page.getByRole("link", { name: "Text" }).click();
  assert.equal(await page.locator("pre.text").textContent(), "Hello Mona");
  await page.getByRole("button", { name: "Delete all" }).click();
  await page.getByText("No mail yet").waitFor();
}, { ...wide, javaScriptEnabled: false });

for (const colorScheme of ["light", "dark"] as const) {
  inBrowser(
    `on a phone, ${colorScheme}, one sees the list or the mail, none too wide`,
    async (visit) => {
      const { url, page, send } = visit;
      const long = "averylongword".repeat(20);
      await send({
        subject: `Hello ${long}`,
        to: [`${"a".repeat(60)}@${"b".repeat(60)}.example`],
        headers: { "X-Long": long },
        text: long,
      });
      const fits = async () => {
        assert.equal(
          await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
          true,
        );
      };
      await page.goto(url);
      await fits();
      await page.locator(".row").tap();
      await page.frameLocator("iframe").getByText("Mona").waitFor();
      assert.equal(await page.locator(".row").isVisible(), false);
      await fits();
      for (const tab of ["Text", "Headers", "Raw"]) {
        await page.getByRole("link", { name: tab }).tap();
        await page.locator(`a[aria-current=page]:text("${tab}")`).waitFor();
        await fits();
      }
      await page.getByRole("link", { name: "All mails" }).tap();
      await page.locator(".row").waitFor();
      await fits();
    },
    { ...phone, colorScheme },
  );
}

inBrowser(
  "a server that is away says so, once, and what came meanwhile is seen after",
  async (visit) => {
    const { url, page } = visit;
    await page.goto(url);
    await page.getByText("No mail yet").waitFor();
    await page.route("**/*", (route) => route.abort());
    await visit.send();
    await page.getByText("The server does not answer; still trying").waitFor();
    await page.unroute("**/*");
    await visit.send();
    await page.getByText("2 mails, 2 unread").waitFor();
    assert.equal(await page.locator("#status").textContent(), "");
    visit.said();
  },
);
