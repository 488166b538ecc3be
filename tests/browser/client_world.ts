/**
 * The app and pages of a site on another origin, in a real Chromium whose timers the test moves.
 *
 * @module
 */
import type { Browser, Page } from "playwright-core";
import { type App, type Cloud, createCloud } from "../../dev/cloud.ts";
import { listen } from "../../dev/server.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/mod.ts";
import { launchChromium } from "../support/chromium.ts";
import { silentLog } from "../support/silent_log.ts";

const PATIENCE_MS = 120_000;
/** Never connected to: events ask Redis alone. */
const NO_DATABASE = "postgres://nobody@127.0.0.1:9/none";

/** A request to `/api/metrics/…` as the app saw it. */
export interface SeenRequest {
  method: string;
  /** What follows `/api/metrics/`. */
  path: string;
  /** `no-cors` for a beacon, `cors` for a fetch. */
  mode: string | null;
  contentType: string | null;
  // deno-lint-ignore no-explicit-any -- a test looks into any body
  body: any;
}

/** What came to `/api/metrics/`, preflights too; and answers that do not reach the browser. */
export class Overheard {
  readonly requests: SeenRequest[] = [];
  /** How many answers are replaced by a 503, after the app has done its work. */
  failures = 0;
  #answered = 0;
  #wake: () => unknown = () => {};

  /** Puts itself before the app. */
  before(app: App): App {
    return { fetch: (request, bindings) => this.#fetch(app, request, bindings) };
  }

  /** Resolves once `count` requests have been answered. @throws after two minutes of the wall */
  async answered(count: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = setTimeout(() => {
      reject(new Error(`${count} requests were expected, ${this.#answered} have come`));
    }, PATIENCE_MS);
    const look = () => this.#answered >= count && resolve();
    this.#wake = look;
    look();
    await promise.finally(() => clearTimeout(late));
  }

  async #fetch(app: App, request: Request, bindings?: { clientAddress: string }) {
    const [, path] = new URL(request.url).pathname.split("/api/metrics/");
    if (path === undefined) return await app.fetch(request, bindings);
    const { method, headers } = request;
    const text = await request.clone().text();
    this.requests.push({
      method,
      path,
      mode: headers.get("Sec-Fetch-Mode"),
      contentType: headers.get("Content-Type"),
      body: text && JSON.parse(text),
    });
    const response = await app.fetch(request, bindings);
    this.#answered++;
    this.#wake();
    if (this.failures === 0) return response;
    this.failures--;
    return new Response("{}", { status: 503, headers: response.headers });
  }
}

export interface PageOptions {
  /** How many boxes of 300 px stand below each other; 600 px can be seen. Default: 10. */
  boxes?: number;
  /** What stands on the page in the place of the boxes and the script. */
  html?: string;
  /** From an origin that `CORS_ORIGINS` does not name. Default: false. */
  foreign?: boolean;
  /** A script that runs in the page before anything else. */
  before?: string;
}

export interface ClientPage {
  page: Page;
  /** Errors that nothing in the page caught. */
  faults: string[];
  /** Calls the module, as in `call("view", "locations", 42)`; resolves to what that resolves to. */
  call(name: string, ...parameters: unknown[]): Promise<unknown>;
  /** Resolves once the page is drawn, and the module knows what can be seen. */
  drawn(): Promise<void>;
  /** Scrolls until the box with this number is at the top, and waits as above. */
  scrollTo(box: number): Promise<void>;
  /** Moves the page's timers, which stand still otherwise. */
  run(ms: number): Promise<void>;
  /** Moves them second by second until something is so. @throws after an hour of them */
  runUntil(isSo: () => boolean): Promise<void>;
}

export interface ClientWorld extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps;
  overheard: Overheard;
  open(options?: PageOptions): Promise<ClientPage>;
}

/** Starts Chromium and the cloud; `environment` is added to the app's settings. */
export async function createClientWorld(
  environment: Record<string, string> = {},
): Promise<ClientWorld> {
  const [shop, foreign] = [listen(pageOf), listen(pageOf)];
  const overheard = new Overheard();
  let deps: Deps;
  const cloud = await createCloud({
    environment: {
      CORS_ORIGINS: shop.url,
      DATABASE_URL: NO_DATABASE,
      FEED_BOOKINGS: "anyone",
      ...environment,
    },
    app: (environment) => {
      deps = createDeps(readConfig(environment), { log: silentLog });
      return overheard.before(createApp(deps));
    },
  });
  const browser = await launchChromium();
  return {
    cloud,
    deps: deps!,
    overheard,
    open: ({ boxes = 10, before, foreign: isForeign, html = shopPage(cloud.url, boxes) } = {}) => {
      const site = isForeign ? foreign : shop;
      return openPage(browser, `${site.url}/?html=${encodeURIComponent(html)}`, before);
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await cloud.close();
      await deps!.database?.close();
      await Promise.all([shop.close(), foreign.close()]);
    },
  };
}

async function openPage(browser: Browser, url: string, before?: string): Promise<ClientPage> {
  const context = await browser.newContext({
    viewport: { width: 800, height: 600 },
    // Its own says that it has no window, as those of bots do.
    userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  if (before) await page.addInitScript({ content: before });
  await page.goto(url);
  // Observers hear of a frame in the order in which they were made: the module's before this one.
  const frame =
    "new Promise((seen) => new IntersectionObserver(() => seen()).observe(document.body))";
  const drawn = () => page.evaluate<void>(frame);
  await drawn();
  return {
    page,
    faults,
    drawn,
    call: (name, ...parameters) =>
      page.evaluate(`zeropoll.${name}(...${JSON.stringify(parameters)})`),
    async scrollTo(box) {
      await page.evaluate(`scrollTo(0, ${box * 300})`);
      await drawn();
    },
    run: (ms) => page.clock.runFor(ms),
    async runUntil(isSo) {
      for (let seconds = 0; !isSo(); seconds++) {
        if (seconds === 3_600) throw new Error("Cannot run on: it did not come about in an hour");
        await page.clock.runFor(1_000);
      }
    },
  };
}

/** The page that was asked for. */
function pageOf(request: Request): Response {
  const html = new URL(request.url).searchParams.get("html");
  const page = `<!doctype html><title>A shop</title><link rel="icon" href="data:,">${html}`;
  return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}

function shopPage(app: string, boxes: number): string {
  const articles = Array.from(
    { length: boxes },
    (_, box) => `<article data-listing="locations:${box}"></article>`,
  );
  const client = JSON.stringify(`${app}/client.js`);
  return `<style>body { margin: 0 } article { height: 300px }</style>
${articles.join("\n")}
<script type="module">
  import * as zeropoll from ${client};
  globalThis.zeropoll = zeropoll;
  zeropoll.watch();
</script>`;
}
