/**
 * The chat page in a real browser: what can be done there, what goes wrong, and who can read it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { BrowserContextOptions } from "playwright-core";
import { chatPageTests, until } from "./chat_world.ts";
import { faintTexts } from "./faint_texts.ts";

const inChat = chatPageTests();
const fast = "/pace 800 ";

inChat("a search marks what it found, leads there, and Escape ends it", async ({ device }) => {
  const { page, say, answered } = await (await device()).open();
  await say(`${fast}/say Leeks and potatoes make a soup`);
  await answered();
  await page.getByRole("button", { name: "New chat" }).click();
  await say(`${fast}/say Nothing of the kind`);
  await answered();
  const field = page.getByLabel("Search in all conversations");
  await field.pressSequentially("potat");
  await page.locator("#found", { hasText: "2 found" }).waitFor();
  assert.deepEqual(await page.locator("#results mark").allInnerTexts(), ["potatoes", "potatoes"]);
  await page.locator("#results a", { hasText: "Assistant:" }).click();
  await until(async () => await page.locator("li.turn:focus").count() === 1);
  assert.equal(
    await page.locator("li.turn:focus .said").innerText(),
    "Leeks and potatoes make a soup",
  );
  await field.press("Escape");
  assert.equal(await page.locator("#list li:visible").count(), 2);
  await field.fill("xylophone");
  await page.locator("#found", { hasText: "Nothing was found." }).waitFor();
});

inChat(
  "a conversation is taken away as a file, and deleted once that is confirmed",
  async (world) => {
    const { open } = await world.device();
    const { page, say, answered } = await open();
    await say(`${fast}/say To be remembered`);
    await answered();
    const other = await open(new URL(page.url()).hash);
    await other.answered();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    const text = await Deno.readTextFile(await (await download).path());
    assert.match(text, /You, .+\n.*\n\nAssistant, .+\nTo be remembered\n$/);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    assert.equal(await page.locator("li.turn").count(), 2);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete it" }).click();
    await page.getByRole("heading", { name: "Ask something" }).waitFor();
    assert.equal(await page.locator("#list li").count(), 0);
    await other.page.getByText("was deleted in another tab").waitFor();
  },
);

const hostile = [
  `<img src=x onerror="hacked=1">`,
  `<script>hacked=1</script>`,
  "```html\n<svg onload=hacked=1>\n```",
  "`<b onclick=hacked=1>` **<i>**",
  `[link](javascript:hacked=1) &lt;b&gt;`,
];
for (const text of hostile) {
  inChat(`it is inert: ${text.replaceAll("\n", " ")}`, async ({ device }) => {
    const { page, say, answered } = await (await device()).open();
    await say(`${fast}/say ${text}`);
    const shown = await answered();
    assert.equal(
      shown.replace(/\s/g, ""),
      text.replace(/```(html)?|^`|` |\*\*/g, "").replace(/\s/g, ""),
    );
    await page.getByLabel("Search in all conversations").fill("hacked");
    await page.locator("#found:not(:empty)").waitFor();
    const made =
      "#messages :is(img, script, svg, b, i, a), #results :is(img, script, svg), #list b";
    assert.equal(await page.locator(made).count(), 0);
    assert.equal(await page.evaluate("typeof hacked"), "undefined");
  });
}

inChat("a busy model is waited for, and one that fails can be asked again", async (world) => {
  const { page, say, answered } = await (await world.device()).open();
  world.cloud.llm.faults.add({ kind: "limit", retryAfter: "1" });
  await say(`${fast}/say There you are`);
  await page.locator(".note", { hasText: "The model is busy. It is asked again at" }).waitFor();
  assert.equal(await answered(), "There you are");
  world.cloud.llm.faults.add({ kind: "tooLong" });
  await say(`${fast}/say Here I am`);
  await page.locator(".note", { hasText: "The answer failed" }).waitFor();
  await page.reload();
  await page.locator(".note", { hasText: "The answer failed" }).waitFor();
  await page.getByRole("button", { name: "Ask again" }).click();
  await until(async () => (await page.locator("li.assistant .said").allInnerTexts()).length === 3);
  assert.equal(await answered(), "Here I am");
});

inChat("a message that could not be sent says so, and is sent again once", async ({ device }) => {
  const { context, open } = await device();
  const { page, say, answered } = await open();
  await page.clock.install();
  await context.setOffline(true);
  await say(`${fast}/say Heard`);
  const again = page.getByRole("button", { name: "Send again" });
  await until(async () => {
    await page.clock.runFor(2_000);
    return await again.count() === 1;
  });
  assert.match(await page.getByRole("alert").innerText(), /cannot be reached/);
  await context.setOffline(false);
  await page.clock.resume();
  await again.click();
  assert.equal(await answered(), "Heard");
  assert.equal(await page.locator("li.user").count(), 1);
  await page.reload();
  await answered();
  assert.equal(await page.locator("li.user").count(), 1);
});

inChat("without a token, or with one that is over, somebody is asked to sign in", async (world) => {
  const { open } = await world.device();
  const { page, requests } = await open("");
  await page.getByRole("heading", { name: "Sign in to chat" }).waitFor();
  assert.deepEqual(requests(), []);
  await page.getByLabel("Token").fill("not.a.token");
  await page.keyboard.press("Enter");
  await page.getByText("Your sign-in is over. Sign in again.").waitFor();
  const { page: signedIn } = await open();
  await signedIn.getByRole("heading", { name: "Ask something" }).waitFor();
  await signedIn.getByRole("button", { name: "Sign out" }).click();
  await signedIn.reload();
  await signedIn.getByRole("heading", { name: "Sign in to chat" }).waitFor();
  assert.equal(await signedIn.evaluate("localStorage.length"), 0);
});

inChat(
  "what is there has a name, and the list of messages is not read out by itself",
  async (world) => {
    const { page, say, answered } = await (await world.device()).open();
    await say(`${fast}/tokens 20`);
    await answered();
    const nameless = await page.evaluate(`[...document.querySelectorAll(
    "button, input, textarea, [role=region], nav, aside, main, dialog"
  )].filter((each) => {
    const { id } = each;
    const label = each.labels?.[0]?.textContent || each.getAttribute("aria-label") ||
      document.getElementById(each.getAttribute("aria-labelledby"))?.textContent;
    return !(label || (each.matches("button") ? each.textContent : "")).trim();
  }).map((each) => each.outerHTML)`);
    assert.deepEqual(nameless, []);
    assert.equal(
      await page.locator("#messages").locator("xpath=ancestor-or-self::*[@aria-live]").count(),
      0,
    );
    assert.equal(await page.getByRole("main").count(), 1);
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
    assert.equal(await page.evaluate("document.activeElement.id"), "text");
    const reached = new Set<unknown>();
    for (let presses = 0; presses < 12; presses++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate("document.activeElement.id"));
    }
    for (const id of ["skip", "new", "query", "sign-out", "export", "remove", "scroller", "text"]) {
      assert.ok(reached.has(id), `${id} is reached by Tab`);
    }
  },
);

const looks: { name: string; options: BrowserContextOptions }[] = [
  { name: "desktop", options: { viewport: { width: 1280, height: 800 } } },
  { name: "dark", options: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" } },
  { name: "phone", options: { viewport: { width: 360, height: 720 }, isMobile: true } },
];
for (const { name, options } of looks) {
  inChat(`the chat fits, and can be read: ${name}`, async ({ cloud, device }) => {
    const { page, say, answered } = await (await device(options)).open();
    const folder = Deno.env.get("ZEROPOLL_SCREENSHOTS");
    const look = async (what: string) => {
      const overflow =
        "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      assert.equal(await page.evaluate(overflow), 0, what);
      assert.equal(await page.evaluate("innerHeight - document.body.scrollHeight"), 0, what);
      assert.deepEqual(await page.evaluate(faintTexts), [], what);
      if (folder) await page.screenshot({ path: `${folder}/chat-${what}-${name}.png` });
    };
    await look("start");
    await page.getByRole("button", { name: "New chat" }).click();
    await look("empty");
    await say(
      `${fast}/say **Bold** and \`code\`\n\n\`\`\`\n${"a long line ".repeat(20)}\n\`\`\`\nafter it`,
    );
    await answered();
    await look("code");
    await say("/tokens 200 /pace 40 And a longer one");
    await until(async () => (await page.locator("[aria-busy] .said").innerText()).length > 300);
    await look("streaming");
    await page.keyboard.press("Escape");
    await page.locator("[aria-busy]").waitFor({ state: "detached" });
    cloud.llm.faults.add({ kind: "tooLong" });
    await say(`${fast}This fails`);
    await page.locator(".note", { hasText: "The answer failed" }).waitFor();
    await look("failed");
    if (name === "phone") {
      await page.getByRole("button", { name: "Show the conversations" }).click();
    }
    await page.getByLabel("Search in all conversations").fill("long");
    await page.locator("#found:not(:empty)").waitFor();
    await look("search");
  });
}
