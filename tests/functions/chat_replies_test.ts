import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createChatWorld } from "./chat_world.ts";

const MESSAGES = "/api/chat/conversations/kitchen/messages";

for (const engine of postgresEngines()) {
  const open = (options?: Parameters<typeof createChatWorld>[2]) =>
    createChatWorld(engine.database(), engine.url(), options);

  engine.test("a message is answered in the request that asks, and stored once", async () => {
    await using world = await open();
    const direct = await world.view(MESSAGES, { body: { text: "/tokens 60" } });
    assert.equal(direct.status, 202);
    await world.ended(direct);
    assert.equal(direct.told[0].event, "accepted");
    assert.equal(direct.told.at(-1)!.event, "end");
    assert.equal(direct.told.at(-1)!.data.state, "done");
    const { id } = direct.told[0].data.reply;
    const { body } = await world.call("GET", `/api/chat/replies/${id}`);
    assert.equal(body.state, "done");
    assert.ok(body.text.length > 50);
    assert.equal(direct.text(), body.text);
    const page = await world.call("GET", MESSAGES);
    assert.deepEqual(page.body.messages.map(({ role }: { role: string }) => role), [
      "user",
      "assistant",
    ]);
    assert.equal(page.body.messages[1].text, body.text);
  });

  engine.test("without a stream a job makes the reply, and any number of viewers follow", async () => {
    await using world = await open();
    const { response, body } = await world.call("POST", MESSAGES, { body: { text: "/tokens 60" } });
    assert.equal(response.status, 202);
    assert.equal(response.headers.get("location"), body.reply.stream);
    const first = await world.view(body.reply.stream);
    await world.until(() => first.text().length > 50);
    const late = await world.view(body.reply.stream);
    await world.ended(first, late);
    const after = await world.view(body.reply.stream);
    await world.ended(after);
    const { text } = (await world.call("GET", `/api/chat/replies/${body.reply.id}`)).body;
    for (const viewer of [first, late, after]) {
      assert.equal(viewer.text(), text);
      assert.equal(viewer.told.at(-1)!.event, "end");
    }
  });
}
