/**
 * The module at `/client.js` in Chromium, on a page of another origin than the app's.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dayOf } from "../../shared/mod.ts";
import { startDatabase } from "../support/database.ts";
import { needs } from "../support/needs.ts";
import { type ClientWorld, createClientWorld, type SeenRequest } from "./client_world.ts";

/** How long a listing must be seen. */
const SEEN_MS = 1_000;
/** How long what was seen waits for more. */
const WAIT_MS = 3_000;

/** Registers a test that has a browser and an app of its own. */
function browserTest(name: string, test: (world: ClientWorld) => Promise<void>): void {
  Deno.test({
    name,
    ...needs("chromium"),
    fn: async () => {
      await using world = await createClientWorld();
      await test(world);
    },
  });
}

/** The ids of the impressions that were sent. */
const idsIn = (requests: SeenRequest[]) =>
  requests.flatMap(({ body }) => body.impressions.map(({ id }: { id: string }) => Number(id)))
    .sort((one, other) => one - other);

browserTest("half of a listing, seen for a second, counts once", async (world) => {
  const { overheard } = world;
  const { scrollTo, run, faults } = await world.open();
  await run(SEEN_MS);
  await scrollTo(5);
  await run(SEEN_MS - 1);
  await scrollTo(0);
  await run(SEEN_MS);
  await scrollTo(7.5);
  await run(SEEN_MS + WAIT_MS);
  await overheard.answered(1);
  assert.deepEqual(idsIn(overheard.requests), [0, 1, 7, 8, 9]);
  await scrollTo(0);
  await run(3_600_000);
  assert.equal(overheard.requests.length, 1, "nothing is sent while nothing new is seen");
  assert.deepEqual(faults, []);
});

browserTest("no request asks for leave first, and each answer can be read", async (world) => {
  const { call, run, page, faults } = await world.open();
  assert.deepEqual(await call("view", "locations", 42), { outcome: "counted" });
  assert.deepEqual(await call("view", "locations", "42"), { outcome: "repeated" });
  await page.reload();
  assert.deepEqual(await call("view", "locations", 42), { outcome: "repeated" });
  assert.deepEqual(await call("favorite", "locations", 42), { outcome: "counted" });
  assert.deepEqual(await call("unfavorite", "locations", 42), { outcome: "counted" });
  assert.deepEqual(await call("booking", "events", "gala", "order-7"), { outcome: "counted" });
  await run(SEEN_MS + WAIT_MS);
  await world.overheard.answered(7);
  const { requests } = world.overheard;
  assert.deepEqual(
    new Set(requests.map(({ method, contentType, mode }) => `${method} ${contentType} ${mode}`)),
    new Set(["POST text/plain;charset=UTF-8 cors"]),
  );
  assert.deepEqual(requests.map(({ path }) => path), [
    "views",
    "views",
    "views",
    "favorites",
    "favorites",
    "bookings",
    "impressions",
  ]);
  assert.equal(new Set(requests.map(({ body }) => body.session)).size, 1);
  assert.deepEqual(faults, []);
});

browserTest("the README's page counts a view and an impression", async (world) => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const html = /^```html\n(.*?)^```/ms.exec(readme)![1]
    .replace("http://127.0.0.1:8787", world.cloud.url);
  const { run, faults } = await world.open({ html });
  await run(SEEN_MS + WAIT_MS);
  await world.overheard.answered(2);
  const [view, impressions] = world.overheard.requests;
  assert.deepEqual([view.path, view.body.id], ["views", 42]);
  assert.deepEqual(impressions.body.impressions, [{ kind: "locations", id: "42" }]);
  assert.deepEqual(faults, []);
});

browserTest("leaving the page sends what was seen as a beacon", async (world) => {
  const { run, page } = await world.open();
  await run(SEEN_MS);
  await page.goto("about:blank");
  await world.overheard.answered(1);
  const [{ method, mode, contentType, path }] = world.overheard.requests;
  assert.deepEqual([method, mode, contentType, path], [
    "POST",
    "no-cors",
    "text/plain;charset=UTF-8",
    "impressions",
  ]);
  assert.deepEqual(idsIn(world.overheard.requests), [0, 1]);
});

browserTest("a beacon that the browser does not take goes as a fetch", async (world) => {
  const { run, page } = await world.open({ before: "navigator.sendBeacon = () => false;" });
  await run(SEEN_MS);
  await page.goto("about:blank");
  await world.overheard.answered(1);
  assert.equal(world.overheard.requests[0].mode, "cors");
  assert.deepEqual(idsIn(world.overheard.requests), [0, 1]);
});

browserTest("a hidden page sees nothing, and goes on when it is shown again", async (world) => {
  const { overheard } = world;
  const { page, run, scrollTo } = await world.open();
  const hide = (hidden: boolean) =>
    page.evaluate(
      `Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))`,
    );
  await run(SEEN_MS);
  await hide(true);
  await overheard.answered(1);
  await scrollTo(4);
  await run(10 * SEEN_MS);
  assert.equal(overheard.requests.length, 1);
  await hide(false);
  await scrollTo(4);
  await run(SEEN_MS + WAIT_MS);
  await overheard.answered(2);
  assert.deepEqual(idsIn(overheard.requests), [0, 1, 4, 5]);
});

browserTest("100 listings are sent at once, and each batch has an id of its own", async (world) => {
  const { page, run, drawn } = await world.open({ boxes: 150 });
  await page.addStyleTag({ content: "article { height: 2px !important }" });
  await drawn();
  await run(SEEN_MS);
  await world.overheard.answered(1);
  await run(WAIT_MS);
  await world.overheard.answered(2);
  const { requests } = world.overheard;
  assert.deepEqual(requests.map(({ body }) => body.impressions.length), [100, 50]);
  assert.notEqual(requests[0].body.batch, requests[1].body.batch);
});

browserTest("listings that are added are watched when the page says so", async (world) => {
  const { page, run, call, drawn } = await world.open({ boxes: 1 });
  await page.evaluate(`document.body.insertAdjacentHTML("beforeend",
    '<section id="more"><article data-listing="services:a:b"></article></section>')`);
  await page.evaluate("zeropoll.watch(document.getElementById('more'))");
  await call("watch");
  await drawn();
  await run(SEEN_MS + WAIT_MS);
  await world.overheard.answered(1);
  assert.deepEqual(world.overheard.requests[0].body.impressions, [
    { kind: "locations", id: "0" },
    { kind: "services", id: "a:b" },
  ]);
});

browserTest("a page whose storage is closed counts all the same", async (world) => {
  const before = `Object.defineProperty(globalThis, "localStorage", {
    get() { throw new DOMException("closed", "SecurityError"); },
  });`;
  const { call, faults } = await world.open({ before });
  assert.deepEqual(await call("view", "locations", 42), { outcome: "counted" });
  assert.deepEqual(await call("view", "locations", 42), { outcome: "repeated" });
  assert.deepEqual(faults, []);
});

browserTest("a page that is drawn ahead counts once it is shown", async (world) => {
  const { overheard } = world;
  const { page } = await world.open({
    boxes: 0,
    before: `Object.defineProperty(document, "prerendering", { value: true });`,
  });
  await page.evaluate("void zeropoll.view('locations', 42)");
  await page.evaluate("fetch(location.href).then((answer) => answer.text())");
  assert.equal(overheard.requests.length, 0);
  await page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))");
  await overheard.answered(1);
  assert.equal(overheard.requests[0].path, "views");
});

browserTest("a token that was set goes with what follows", async (world) => {
  const { call } = await world.open();
  await call("setToken", "not-a-token");
  await call("view", "locations", 42);
  assert.equal(world.overheard.requests[0].body.token, "not-a-token");
});

browserTest("a page of an origin that is not named counts nothing", async (world) => {
  const { call, run, runUntil, faults } = await world.open({ foreign: true });
  world.cloud.redis.meter.reset();
  assert.equal(await call("view", "locations", 42), undefined);
  await run(SEEN_MS);
  // The view and the impressions, and each once more.
  await runUntil(() => world.overheard.requests.length === 4);
  await world.overheard.answered(4);
  assert.deepEqual(
    new Set(world.overheard.requests.map(({ method }) => method)),
    new Set(["POST"]),
  );
  assert.equal(world.cloud.redis.meter.snapshot().commands, 0);
  assert.deepEqual(faults, []);
});

Deno.test({
  name: "a batch whose answer was lost is sent once more, as it was, and counts once",
  ...needs("chromium"),
  fn: async () => {
    await using postgres = await startDatabase();
    await using world = await createClientWorld({ DATABASE_URL: postgres.url });
    const { overheard, cloud, deps } = world;
    overheard.failures = 1;
    const { run, runUntil, scrollTo } = await world.open();
    await run(SEEN_MS);
    // Its timer starts when the browser has the answer, of which the app does not hear.
    await runUntil(() => overheard.requests.length === 2);
    await scrollTo(4);
    await run(SEEN_MS + WAIT_MS);
    await overheard.answered(3);
    await run(10 * WAIT_MS);
    assert.equal(overheard.requests.length, 3);
    const [first, again, next] = overheard.requests;
    assert.deepEqual(again.body, first.body);
    assert.deepEqual(idsIn([first]), [0, 1]);
    assert.deepEqual(idsIn([next]), [4, 5]);
    const day = dayOf(cloud.clock.now());
    await deps.jobs.enqueue("feed.flush", { day, uniques: "exact" });
    await cloud.settle();
    const counts = await deps.database!.query(
      "SELECT listing, impressions FROM feed_counts ORDER BY listing",
    );
    assert.deepEqual(
      counts.map(({ listing, impressions }) => `${listing}: ${impressions}`),
      ["0: 1", "1: 1", "4: 1", "5: 1"],
    );
  },
});
