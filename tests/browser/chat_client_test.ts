/**
 * `chat` of `/client.js` in Chromium, on a page of another origin than the app's.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { type App, createCloud, DEVELOPMENT_AUTH_SECRET } from "../../dev/cloud.ts";
import { listen } from "../../dev/server.ts";
import { userToken } from "../../dev/user_token.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/mod.ts";
import { launchChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent_log.ts";
import { until } from "./chat_world.ts";

/** What is between the page and the app. */
class Line {
  /** What came, as in `POST /api/chat/conversations/a/messages`; no preflights. */
  readonly requests: string[] = [];
  readonly bodies: string[] = [];
  /** How many answers are replaced by a 503, after the app has done its work. */
  lost = 0;
  /** How many streams break off, each after so many events. */
  cuts: number[] = [];

  before(app: App): App {
    return { fetch: (request, bindings) => this.#fetch(app, request, bindings) };
  }

  async #fetch(app: App, request: Request, bindings?: { clientAddress: string }) {
    const { pathname, search } = new URL(request.url);
    if (!/^\/(api\/chat|chat\.js)/.test(pathname) || request.method === "OPTIONS") {
      return await app.fetch(request, bindings);
    }
    this.requests.push(`${request.method} ${pathname}${search}`);
    if (request.method === "POST") this.bodies.push(await request.clone().text());
    const response = await app.fetch(request, bindings);
    if (this.lost > 0) {
      this.lost--;
      await response.body?.cancel();
      return new Response("{}", { status: 503, headers: response.headers });
    }
    const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
    const cut = isStream ? this.cuts.shift() : undefined;
    return cut === undefined ? response : new Response(cutAfter(cut, response.body!), response);
  }
}

function cutAfter(events: number, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let left = events;
  return body.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.terminate();
      },
    }),
  );
}

interface World {
  line: Line;
  deps: Deps;
  /** A page of the site, with the module as `zeropoll`; its tabs share what they store. */
  open(): Promise<Page>;
}

function clientTest(name: string, test: (world: World) => Promise<void>): void {
  Deno.test({
    name,
    ...needs("chromium"),
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const line = new Line();
      let deps: Deps;
      let html = "";
      const site = listen(() => new Response(html, { headers: { "Content-Type": "text/html" } }));
      await using cloud = await createCloud({
        clock: "wall",
        postgres: true,
        environment: { AUTH_SECRET: DEVELOPMENT_AUTH_SECRET, CORS_ORIGINS: site.url },
        app: (settings) => {
          deps = createDeps(readConfig(settings), { log: silentLog });
          return line.before(createApp(deps));
        },
      });
      const token = await userToken(DEVELOPMENT_AUTH_SECRET, "ada");
      html = `<!doctype html><title>A site</title><link rel="icon" href="data:,">
<script type="module">
  import * as zeropoll from ${JSON.stringify(`${cloud.url}/client.js`)};
  zeropoll.setToken("${token}");
  globalThis.zeropoll = zeropoll;
  globalThis.chat = zeropoll.chat;
  globalThis.all = async (events, told = []) => {
    for await (const event of events) told.push(event);
    return told;
  };
  globalThis.fault = (promise) => promise.then(() => "none", (error) => ({ ...error, message: error.message }));
</script>`;
      const browser = await launchChromium();
      const context = await browser.newContext();
      try {
        await test({
          line,
          deps: deps!,
          async open() {
            const page = await context.newPage();
            await page.goto(site.url);
            await page.waitForFunction("globalThis.chat");
            return page;
          },
        });
      } finally {
        await browser.close();
        await site.close();
        await deps!.database?.close();
      }
    },
  });
}

// deno-lint-ignore no-explicit-any -- a test looks into any event
type Told = any;
const send = (text: string) => `all(chat.send("kitchen", "${text}"))`;
const storedIn = (page: Page) => page.evaluate<Told>(`chat.history("kitchen")`);

clientTest(
  "the chat is loaded by its first call, and not by a page that counts views",
  async (world) => {
    const page = await world.open();
    await page.evaluate(`zeropoll.view("locations", 42)`);
    assert.deepEqual(world.line.requests, []);
    assert.deepEqual(await page.evaluate("chat.conversations()"), { conversations: [] });
    assert.deepEqual(world.line.requests, ["GET /chat.js", "GET /api/chat/conversations"]);
  },
);

clientTest(
  "what was sent has its ids at once, and its answer can be looped over",
  async ({ open }) => {
    const page = await open();
    const { ids, told } = await page.evaluate<Told>(`(async () => {
    const answer = await chat.send("kitchen", "/tokens 30 /pace 200", { clientId: "mine" });
    const { messageId, replyId, repeated } = answer;
    return { ids: { messageId, replyId, repeated }, told: await all(answer) };
  })()`);
    assert.equal(ids.repeated, false);
    const texts: string[] = told.map(({ text }: Told) => text);
    for (const [index, text] of texts.slice(1).entries()) assert.ok(text.startsWith(texts[index]));
    assert.deepEqual([told[0].type, told[0].added], ["text", told[0].text]);
    const [last] = told.slice(-1);
    assert.deepEqual([last.type, last.state, last.id], ["end", "done", `1:${last.text.length}`]);
    const { messages } = await storedIn(page);
    assert.deepEqual([messages[0].id, messages[0].reply], [ids.messageId, ids.replyId]);
    assert.equal(messages[1].text, last.text);
    const [again] = await page.evaluate<Told>(
      `all(chat.follow("${ids.replyId}")).then((told) => told.slice(-1))`,
    );
    assert.equal(again.text, last.text);
  },
);

clientTest(
  "a message whose answer got lost is sent again as the same one",
  async ({ line, open }) => {
    const page = await open();
    await page.evaluate("chat.conversations()");
    line.lost = 2;
    const told = await page.evaluate<Told>(send("/tokens 30 /pace 200"));
    const { messages } = await storedIn(page);
    assert.equal(messages.length, 2);
    assert.equal(messages[1].text, told.at(-1).text);
    assert.equal(line.bodies.length, 3);
    assert.equal(new Set(line.bodies).size, 1, "all of them are the same");
  },
);

clientTest(
  "a stream that breaks off, wherever it does, goes on from there",
  async ({ line, open }) => {
    const page = await open();
    // The first two are what EventSource is to wait, and that the message is accepted.
    line.cuts = [1, 6, 1, 2, 3];
    const told = await page.evaluate<Told>(send("/tokens 120 /pace 30"));
    const texts: string[] = told.map(({ text }: Told) => text);
    for (const [index, text] of texts.slice(1).entries()) {
      assert.ok(text.startsWith(texts[index]), "nothing is lost or said twice");
    }
    assert.equal((await storedIn(page)).messages[1].text, texts.at(-1));
    assert.equal(line.cuts.length, 0);
    const streams = line.requests.filter((request) => request.includes("/stream"));
    assert.match(streams.at(-1)!, /\?after=1:\d+$/);
  },
);

clientTest(
  "what is not there is said at once; what is away, after eight tries",
  async ({ line, open }) => {
    const page = await open();
    const nobody = await page.evaluate<Told>(`fault(all(chat.follow("nobody")))`);
    assert.deepEqual([nobody.status, nobody.code], [404, "reply_not_found"]);
    assert.equal(line.requests.filter((request) => request.includes("/stream")).length, 1);
    await page.clock.install();
    line.lost = Infinity;
    // Moves the page's timers until the promise is settled.
    async function settled(promise: string): Promise<Told> {
      await page.evaluate(`void fault(${promise}).then((error) => globalThis.error = error)`);
      await until(async () => {
        await page.clock.runFor(5_000);
        return await page.evaluate<boolean>("globalThis.error !== undefined");
      });
      return await page.evaluate("{ const told = error; delete globalThis.error; told }");
    }
    const following = await settled(`all(chat.follow("some"))`);
    assert.equal(following.code, "gave_up");
    assert.equal(following.message, "Cannot follow the reply: gave up after 8 tries");
    assert.equal(line.requests.filter((request) => request.includes("/some/stream")).length, 9);
    assert.equal((await settled(`chat.send("kitchen", "hello")`)).code, "gave_up");
    assert.equal(line.bodies.length, 5);
  },
);

clientTest("too many messages are said at once, with how long to wait", async ({ open }) => {
  const page = await open();
  const refused = await page.evaluate<Told>(`(async () => {
    for (let count = 0; count < 31; count++) {
      const told = await fault(chat.send("kitchen", "/say no", { mode: "queued" }));
      if (told !== "none") return told;
    }
  })()`);
  assert.deepEqual([refused.status, refused.code], [429, "limit_exceeded"]);
  assert.ok(refused.retryAfterMs > 0 && refused.retryAfterMs <= 60_000, `${refused.retryAfterMs}`);
});

clientTest("tabs hear of each other, and nothing once they do not listen", async ({ open }) => {
  const [one, other] = [await open(), await open()];
  await other.evaluate(`(async () => {
    globalThis.news = [];
    globalThis.deaf = await chat.listen("kitchen", (told) => news.push(told));
    await chat.listen("cellar", (told) => news.push(told));
  })()`);
  await one.evaluate(send("/say yes"));
  await until(async () => await other.evaluate("news.length") === 1);
  const [{ type, conversation, message }] = await other.evaluate<Told>("news");
  assert.deepEqual([type, conversation, message.text], ["sent", "kitchen", "/say yes"]);
  await other.evaluate(`deaf()`);
  await one.evaluate(`chat.remove("kitchen")`);
  await one.evaluate(`chat.send("cellar", "/say yes")`);
  await until(async () => await other.evaluate("news.length") === 2);
  assert.equal((await other.evaluate<Told>("news"))[1].conversation, "cellar");
});

clientTest("a caller that leaves ends the stream, and is told its own reason", async ({ open }) => {
  const page = await open();
  const told = await page.evaluate<Told>(`(async () => {
    const leaving = new AbortController();
    const answer = await chat.send("kitchen", "/tokens 200 /pace 30", { signal: leaving.signal });
    setTimeout(() => leaving.abort(new Error("enough")), 300);
    return await fault(all(answer));
  })()`);
  assert.equal(told.message, "enough");
});
