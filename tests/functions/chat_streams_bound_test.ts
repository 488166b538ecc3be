/**
 * How many streams a user, and an address, may hold open at once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { OpenStreams } from "../../functions/middleware/open_streams.ts";
import { RequestError } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createChatWorld } from "./chat_world.ts";

const MESSAGES = "/api/chat/conversations/kitchen/messages";
const [engine] = postgresEngines();
const open = (environment: Record<string, string>) =>
  createChatWorld(engine.database(), engine.url(), { environment });

/** Streams on a clock that a test moves. */
function setUp({ perUser = 2, perAddress = 3 } = {}) {
  let now = 0;
  const streams = new OpenStreams({ now: () => now }, { perUser, perAddress });
  return {
    wait: (ms: number) => void (now += ms),
    begin: (user: string, network: string | null = "203.0.113.7") =>
      streams.begin({ user, network: network ?? undefined }),
  };
}

const exceeded = (whose: string) => (error: unknown) =>
  error instanceof RequestError && error.code === "streams_exceeded" &&
  error.message.includes(whose) && error.retryAfterMs === 5_000;

Deno.test("one stream too many of a user is refused until one of theirs ends", () => {
  const { begin } = setUp();
  const first = begin("ada");
  begin("ada");
  assert.throws(() => begin("ada"), exceeded("user"));
  begin("grace");
  first.end();
  first.end();
  begin("ada");
  assert.throws(() => begin("ada"), exceeded("user"));
});

Deno.test("one stream too many of an address is refused, whoever asks; unknown ones share more", () => {
  const { begin } = setUp();
  for (const user of ["ada", "grace", "alan"]) begin(user);
  assert.throws(() => begin("edsger"), exceeded("address"));
  begin("edsger", "203.0.113.8");
  for (let index = 0; index < 300; index++) begin(`user ${index}`, null);
});

Deno.test("a stream that nobody renews any more does not count", () => {
  const { begin, wait } = setUp();
  const [kept] = [begin("ada"), begin("ada")];
  for (let beat = 0; beat < 4; beat++) {
    wait(15_000);
    kept.renew();
  }
  begin("ada");
  assert.throws(() => begin("ada"), exceeded("user"));
});

Deno.test("a stream beyond the bound is answered 429, and says when to come again", async () => {
  await using world = await open({ STREAMS_PER_USER: "2" });
  world.cloud.qstash.faults.add({ kind: "late", ms: 3_600_000 });
  const { body: { reply } } = await world.call("POST", MESSAGES, { body: { text: "wait" } });
  const asked = () => world.cloud.redis.meter.snapshot().byCommand.GET ?? 0;
  const before = asked();
  const viewers = [await world.view(reply.stream), await world.view(reply.stream)];
  // A viewer's last command, until something is said.
  await world.until(() => asked() === before + viewers.length);
  world.commands();
  for (const path of [reply.stream, "/api/chat/conversations/kitchen/export"]) {
    const { response, body } = await world.call("GET", path);
    assert.equal(response.status, 429, path);
    assert.equal(body.code, "streams_exceeded");
    assert.equal(response.headers.get("retry-after"), "5");
  }
  assert.equal(world.commands(), 0);
  await viewers[0].leave();
  await world.until(async () => {
    const viewer = await world.view(reply.stream);
    return viewer.status === 200;
  });
});

Deno.test("a message whose stream is refused was not said, and one that fails holds no place", async () => {
  await using world = await open({ STREAMS_PER_USER: "1" });
  world.cloud.qstash.faults.add({
    kind: "publishRefused",
    matches: ({ url }) => url.endsWith("/chat.reply"),
  });
  const failed = await world.view(MESSAGES, { body: { text: "/tokens 5" } });
  assert.equal(failed.status, 503);
  world.cloud.llm.faults.add({ kind: "stall", ms: 5_000 });
  const viewer = await world.view(MESSAGES, { body: { text: "/tokens 5 one" } });
  assert.equal(viewer.status, 202);
  const refused = await world.view(MESSAGES, { body: { text: "/tokens 5 two" } });
  assert.equal(refused.status, 429);
  await world.ended(viewer);
  const { body } = await world.call("GET", MESSAGES);
  assert.deepEqual(
    body.messages.filter(({ role }: { role: string }) => role === "user").map((
      { text }: { text: string },
    ) => text),
    ["/tokens 5", "/tokens 5 one"],
  );
  const next = await world.view(MESSAGES, { body: { text: "/tokens 5 three" } });
  assert.equal(next.status, 202);
  await world.ended(next);
});
