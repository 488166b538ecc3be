import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createNotificationsWorld, RESET } from "./notifications_world.ts";

for (const engine of postgresEngines()) {
  const open = (options?: Parameters<typeof createNotificationsWorld>[2]) =>
    createNotificationsWorld(engine.database(), engine.url(), options);

  engine.test("a notification is one mail, two commands and one message", async () => {
    await using world = await open();
    const { response, body } = await world.tell("user.reset.start");
    assert.equal(response.status, 202);
    assert.equal(body.event, "user.reset.start");
    assert.equal(response.headers.get("location"), `/api/notifications/${body.id}`);
    await world.cloud.settle();
    const [mail, ...more] = world.cloud.mail.mails();
    assert.equal(more.length, 0);
    assert.deepEqual(mail.to, ["ada@example.com"]);
    assert.ok(mail.html!.includes(RESET) && mail.text!.includes(RESET));
    assert.equal(mail.idempotencyKey, body.id);
    assert.equal(world.commands(), 2);
    const read = await world.api("GET", `/api/notifications/${body.id}`);
    assert.equal(read.body.outcome, "accepted");
    assert.equal(read.body.told, 1);
  });

  engine.test("five messages within ten minutes are one mail at their end", async () => {
    await using world = await open();
    const ids = new Set<string>();
    for (let index = 0; index < 5; index++) {
      const { body } = await world.tell("message.new", {
        data: { from: "Ben", text: `Message ${index}`, url: "https://market.example/messages/7" },
      });
      ids.add(body.id);
      assert.equal(body.until, "2026-11-21T12:10:00.000Z");
      await world.cloud.advance("1m");
    }
    assert.equal(ids.size, 1);
    assert.equal(world.cloud.mail.mails().length, 0);
    await world.cloud.advance("5m");
    const [mail, ...more] = world.cloud.mail.mails();
    assert.equal(more.length, 0);
    for (let index = 0; index < 5; index++) assert.ok(mail.text!.includes(`Message ${index}`));
    assert.equal(world.commands(), 2);
    const [id] = ids;
    assert.equal((await world.api("GET", `/api/notifications/${id}`)).body.told, 5);
    await world.tell("message.new");
    await world.cloud.advance("10m");
    assert.equal(world.cloud.mail.mails().length, 2);
  });
}
