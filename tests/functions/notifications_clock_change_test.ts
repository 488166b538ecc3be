import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createNotificationsWorld } from "./notifications_world.ts";

const [engine] = postgresEngines();

Deno.test("a mail whose quiet hours end inside a skipped hour waits once, and goes out after the change", async () => {
  await using world = await createNotificationsWorld(engine.database(), engine.url(), {
    // 01:45 in Berlin; 02:00 becomes 03:00.
    startAt: Date.parse("2027-03-28T00:45:00Z"),
    environment: { QUIET_HOURS: "22:00-02:30" },
  });
  await world.tell("review.approved", {
    to: { email: "ada@example.com", timeZone: "Europe/Berlin" },
    data: { title: "Loft", url: "https://market.example/42" },
  });
  await world.cloud.advance("14m");
  assert.equal(world.cloud.mail.mails().length, 0);
  await world.cloud.advance("2m");
  assert.equal(world.cloud.mail.mails().length, 1);
  const messages = new Set(world.cloud.qstash.logs().map(({ messageId }) => messageId));
  assert.equal(messages.size, 1);
});
