import assert from "node:assert/strict";
import { recipientId } from "../../functions/notifications/recipients.ts";
import { suppress, unsuppress } from "../../functions/notifications/suppressions.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createNotificationsWorld, NOON } from "./notifications_world.ts";

for (const engine of postgresEngines()) {
  engine.test("what came while somebody wanted no mail does not hold back what comes later", async () => {
    await using world = await createNotificationsWorld(engine.database(), engine.url());
    const recipient = await recipientId("dev-identity-secret", "ada@example.com");
    const messages = { recipient, scope: "messages" as const };
    await suppress(world.sql, { ...messages, reason: "unsubscribed", at: NOON });
    const say = async (text: string) => {
      const data = { from: "Ben", text, url: "https://market.example/messages/7" };
      const { body } = await world.tell("message.new", { data });
      await world.cloud.advance("11m");
      return (await world.api("GET", `/api/notifications/${body.id}`)).body;
    };
    assert.equal((await say("Is it free?")).outcome, "unsubscribed");
    assert.equal((await say("Hello?")).outcome, "unsubscribed");
    await unsuppress(world.sql, messages);
    const { outcome, told } = await say("Are you there?");
    assert.deepEqual([outcome, told], ["accepted", 1]);
    const [mail, ...more] = world.cloud.mail.mails();
    assert.equal(more.length, 0);
    assert.match(mail.text ?? "", /Are you there\?/);
    assert.doesNotMatch(mail.text ?? "", /Is it free|Hello\?/);
  });
}
