/**
 * The chat page with the whole system behind it, in a real Chromium, in real time.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { type Cloud, createCloud, DEVELOPMENT_AUTH_SECRET } from "../../dev/cloud.ts";
import { userToken } from "../../dev/user_token.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/mod.ts";
import { launchChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent_log.ts";

/** A browser that somebody is signed in with: its tabs share what it stores. */
export interface Device {
  context: BrowserContext;
  /** Opens a tab; `place` is what stands behind `/chat`. Default: signs in by the link. */
  open(place?: string): Promise<Tab>;
}

export interface Tab {
  page: Page;
  /** Requests to the chat since the last call, as in `GET conversations`; what stands behind a `?` too. */
  requests(): string[];
  /** Types and sends. */
  say(text: string): Promise<void>;
  /** The text of the last message, as it stands. */
  last(): Promise<string>;
  /** Resolves once the last message is an answer that has ended. */
  answered(): Promise<string>;
  /** Hides the tab as browsers do when another is chosen, or shows it again. */
  hide(isHidden: boolean): Promise<void>;
}

export interface ChatPageWorld {
  cloud: Cloud;
  deps: Deps;
  device(options?: BrowserContextOptions & { user?: string }): Promise<Device>;
}

const DONE = "li.assistant:last-child:not([aria-busy]) .said > *";

/** Registers the tests of a file, with one browser and one cloud for all; each test is a user of its own. */
export function chatPageTests(): (
  name: string,
  test: (world: ChatPageWorld) => Promise<void>,
) => void {
  const chromium = needs("chromium");
  let browser: Browser;
  let cloud: Cloud;
  let deps: Deps;
  if (!chromium.ignore) {
    Deno.test.beforeAll(async () => {
      cloud = await createCloud({
        clock: "wall",
        postgres: true,
        environment: { AUTH_SECRET: DEVELOPMENT_AUTH_SECRET },
        app: (settings) => {
          deps = createDeps(readConfig(settings), { log: silentLog });
          return createApp(deps);
        },
      });
      browser = await launchChromium();
    });
    Deno.test.afterAll(async () => {
      await browser.close();
      await cloud.close();
      await deps.database?.close();
    });
  }
  return (name, test) =>
    Deno.test({
      name,
      ...chromium,
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => {
        const contexts: BrowserContext[] = [];
        const faults: string[] = [];
        const self = crypto.randomUUID();
        try {
          await test({
            cloud,
            deps,
            async device({ user = self, ...options } = {}) {
              const context = await browser.newContext(options);
              contexts.push(context);
              const link = `#token=${await userToken(DEVELOPMENT_AUTH_SECRET, user)}`;
              return { context, open: (place = link) => openTab(context, cloud, place, faults) };
            },
          });
          assert.deepEqual(faults, []);
        } finally {
          for (const context of contexts) await context.close();
          cloud.llm.faults.clear();
        }
      },
    });
}

async function openTab(
  context: BrowserContext,
  cloud: Cloud,
  place: string,
  faults: string[],
): Promise<Tab> {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  // What a policy refuses is said there as well; answers that are no success are looked at by the page.
  page.on("console", (message) => {
    if (!message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  let seen: string[] = [];
  page.on("request", (request) => {
    const [, path] = request.url().split(`${cloud.url}/api/chat/`);
    if (path) seen.push(`${request.method()} ${path}`);
  });
  await page.goto(`${cloud.url}/chat${place}`);
  await page.locator("#sign-in:visible, #chat:visible").waitFor();
  return {
    page,
    requests() {
      const since = seen;
      seen = [];
      return since;
    },
    async say(text) {
      await page.getByLabel("Message", { exact: true }).fill(text);
      await page.keyboard.press("Enter");
    },
    last: () => page.locator("#messages > li:last-child .said").innerText(),
    async answered() {
      await page.locator(DONE).first().waitFor();
      return await page.locator("#messages > li:last-child .said").innerText();
    },
    async hide(isHidden) {
      await page.evaluate(`{
        Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }`);
    },
  };
}

/** Resolves once it is so. @throws after `ms` of the wall */
export async function until(isSo: () => boolean | Promise<boolean>, ms = 120_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`It did not come to that in ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
