/**
 * Pages of conversations: complete in both directions, for their user alone, whatever Redis does.
 *
 * @module
 */
import assert from "node:assert/strict";
import { writeCursor } from "../../functions/chat/history/cursors.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { historyTests, type HistoryWorld, turnPages } from "./chat_history_world.ts";
import { keys } from "./limits_world.ts";

const PAGE = "/api/chat/conversations/c1/messages";
const as = { as: "ada" };

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);

async function sayNumbers({ say }: HistoryWorld, from: number, to: number) {
  for (const text of numbers(from, to)) await say(text);
}

async function textsOf({ call }: HistoryWorld, path = PAGE): Promise<string[]> {
  const { status, body } = await call("GET", path, as);
  assert.equal(status, 200, JSON.stringify(body));
  return body.messages.map(({ text }: { text: string }) => text);
}

for (const engine of postgresEngines()) {
  const test = historyTests(engine);

  test("the newest 50 come at once, oldest first, with their replies", async (world) => {
    await sayNumbers(world, 1, 49);
    await world.exchange("Why?", "Because.");
    const { status, headers, body } = await world.call("GET", PAGE, as);
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-degraded"), null);
    assert.equal(body.messages.length, 50);
    assert.deepEqual(
      body.messages.slice(-2).map(({ role, text, reply }: Record<string, string>) => [
        role,
        text,
        reply,
      ]),
      [["user", "Why?", "r50"], ["assistant", "Because.", undefined]],
    );
    assert.deepEqual(body.messages[0], {
      id: "m2",
      role: "user",
      text: "2",
      at: "2026-11-21T10:00:02.000Z",
    });
    assert.equal(body.hasNewer, false);
    const older = await world.call("GET", `${PAGE}?before=${body.before}`, as);
    assert.deepEqual(older.body.messages.map(({ text }: { text: string }) => text), ["1"]);
    assert.equal(older.body.before, undefined);
    assert.equal(older.body.hasNewer, true);
  });

  test("pages back have no gap and nothing twice while more is said", async (world) => {
    await sayNumbers(world, 1, 23);
    let next = 24;
    const texts = await turnPages(
      world,
      `${PAGE}?limit=5`,
      "before",
      () => world.say(`${next++}`),
    );
    assert.deepEqual(texts, numbers(1, 23));
  });

  test("pages on have no gap and nothing twice while more is said by many at once", async (world) => {
    await sayNumbers(world, 1, 7);
    const first = await world.call("GET", `${PAGE}?limit=7`, as);
    const start = writeCursor({ place: ["0"], of: "c1" });
    let rounds = 0;
    const more = async () => {
      if (++rounds > 4) return;
      await Promise.all([1, 2, 3].map((each) => world.say(`${rounds}.${each}`)));
    };
    const texts = await turnPages(world, `${PAGE}?limit=2&after=${start}`, "after", more);
    assert.deepEqual(texts.slice(0, 7), numbers(1, 7));
    const rest = await turnPages(world, `${PAGE}?after=${first.body.after}`, "after");
    assert.deepEqual(texts.slice(7), rest);
    assert.deepEqual([...rest].sort(), [1, 2, 3, 4].flatMap((n) => [`${n}.1`, `${n}.2`, `${n}.3`]));
  });

  test("after the newest there is nothing, and later what came since", async (world) => {
    await sayNumbers(world, 1, 2);
    const { body: { after } } = await world.call("GET", PAGE, as);
    const none = await world.call("GET", `${PAGE}?after=${after}`, as);
    assert.deepEqual(none.body, { messages: [], after, hasNewer: false });
    await world.say("3");
    assert.deepEqual(await textsOf(world, `${PAGE}?after=${after}`), ["3"]);
  });

  test("a cached page is one command, and is never used once something was said", async (world) => {
    const { commands, call } = world;
    await sayNumbers(world, 1, 3);
    commands();
    await textsOf(world);
    assert.equal(commands(), 2, "read, and kept");
    assert.deepEqual(await textsOf(world), ["1", "2", "3"]);
    assert.equal(commands(), 1);
    assert.deepEqual(await textsOf(world, `${PAGE}?limit=2`), ["2", "3"]);
    const { body } = await call("GET", `${PAGE}?limit=2`, as);
    assert.equal(commands(), 2);
    assert.deepEqual(await textsOf(world, `${PAGE}?before=${body.before}`), ["1"]);
    assert.equal(commands(), 0, "with a cursor Redis is not asked");
    await world.say("4");
    assert.deepEqual(await textsOf(world), ["1", "2", "3", "4"]);
  });

  for (const kind of ["refuse", "disconnect", "dropReply", "quota"] as const) {
    test(`no page lacks what its sender has heard of, with Redis failing by "${kind}" in between`, async (world) => {
      const { cloud } = world;
      await sayNumbers(world, 1, 2);
      await textsOf(world);
      for (const command of ["DEL", "SET", "GET"]) {
        // Every try of the next such call; once more than that would open the breaker.
        const undo = cloud.redis.faults.add({ kind, times: 3, commands: [command] });
        await world.say(`${command} of a writer`);
        const degraded = await world.call("GET", PAGE, as);
        assert.equal(degraded.body.messages.at(-1).text, `${command} of a writer`);
        undo();
        assert.equal((await textsOf(world)).at(-1), `${command} of a writer`);
        assert.equal((await textsOf(world)).at(-1), `${command} of a writer`, "from the cache");
      }
      assert.equal((await textsOf(world)).length, 5);
    });
  }

  test("with Redis away pages come from Postgres, and say so", async (world) => {
    const { cloud, call } = world;
    await sayNumbers(world, 1, 2);
    cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
    for (let round = 0; round < 8; round++) {
      const { status, headers, body } = await call("GET", PAGE, as);
      assert.equal(status, 200);
      assert.equal(headers.get("x-degraded"), "cache");
      assert.equal(body.messages.length, 2 + round);
      await world.say(`more ${round}`);
      assert.equal((await textsOf(world)).at(-1), `more ${round}`);
    }
    cloud.redis.faults.clear();
    await cloud.advance("31s");
    assert.equal((await textsOf(world)).length, 10);
    assert.equal((await call("GET", PAGE, as)).headers.get("x-degraded"), null);
  });

  test("an old page that a slow reader writes last is not believed", async (world) => {
    const { redis } = world;
    await sayNumbers(world, 1, 2);
    await textsOf(world);
    const old = await redis("GET", keys.conversationPage("c1"));
    await world.say("3");
    await textsOf(world);
    await redis("SET", keys.conversationPage("c1"), old);
    assert.deepEqual(await textsOf(world), ["1", "2", "3"]);
    for (const broken of ["", "{", "[]", '{"owner":"ada","version":1}']) {
      await redis("SET", keys.conversationPage("c1"), broken);
      assert.deepEqual(await textsOf(world), ["1", "2", "3"], broken);
    }
    const ttl = await redis("TTL", keys.conversationPage("c1"));
    assert.ok(ttl > 86_000 && ttl <= 86_400, `${ttl}`);
  });

  test("a reply that was asked for is in the page at once, cached or not", async (world) => {
    await world.say("1");
    await textsOf(world);
    await world.sql.query(
      `INSERT INTO chat_replies (id, conversation, user_id, question, created_at)
       VALUES ('r', 'c1', 'ada', 'm1', now())`,
    );
    const { body } = await world.call("GET", PAGE, as);
    assert.equal(body.messages[0].reply, "r");
  });

  test("a page that is large is read from Postgres each time, and not kept", async (world) => {
    for (let number = 0; number < 25; number++) await world.say("ü".repeat(20_000));
    await textsOf(world);
    world.commands();
    assert.equal((await textsOf(world)).length, 25);
    assert.equal(world.commands(), 1);
    assert.equal(await world.redis("EXISTS", keys.conversationPage("c1")), 0);
  });

  test("with Postgres away the cached page is shown to its user, marked as stale; the rest is 503", async (world) => {
    const { call, gate } = world;
    await sayNumbers(world, 1, 3);
    const { body: before } = await call("GET", PAGE, as);
    gate.shut();
    const stale = await call("GET", PAGE, as);
    assert.equal(stale.status, 200);
    assert.equal(stale.headers.get("x-degraded"), "stale");
    assert.deepEqual(stale.body, { ...before, stale: true });
    const paths = [
      ["GET", PAGE, "eve"],
      ["GET", `${PAGE}?before=${before.after}`, "ada"],
      ["GET", "/api/chat/conversations/c2/messages", "ada"],
      ["GET", "/api/chat/conversations", "ada"],
      ["GET", "/api/chat/conversations/c1/export", "ada"],
      ["GET", "/api/chat/search?q=1", "ada"],
      ["DELETE", "/api/chat/conversations/c1", "ada"],
    ];
    for (const [method, path, user] of paths) {
      const { status, headers, body } = await call(method, path, { as: user });
      assert.equal(status, 503, `${method} ${path}`);
      assert.match(body.code, /^(postgres_unavailable|circuit_open)$/);
      assert.ok(Number(headers.get("retry-after")) > 0);
    }
  });

  test("what is wrong with a query is named by its field", async (world) => {
    const { call } = world;
    await sayNumbers(world, 1, 3);
    const { body: { after } } = await call("GET", PAGE, as);
    const other = writeCursor({ place: ["1"], of: "c2" });
    const faults: [path: string, field: string][] = [
      [`${PAGE}?limit=0`, "limit"],
      [`${PAGE}?limit=51`, "limit"],
      [`${PAGE}?limit=ten`, "limit"],
      [`${PAGE}?before=${other}`, "before"],
      [`${PAGE}?after=${other}`, "after"],
      [`${PAGE}?before=nonsense`, "before"],
      [`${PAGE}?before=${writeCursor({ place: ["-1"], of: "c1" })}`, "before"],
      [`${PAGE}?before=${writeCursor({ place: ["1e9"], of: "c1" })}`, "before"],
      [`${PAGE}?before=${writeCursor({ place: ["1", "2"], of: "c1" })}`, "before"],
      [`${PAGE}?before=${btoa("null").replaceAll("=", "")}`, "before"],
      [`${PAGE}?before=`, "before"],
      [`${PAGE}?before=${after}&after=${after}`, "after"],
      [`/api/chat/conversations/${"x".repeat(65)}/messages`, "id"],
      ["/api/chat/conversations/a%00b/messages", "id"],
      ["/api/chat/conversations?cursor=x", "cursor"],
      ["/api/chat/conversations?limit=101", "limit"],
      ["/api/chat/conversations/c1/export?format=pdf", "format"],
      ["/api/chat/search", "q"],
      ["/api/chat/search?q=%20", "q"],
      [`/api/chat/search?q=${"x".repeat(201)}`, "q"],
      ["/api/chat/search?q=a%00b", "q"],
      ["/api/chat/search?q=a&cursor=x", "cursor"],
    ];
    for (const [path, field] of faults) {
      const { status, body } = await call("GET", path, as);
      assert.equal(status, 422, `${path} ${JSON.stringify(body)}`);
      assert.equal(body.code, "body_invalid");
      assert.deepEqual(body.fields.map(({ path }: { path: string }) => path), [field], path);
    }
  });
}
