import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import { startGate } from "../support/gate.ts";
import { type ChatWorld, createChatWorld } from "./chat_world.ts";

const MESSAGES = "/api/chat/conversations/kitchen/messages";
const [engine] = postgresEngines();
const open = (options?: Parameters<typeof createChatWorld>[2]) =>
  createChatWorld(engine.database(), engine.url(), options);

const storedOf = async (world: ChatWorld, id: string) =>
  (await world.call("GET", `/api/chat/replies/${id}`)).body;

const ask = async (world: ChatWorld, text: string, more = {}) =>
  (await world.call("POST", MESSAGES, { body: { text, ...more } })).body;

const roles = async (world: ChatWorld) =>
  (await world.call("GET", MESSAGES)).body.messages.map(({ role }: { role: string }) => role);

Deno.test("a repeated clientId is the same message and the same reply", async () => {
  await using world = await open();
  const first = await ask(world, "/tokens 20", { clientId: "one" });
  const again = await ask(world, "/tokens 20", { clientId: "one" });
  assert.equal(again.repeated, true);
  assert.equal(again.message.id, first.message.id);
  assert.equal(again.reply.id, first.reply.id);
  const viewer = await world.view(first.reply.stream);
  await world.ended(viewer);
  const late = await world.view(MESSAGES, { body: { text: "/tokens 20", clientId: "one" } });
  await world.ended(late);
  assert.equal(late.text(), viewer.text());
  assert.deepEqual(await roles(world), ["user", "assistant"]);
  assert.equal(world.cloud.llm.counts().requests, 1);
});

Deno.test("one reply at a time: the next waits, and knows what was answered before", async () => {
  await using world = await open();
  const first = await world.view(MESSAGES, { body: { text: "/tokens 60" } });
  await world.until(() => first.text() !== "");
  const second = await world.view(MESSAGES, { body: { text: "/tokens 30" } });
  const third = await ask(world, "/tokens 10");
  await world.until(() => first.text().length > 150);
  assert.equal(second.text(), "");
  const last = await world.view(third.reply.stream);
  await world.ended(first, second, last);
  assert.deepEqual(await roles(world), [
    "user",
    "user",
    "user",
    "assistant",
    "assistant",
    "assistant",
  ]);
  assert.equal(world.cloud.llm.counts().requests, 3);
  for (const viewer of [first, second, last]) assert.equal(viewer.told.at(-1)!.data.state, "done");
});

Deno.test("stop ends it at the model, keeps what was said, and may be said twice", async () => {
  await using world = await open();
  const direct = await world.view(MESSAGES, { body: { text: "/tokens 2000" } });
  const { id, stream } = await (async () => {
    await world.until(() => direct.text().length > 100);
    return direct.told[0].data.reply;
  })();
  const other = await world.view(stream);
  await world.until(() => other.text() !== "");
  const stopped = await Promise.all(
    [1, 2].map(() => world.call("DELETE", `/api/chat/replies/${id}`)),
  );
  for (const { response } of stopped) assert.equal(response.status, 202);
  await world.ended(direct, other);
  const { state, text } = await storedOf(world, id);
  assert.equal(state, "stopped");
  assert.ok(text.length > 100);
  for (const viewer of [direct, other]) {
    assert.equal(viewer.text(), text);
    assert.equal(viewer.told.at(-1)!.data.state, "stopped");
  }
  assert.equal(world.cloud.llm.counts().aborted, 1);
  assert.deepEqual(await roles(world), ["user", "assistant"]);
  const again = await world.call("DELETE", `/api/chat/replies/${id}`);
  assert.equal(again.body.state, "stopped");
});

Deno.test("a reply that nobody makes yet is stopped as well", async () => {
  await using world = await open();
  world.cloud.qstash.faults.add({ kind: "late", ms: 60_000 });
  const { reply } = await ask(world, "/tokens 20");
  const viewer = await world.view(reply.stream);
  const { body } = await world.call("DELETE", `/api/chat/replies/${reply.id}`);
  assert.equal(body.state, "stopped");
  await world.ended(viewer);
  assert.equal(viewer.told.at(-1)!.data.state, "stopped");
  await world.cloud.advance("2m");
  assert.equal(world.cloud.llm.counts().requests, 0);
  assert.deepEqual(await roles(world), ["user"]);
});

for (const mode of ["direct", "queued"] as const) {
  Deno.test(`${mode}: a model that breaks off is asked anew; viewers see a reset, and the whole`, async () => {
    await using world = await open();
    world.cloud.llm.faults.add({ kind: "break", afterTokens: 20 });
    const viewer = await world.view(MESSAGES, { body: { text: "/tokens 60", mode } });
    await world.ended(viewer);
    const { id } = viewer.told[0].data.reply;
    const events = viewer.told.map(({ event }) => event);
    assert.ok(events.includes("retry") && events.includes("reset"), events.join());
    const { state, text } = await storedOf(world, id);
    assert.equal(state, "done");
    assert.equal(viewer.text(), text);
    assert.deepEqual(await roles(world), ["user", "assistant"]);
  });
}

Deno.test("a model that counts too many requests is asked again when it says, and viewers hear of it", async () => {
  await using world = await open();
  world.cloud.llm.faults.add({ kind: "limit", retryAfter: "20" });
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 20" } });
  await world.until(() => viewer.told.some(({ event }) => event === "retry"));
  const { at } = viewer.told.find(({ event }) => event === "retry")!.data;
  const waitMs = Date.parse(at) - world.cloud.clock.now();
  assert.ok(waitMs > 15_000 && waitMs <= 20_000, `${waitMs} ms`);
  await world.ended(viewer);
  assert.equal(viewer.told.at(-1)!.data.state, "done");
});

Deno.test("a model that never answers leaves a reply that failed, and the conversation goes on", async () => {
  await using world = await open();
  const disarm = world.cloud.llm.faults.add({ kind: "refuse", times: Infinity });
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 20" } });
  await world.ended(viewer);
  const end = viewer.told.at(-1)!;
  assert.equal(end.data.state, "failed");
  assert.match(end.data.error, /Cannot ask the model/);
  disarm();
  const next = await world.view(MESSAGES, { body: { text: "/tokens 20" } });
  await world.ended(next);
  assert.equal(next.told.at(-1)!.data.state, "done");
});

Deno.test("with Redis away a reply goes straight to who asked, and is stored", async () => {
  await using world = await open();
  world.cloud.redis.faults.add({ kind: "refuse", times: Infinity });
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 40" } });
  assert.equal(viewer.status, 202);
  await world.ended(viewer);
  const { state, text } = await storedOf(world, viewer.told[0].data.reply.id);
  assert.equal(state, "done");
  assert.equal(viewer.text(), text);
});

Deno.test("with Postgres away nothing is promised", async () => {
  await using gate = startGate(engine.url());
  await using world = await createChatWorld(engine.database(), gate.url);
  gate.shut();
  const { response, body } = await world.call("POST", MESSAGES, { body: { text: "hello" } });
  assert.equal(response.status, 503);
  assert.equal(body.code, "postgres_unavailable");
  gate.open();
  await world.cloud.advance("1m");
  assert.equal(world.cloud.llm.counts().requests, 0);
});

Deno.test("with QStash away the message is refused, and the same clientId may be sent again", async () => {
  await using world = await open();
  // What else is published at that moment is not what is refused.
  world.cloud.qstash.faults.add({
    kind: "publishRefused",
    matches: ({ url }) => url.endsWith("/chat.reply"),
  });
  const { response } = await world.call("POST", MESSAGES, {
    body: { text: "/tokens 20", clientId: "one" },
  });
  assert.equal(response.status, 503);
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 20", clientId: "one" } });
  await world.ended(viewer);
  assert.equal(viewer.told.at(-1)!.data.state, "done");
  assert.deepEqual(await roles(world), ["user", "assistant"]);
});

Deno.test("a reply is its user's: others cannot read, follow or stop it", async () => {
  await using world = await open();
  const { reply } = await ask(world, "/tokens 20");
  for (const [method, path] of [["GET", ""], ["GET", "/stream"], ["DELETE", ""]]) {
    const { response, body } = await world.call(method, `/api/chat/replies/${reply.id}${path}`, {
      as: "eve",
    });
    assert.equal(response.status, 404);
    assert.equal(body.code, "reply_not_found");
  }
  const { response } = await world.call("POST", MESSAGES, { as: "eve", body: { text: "mine?" } });
  assert.equal(response.status, 404);
});

Deno.test("a delivery that comes twice or late makes one reply", async () => {
  for (const kind of ["duplicate", "lost", "overlapping"] as const) {
    await using world = await open();
    world.cloud.qstash.faults.add({ kind });
    const { reply } = await ask(world, "/tokens 20");
    const viewer = await world.view(reply.stream);
    await world.ended(viewer);
    await world.cloud.advance("10m");
    assert.deepEqual(await roles(world), ["user", "assistant"]);
    assert.equal(world.cloud.llm.counts().requests, 1, kind);
  }
});

Deno.test("the watchdog of a reply that its request made costs no command", async () => {
  await using world = await open();
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 20" } });
  await world.ended(viewer);
  world.commands();
  const { messages } = world.cloud.qstash.meter.snapshot();
  await world.cloud.advance("10m");
  assert.equal(world.commands(), 0);
  assert.equal(world.cloud.qstash.meter.snapshot().messages - messages, 1);
});

const refused = [
  { what: "no text", body: {}, path: "text" },
  { what: "nothing but spaces", body: { text: "  " }, path: "text" },
  { what: "too much", body: { text: "x".repeat(20_001) }, path: "text" },
  {
    what: "a clientId with other characters",
    body: { text: "a", clientId: "a:b" },
    path: "clientId",
  },
  { what: "another mode", body: { text: "a", mode: "poll" }, path: "mode" },
];
for (const { what, body, path } of refused) {
  Deno.test(`a message with ${what} is refused, and names ${path}`, async () => {
    await using world = await open();
    const answer = await world.call("POST", MESSAGES, { body });
    assert.equal(answer.response.status, 422);
    assert.deepEqual(answer.body.fields.map((field: { path: string }) => field.path), [path]);
  });
}

Deno.test("what is said in an hour arms that hour's sentiments", async () => {
  await using world = await open({ environment: { LEAST_ACTIVE_USERS: "1" } });
  const viewer = await world.view(MESSAGES, {
    body: { text: "/say I love this, it is wonderful" },
  });
  await world.ended(viewer);
  await world.cloud.advance("2h");
  const rows = await world.deps.database!.query<{ user_id: string; score: number }>(
    "SELECT user_id, score FROM profile_sentiments",
  );
  assert.deepEqual(rows.map(({ user_id }) => user_id), ["ada"]);
  assert.ok(rows[0].score > 0);
});

Deno.test("a user's messages are limited, and somebody else's are not", async () => {
  await using world = await open();
  let refused: Awaited<ReturnType<ChatWorld["call"]>> | undefined;
  for (let message = 0; message < 31 && !refused; message++) {
    const said = await world.call("POST", `/api/chat/conversations/c${message}/messages`, {
      body: { text: "/tokens 1" },
    });
    if (said.response.status !== 202) refused = said;
  }
  assert.equal(refused?.response.status, 429);
  assert.deepEqual(refused?.body["violated-policies"], ["chat"]);
  assert.ok(Number(refused?.response.headers.get("retry-after")) > 0);
  const { response } = await world.call("POST", MESSAGES, {
    as: "ben",
    body: { text: "/tokens 1" },
  });
  assert.equal(response.status, 202);
});
