/**
 * The chat page in a real browser: answers as they come, wherever somebody looks.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DEVELOPMENT_AUTH_SECRET } from "../../dev/cloud.ts";
import { userToken } from "../../dev/user_token.ts";
import type { Page } from "playwright-core";
import { chatPageTests, until } from "./chat_world.ts";

const inChat = chatPageTests();
/** Some 4 seconds of it. */
const LONG = "/tokens 120 /pace 30";
const placeOf = (page: Page) => new URL(page.url()).hash;

inChat("an answer appears word by word, and is the one that is stored", async ({ device }) => {
  const { open } = await device();
  const { page, say, last, answered } = await open();
  assert.equal(placeOf(page), "", "the token is taken out of the address");
  await say("/tokens 60 /pace 40");
  const lengths = new Set<number>();
  await page.locator("li.assistant").waitFor();
  while (await page.locator("[aria-busy]").count() > 0) lengths.add((await last()).length);
  assert.ok(lengths.size > 5, `${lengths.size} lengths were seen`);
  const text = await answered();
  assert.match(await page.locator("#spoken").innerText(), /^Assistant: \S+/);
  await page.reload();
  assert.equal(await answered(), text);
  assert.equal(await page.locator("#list li").count(), 1);
});

inChat("a page that is reloaded in the middle of an answer goes on with it", async ({ device }) => {
  const { open } = await device();
  const { page, say, last, answered } = await open();
  await say(LONG);
  await until(async () => (await last()).length > 40);
  const before = await last();
  await page.reload();
  await page.locator("li.assistant[aria-busy] .said p").first().waitFor();
  const text = await answered();
  assert.ok(text.startsWith(before.slice(0, 40)));
  await page.reload();
  assert.equal(await answered(), text);
});

inChat("a link of somebody else's asks before it replaces who is signed in", async (world) => {
  const device = await world.device({ user: "mona" });
  const { page, say, answered } = await device.open();
  await say("/tokens 5 mine");
  await answered();
  const link = async (user: string) => `#token=${await userToken(DEVELOPMENT_AUTH_SECRET, user)}`;
  const other = await link("mallory");
  const user = page.locator("#user");
  const dialog = page.locator("#other-user");
  const open = (hash: string) => page.evaluate((hash) => void (location.hash = hash), hash);
  await open(other);
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /signs in mallory\. You are signed in as mona/);
  assert.equal(new URL(page.url()).hash, "");
  await page.getByRole("button", { name: "Stay signed in" }).click();
  assert.equal(await user.innerText(), "mona");
  await page.reload();
  await user.filter({ hasText: "mona" }).waitFor();
  // The same user's newer token needs no question.
  await open(await link("mona"));
  await page.waitForFunction(() => location.hash === "");
  assert.equal(await dialog.isVisible(), false);
  await open(other);
  await page.getByRole("button", { name: "Switch" }).click();
  await user.filter({ hasText: "mallory" }).waitFor();
});

inChat(
  "another tab of the browser follows at once, and asks for the stream alone",
  async (world) => {
    const { open } = await world.device();
    const one = await open();
    await one.say("/tokens 10");
    await one.answered();
    const other = await open(placeOf(one.page));
    await other.answered();
    other.requests();
    await one.say(LONG);
    await other.page.locator("li.assistant[aria-busy] .said p").first().waitFor();
    await one.page.locator("[aria-busy]").waitFor({ state: "detached" });
    await other.page.locator("[aria-busy]").waitFor({ state: "detached" });
    assert.equal(await other.last(), await one.last());
    assert.match(other.requests().join(), /^GET replies\/\w+\/stream$/);
    assert.equal(await other.page.locator("li.turn").count(), 4);
  },
);

inChat(
  "another device asks for nothing until somebody looks at it, and then follows",
  async (world) => {
    const one = await (await world.device()).open();
    await one.say("/tokens 10");
    await one.answered();
    const other = await (await world.device()).open(undefined);
    await other.page.locator("#list a").click();
    await other.answered();
    await other.hide(true);
    other.requests();
    await one.say(LONG);
    await until(async () => (await one.last()).length > 40);
    assert.deepEqual(other.requests(), []);
    await other.hide(false);
    await other.page.locator("li.assistant[aria-busy] .said p").first().waitFor();
    await one.page.locator("[aria-busy]").waitFor({ state: "detached" });
    await other.page.locator("[aria-busy]").waitFor({ state: "detached" });
    assert.equal(await other.last(), await one.last());
  },
);

inChat("a hidden tab closes its stream, and goes on from where it was", async ({ device }) => {
  const { open } = await device();
  const one = await open();
  await one.say(LONG);
  await one.page.locator("li.assistant[aria-busy] .said p").first().waitFor();
  const other = await open(placeOf(one.page));
  await until(async () => (await other.last()).length > 40);
  await other.hide(true);
  const held = await other.last();
  other.requests();
  await one.page.locator("[aria-busy]").waitFor({ state: "detached" });
  assert.ok((await other.last()).length < held.length + 20, "it reads no more");
  assert.deepEqual(other.requests(), []);
  await other.hide(false);
  await other.page.locator("[aria-busy]").waitFor({ state: "detached" });
  assert.equal(await other.last(), await one.last());
  const followed = other.requests().filter((request) => request.includes("/stream"));
  assert.match(followed.join(), /^GET replies\/\w+\/stream\?after=1:\d{2,}$/);
});

for (
  const [how, stop] of [
    ["its button", (page: Page) => page.getByRole("button", { name: "Stop" }).click()],
    ["Escape", (page: Page) => page.keyboard.press("Escape")],
    ["Escape, with nothing in focus after a reload,", async (page: Page) => {
      await page.reload();
      await page.locator("[aria-busy] .said p").first().waitFor();
      await page.keyboard.press("Escape");
    }],
  ] as const
) {
  inChat(`${how} stops an answer at the provider, and what was said stays`, async (world) => {
    const { open } = await world.device();
    const { page, say, last } = await open();
    const { aborted } = world.cloud.llm.counts();
    await say("/tokens 600 /pace 30");
    await until(async () => (await last()).length > 40);
    await stop(page);
    await until(() => world.cloud.llm.counts().aborted === aborted + 1);
    await page.locator(".note", { hasText: "You stopped this answer." }).waitFor();
    const text = await last();
    await page.reload();
    await until(async () => await page.locator("li.assistant").count() === 1);
    assert.equal(await last(), text);
    await page.locator(".note", { hasText: "You stopped this answer." }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Stop" }).count(), 0);
  });
}

inChat("an hour of an idle tab makes no request and costs nothing", async ({ device, cloud }) => {
  const { open } = await device();
  const { page, say, answered, requests } = await open();
  await page.clock.install();
  await say("/tokens 10 /pace 400");
  await page.clock.runFor(1_000);
  await until(async () => {
    await page.clock.runFor(100);
    return await page.locator("li.assistant:not([aria-busy])").count() > 0;
  });
  await answered();
  requests();
  const { commands } = cloud.redis.meter.lifetime();
  await page.clock.runFor(3_600_000);
  assert.deepEqual(requests(), []);
  assert.equal(cloud.redis.meter.lifetime().commands, commands);
});
