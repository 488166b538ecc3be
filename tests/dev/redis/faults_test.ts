/**
 * Faults on demand: what the client meets, and what was done by then.
 *
 * @module
 */
import assert from "node:assert/strict";
import { VirtualClock } from "../../../dev/clock.ts";
import type { RedisFault } from "../../../dev/redis/faults.ts";
import { readFrames, type Rest, withRest } from "./rest.ts";

/** Tries to set a key; what came of it at the client. */
async function setKey({ fetch }: Rest): Promise<string> {
  const response = await fetch("/set/k/v").catch((error) => {
    assert.ok(error instanceof TypeError, `a connection error is a TypeError, got ${error}`);
  });
  // A connection that breaks has no status: SDKs tell it from an answer by that.
  return response ? `${response.status} ${await response.text()}` : "broken";
}

const faults: [fault: RedisFault, client: RegExp, applied: boolean][] = [
  [{ kind: "refuse" }, /^503 \{"error":/, false],
  [{ kind: "refuse", status: 500 }, /^500 \{"error":/, false],
  [
    { kind: "quota" },
    /^400 \{"error":"ERR max requests limit exceeded\. Limit: \d+, Usage: \d+\. /,
    false,
  ],
  [{ kind: "disconnect" }, /^broken$/, false],
  [{ kind: "dropReply" }, /^broken$/, true],
  [{ kind: "delay", ms: 5, clock: "real" }, /^200 /, true],
];
for (const [fault, client, applied] of faults) {
  Deno.test(`${JSON.stringify(fault)} strikes once, and the command ${applied ? "ran" : "did not run"}`, () =>
    withRest(async (rest) => {
      rest.server.faults.add(fault);
      assert.match(await setKey(rest), client);
      assert.equal(await rest.run("EXISTS", "k"), applied ? 1 : 0);
      assert.equal(rest.server.meter.snapshot().byCommand.SET ?? 0, applied ? 1 : 0);
      assert.match(await setKey(rest), /^200 /);
    }));
  Deno.test(`${JSON.stringify(fault)} comes over HTTP just so`, () =>
    withRest(async (rest) => {
      const { body } = await rest.post("/_faults", fault);
      assert.deepEqual(body, [{ kind: fault.kind, left: 1 }]);
      assert.match(await setKey(rest), client);
      assert.match(await setKey(rest), /^200 /);
    }));
}

Deno.test("a delay on the server's clock lasts until the clock has moved on", async () => {
  const clock = new VirtualClock();
  await withRest(async (rest) => {
    rest.server.faults.add({ kind: "delay", ms: 60_000 });
    let answered = false;
    const setting = setKey(rest).then((answer) => {
      answered = true;
      return answer;
    });
    while (clock.nextDueAt() === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(answered, false);
    await clock.advance(60_000);
    assert.match(await setting, /^200 /);
  }, { clock });
});

Deno.test("a fault strikes as often as it says, and only what it names", () =>
  withRest(async (rest) => {
    rest.server.faults.add({ kind: "refuse", times: 2, commands: ["set"] });
    assert.equal(await rest.run("GET", "k"), null);
    assert.match(await setKey(rest), /^503/);
    assert.equal((await rest.post("/pipeline", [["GET", "k"], ["SET", "k", 1]])).status, 503);
    assert.match(await setKey(rest), /^200/);
  }));

Deno.test("a fault strikes what its predicate picks, and can be undone or cleared", () =>
  withRest(async (rest) => {
    const { faults } = rest.server;
    const many = {
      matches: ({ commands }: { commands: readonly string[] }) => commands.length > 1,
    };
    const undo = faults.add({ kind: "refuse", times: 9, ...many });
    assert.match(await setKey(rest), /^200/);
    assert.equal((await rest.post("/multi-exec", [["GET", "k"], ["GET", "k"]])).status, 503);
    undo();
    assert.equal((await rest.post("/pipeline", [["GET", "k"], ["GET", "k"]])).status, 200);
    faults.add({ kind: "refuse", times: 9 });
    faults.clear();
    assert.deepEqual(faults.list(), []);
    assert.match(await setKey(rest), /^200/);
  }));

Deno.test("a subscription is refused by its name", () =>
  withRest(async ({ fetch, server }) => {
    server.faults.add({ kind: "refuse", commands: ["SUBSCRIBE"] });
    const response = await fetch("/subscribe/c", { method: "POST" });
    assert.equal(response.status, 503);
    await response.body?.cancel();
  }));

Deno.test("cut streams end without a word, and muted ones stay open but silent", () =>
  withRest(async ({ fetch, run, server, post }) => {
    const open = async () => {
      const frames = readFrames(await fetch("/subscribe/c", { method: "POST" }));
      await frames.next();
      return frames;
    };
    const muted = await open();
    server.faults.muteStreams();
    assert.equal(await run("PUBLISH", "c", "x"), 0);
    const alive = await open();
    assert.equal(await run("PUBLISH", "c", "y"), 1);
    assert.equal(await alive.next(), "data: message,c,y");
    await post("/_faults", { kind: "cutStreams" });
    assert.equal(await alive.next(), undefined);
    assert.equal(await muted.next(), undefined, "nothing was sent while it was muted");
  }));

Deno.test("lost scripts answer NOSCRIPT until they are sent again", () =>
  withRest(async ({ run, server }) => {
    const sha = await run("SCRIPT", "LOAD", "return 1") as string;
    assert.equal(await run("EVALSHA", sha, 0), 1);
    server.faults.loseScripts();
    assert.match(String(await run("EVALSHA", sha, 0)), /^!NOSCRIPT/);
    assert.equal(await run("EVAL", "return 1", 0), 1);
    assert.equal(await run("EVALSHA", sha, 0), 1);
  }));

Deno.test("a fault that is none is refused, and faults are listed and cleared over HTTP", () =>
  withRest(async ({ url, post }) => {
    assert.equal((await post("/_faults", { kind: "gremlins" })).status, 400);
    assert.equal((await post("/_faults", { kind: "delay" })).status, 400);
    await post("/_faults", { kind: "refuse", times: 3, commands: ["GET"] });
    const listed = await (await fetch(`${url}/_faults`)).json();
    assert.deepEqual(listed, [{ kind: "refuse", left: 3, commands: ["GET"] }]);
    assert.deepEqual(await (await fetch(`${url}/_faults`, { method: "DELETE" })).json(), []);
  }));
