import assert from "node:assert/strict";
import { triggers } from "../../functions/notifications/triggers/table.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { rowSamples } from "./row_webhooks_samples.ts";
import { createRowWorld, sendChange, senders } from "./row_webhooks_world.ts";

for (const engine of postgresEngines()) {
  for (const sender of senders) {
    for (const { name, told, within = "2h", ...change } of rowSamples) {
      const events = told.map(([event]) => event);
      engine.test(`by ${sender}, ${name}: ${events.join(" and ")}`, async () => {
        await using world = await createRowWorld(engine.database(), engine.url());
        const { status, body } = await sendChange(world, sender, change);
        assert.equal(status, 202);
        assert.equal(body.accepted, true, JSON.stringify(body));
        assert.equal(body.lacking, undefined);
        assert.deepEqual(eventsOf(body), events);
        assert.equal(world.commands(), 0);
        await world.cloud.advance(within);
        const mails = world.cloud.mail.mails();
        assert.equal(mails.length, told.length);
        for (const [index, [event, to, says]] of told.entries()) {
          const { id } = body.told[index];
          const [row] = await world.sql.query(
            "SELECT event, outcome, provider_id FROM notifications WHERE id = $1",
            [id],
          );
          assert.deepEqual([row?.event, row?.outcome], [event, "accepted"]);
          const mail = mails.find((mail) => mail.id === row.provider_id)!;
          assert.deepEqual(mail.to, [to]);
          const said = mail.text!.replace(/\s+/g, " ");
          for (const text of says) assert(said.includes(text), `${text} in\n${said}`);
        }
        assert.equal(world.commands(), 2 * told.length);
      });
    }
  }
}

function eventsOf({ told }: { told: { event: string }[] }) {
  return told.map(({ event }) => event);
}

Deno.test("each trigger has a sample", () => {
  const unseen = triggers.filter(({ collections, when }) =>
    !rowSamples.some(({ collection, operation = "create", row, before }) =>
      collections.includes(collection) &&
      when.holds({
        source: "payload",
        id: "1",
        collection,
        operation,
        row,
        before: operation === "update" ? { ...row, ...before } : undefined,
      })
    )
  );
  assert.deepEqual(unseen.map(({ name }) => name), []);
});
