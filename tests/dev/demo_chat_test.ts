/**
 * `deno task demo:chat`, with fewer people and shorter replies.
 *
 * @module
 */
import assert from "node:assert/strict";
import { runIn } from "../support/dev_session.ts";

const root = new URL("../..", import.meta.url).pathname;
const demo = ["run", "--allow-all", "--no-check", "dev/demo_chat.ts"];

Deno.test("deno task demo:chat adds up: every tab holds its reply, for its price, and an idle hour is free", async () => {
  const { code, printed } = await runIn(
    root,
    ...demo,
    "--conversations=6",
    "--exchanges=2",
    "--tokens=60",
  );
  assert.equal(code, 0, printed);
  assert.match(printed, /\n {2}tabs that hold their reply as stored +24 +0\n/);
  assert.match(printed, /\n {2}messages, each stored once +24 +0\n/);
  assert.match(printed, /An hour of 50 idle tabs.*\n.*\n {2}as the meters saw it +0 +0\n/);
  assert.match(printed, /\nEverything adds up, in [\d.]+ s\n$/);
});

Deno.test("deno task demo:chat --conversations=one says what is wrong", async () => {
  const { code, printed } = await runIn(root, ...demo, "--conversations=one");
  assert.equal(code, 1);
  assert.match(printed, /^--conversations must be a whole number from 2 to 200, got one/);
});
