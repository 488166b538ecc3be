import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createChatWorld } from "./chat_world.ts";

const [engine] = postgresEngines();
const MESSAGES = "/api/chat/conversations/kitchen/messages";

Deno.test("a message with a NUL or half a character is stored without them", async () => {
  await using world = await createChatWorld(engine.database(), engine.url());
  const text = "/tokens 1 a\0b \ud83d 😀";
  const { response } = await world.call("POST", MESSAGES, { body: { text } });
  assert.equal(response.status, 202);
  const page = await world.call("GET", MESSAGES);
  assert.equal(page.body.messages[0].text, "/tokens 1 ab \ufffd 😀");
  const { body } = await world.call("GET", "/api/chat/conversations");
  assert.equal(body.conversations[0].title, "/tokens 1 ab \ufffd 😀");
});

Deno.test("a reply whose id holds a NUL is not found, and a message's own id is refused", async () => {
  await using world = await createChatWorld(engine.database(), engine.url());
  for (const method of ["GET", "DELETE"]) {
    const { response, body } = await world.call(method, "/api/chat/replies/a%00b");
    assert.deepEqual([response.status, body.code], [404, "reply_not_found"]);
  }
  const { response, body } = await world.call("POST", MESSAGES, {
    body: { text: "x", clientId: "a\0b" },
  });
  assert.deepEqual([response.status, body.fields[0].path], [422, "clientId"]);
});
