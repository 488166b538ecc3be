import assert from "node:assert/strict";
import { MOST_TOLD } from "../../functions/notifications/triggers/fire.ts";
import { startGate } from "../support/gate.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { ada, approved } from "./row_webhooks_samples.ts";
import { createRowWorld, type RowChange, sendChange, senders } from "./row_webhooks_world.ts";

const pending: RowChange = {
  ...approved,
  row: { ...approved.row, status: "pending" },
  before: { status: "draft" },
};

const nothing: { name: string; change: RowChange }[] = [
  { name: "of a table without a trigger", change: { ...approved, collection: "carts" } },
  { name: "that a trigger does not wait for", change: { ...approved, before: { title: "Loft" } } },
  {
    name: "to another value",
    change: { ...approved, row: { ...approved.row, status: "archived" } },
  },
  { name: "of a row that is deleted", change: { ...approved, operation: "delete" } },
  {
    name: "of a row that was marked as deleted before",
    change: {
      collection: "users",
      operation: "delete",
      row: { id: 3, ...ada, deletedAt: "2026-11-01T00:00:00Z" },
    },
  },
];

const lacking: { name: string; change: RowChange; fields: string; environment?: Environment }[] = [
  {
    name: "an owner's address",
    change: { ...approved, row: { ...approved.row, owner: { name: "Ada" } } },
    fields: "owner.email",
  },
  {
    name: "an owner who is more than an id",
    change: { ...approved, row: { ...approved.row, owner: 17 } },
    fields: "owner",
  },
  {
    name: "two fields",
    change: { ...approved, row: { ...approved.row, title: "", owner: { email: "ada" } } },
    fields: "title, owner.email",
  },
  {
    name: "a reason",
    change: { ...approved, row: { ...approved.row, status: "rejected" } },
    fields: "reasons",
  },
  {
    name: "an id",
    change: { ...approved, row: { ...approved.row, id: undefined } },
    fields: "id",
  },
  {
    name: "a site to link to",
    change: approved,
    fields: "SITE_URL",
    environment: { SITE_URL: "" },
  },
];
type Environment = Record<string, string>;

for (const engine of postgresEngines()) {
  const open = (environment?: Environment, url = engine.url()) =>
    createRowWorld(engine.database(), url, { environment });

  for (const sender of senders) {
    for (const { name, change } of nothing) {
      engine.test(`by ${sender}, a change ${name} is let go`, async () => {
        await using world = await open();
        const { status, body } = await sendChange(world, sender, change);
        assert.equal(status, 202);
        assert.deepEqual(body, {
          accepted: false,
          because: "no trigger is made of this change",
        });
        assert.equal(world.cloud.qstash.messages().length, 0);
      });
    }

    engine.test(`by ${sender}, the same change again tells nobody again`, async () => {
      await using world = await open();
      const first = await sendChange(world, sender, approved);
      const second = await sendChange(world, sender, approved);
      assert.equal(second.body.told[0].id, first.body.told[0].id);
      assert.equal(second.body.told[0].deduplicated, true);
      // Past QStash's own memory, and past the job's.
      for (const wait of ["1h", "3d", "30d"]) {
        await world.cloud.advance(wait);
        await sendChange(world, sender, approved);
      }
      await world.cloud.advance("1h");
      assert.equal(world.cloud.mail.mails().length, 1);
    });

    engine.test(`by ${sender}, the same status at another time is told again`, async () => {
      await using world = await open();
      const later = { ...approved.row, updatedAt: "2026-11-21T12:05:00+00:00" };
      await sendChange(world, sender, approved);
      await sendChange(world, sender, { ...approved, row: later });
      await world.cloud.advance("1m");
      assert.equal(world.cloud.mail.mails().length, 2);
    });

    for (const { name, change, fields, environment } of lacking) {
      engine.test(`by ${sender}, a row that lacks ${name} is kept as a dead letter that names it`, async () => {
        await using world = await open(environment);
        // Supabase has no way to send an object's place as a number.
        const sent = sender === "supabase" && fields === "owner"
          ? { ...change, row: { ...change.row, owner: undefined, owner_id: 17 } }
          : change;
        const expected = sent === change ? fields : "owner.email";
        const { status, body } = await sendChange(world, sender, sent);
        assert.equal(status, 202);
        const [id] = body.letters;
        assert.deepEqual(body, {
          accepted: false,
          because: `the row lacks ${expected}`,
          letters: [id],
        });
        const lines = world.lines.filter(({ event }) => event === "trigger.incomplete");
        assert.deepEqual(lines.map(({ fields }) => fields), [expected]);
        assert.equal(world.commands(), 0);
        await world.cloud.advance("1m");
        const letter = (await world.api("GET", `/api/dead-letters/${id}`)).body;
        assert.equal(letter.job, "notification.row");
        assert.match(letter.error.message, new RegExp(`the row lacks ${expected}$`));
        assert.equal(world.cloud.mail.mails().length, 0);
      });
    }
  }

  engine.test("both senders may tell of rows with one id", async () => {
    await using world = await open();
    for (const sender of senders) await sendChange(world, sender, approved);
    await world.cloud.advance("1m");
    assert.equal(world.cloud.mail.mails().length, 2);
  });

  engine.test("every admin is told, and a change without admins tells nobody", async () => {
    const admins = Array.from({ length: 10 }, (_, index) => `admin${index}@market.example`);
    {
      await using world = await open({ ADMIN_EMAILS: admins.join(", ") });
      assert.equal((await sendChange(world, "supabase", pending)).body.told.length, 10);
      await world.cloud.advance("1m");
      const to = world.cloud.mail.mails().flatMap(({ to }) => to);
      assert.deepEqual(to.sort(), admins);
      assert(admins.length + 1 <= MOST_TOLD);
    }
    await using world = await open({ ADMIN_EMAILS: "" });
    const { status, body } = await sendChange(world, "supabase", pending);
    assert.deepEqual([status, body], [202, { accepted: true, told: [] }]);
  });

  engine.test("what broke off is sent again, and each is told once", async () => {
    await using world = await open({ ADMIN_EMAILS: "one@market.example, two@market.example" });
    const change: RowChange = { collection: "users", row: { id: 3, ...ada, role: "host" } };
    world.cloud.qstash.faults.add({
      kind: "publishRefused",
      times: 100,
      matches: ({ url }) => url.endsWith("notification.bulk"),
    });
    const away = await sendChange(world, "payload", change);
    assert.deepEqual([away.status, away.body.code], [503, "queue_unavailable"]);
    await world.cloud.advance("1m");
    assert.equal(world.cloud.mail.mails().length, 1, "the welcome");
    world.cloud.qstash.faults.clear();
    const again = await sendChange(world, "payload", change);
    assert.equal(again.body.told.length, 3);
    await world.cloud.advance("1m");
    const to = world.cloud.mail.mails().flatMap(({ to }) => to);
    assert.deepEqual(to.sort(), [ada.email, "one@market.example", "two@market.example"]);
  });

  engine.test("while Postgres is away it answers 503, and the same again is told once", async () => {
    await using gate = startGate(engine.url());
    await using world = await open(undefined, gate.url);
    gate.shut();
    // An admin's event has a line in the digest, which Postgres keeps.
    const away = await sendChange(world, "supabase", pending);
    assert.deepEqual([away.status, away.body.code], [503, "postgres_unavailable"]);
    gate.open();
    await world.cloud.advance("1m");
    assert.equal((await sendChange(world, "supabase", pending)).status, 202);
    await world.cloud.advance("1m");
    assert.equal(world.cloud.mail.mails().length, 1);
  });

  engine.test("a reminder further ahead than QStash waits comes in time", async () => {
    await using world = await open();
    const event = { id: 7, title: "Sourdough", startsAt: "2027-01-21T18:00:00+00:00" };
    const { status, body } = await sendChange(world, "payload", {
      collection: "participations",
      row: { id: 11, user: ada, event, status: "confirmed" },
    });
    assert.equal(status, 202);
    assert.deepEqual(body.told.map(({ event }: { event: string }) => event), [
      "event.participation.confirmed",
      "event.reminder.24h",
    ]);
    await world.cloud.advance("61d");
    const last = world.cloud.mail.mails().at(-1)!;
    assert.equal(new Date(last.at).toISOString(), "2027-01-20T18:00:00.000Z");
  });

  engine.test("without its secret each sender is told which setting is missing", async () => {
    await using world = await open({ WEBHOOK_SECRET_SUPABASE: "", WEBHOOK_SECRET_PAYLOAD: "" });
    for (const sender of senders) {
      const { status, body } = await sendChange(world, sender, approved);
      assert.equal(status, 503);
      assert.match(body.detail, new RegExp(`WEBHOOK_SECRET_${sender.toUpperCase()}`));
    }
  });
}
