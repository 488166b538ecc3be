import assert from "node:assert/strict";
import { cloudSecrets } from "../../dev/cloud.ts";
import { recipientId } from "../../functions/notifications/recipients.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { startGate } from "../support/gate.ts";
import { createNotificationsWorld, type NotificationsWorld } from "./notifications_world.ts";
import { signStandard, type WebhookToSign } from "./standard_signature.ts";

const MAIL = "56761188-7520-42d8-8898-ff6fc54ce618";
const ADA = "ada@example.com";

function event(type: string, data: Record<string, unknown> = {}, at = "2026-11-21T12:00:03.000Z") {
  return JSON.stringify({
    type,
    created_at: at,
    data: {
      email_id: MAIL,
      from: "Zeropoll <mail@zeropoll.example>",
      to: [ADA],
      subject: "Set a new password",
      created_at: "2026-11-21T12:00:00.000Z",
      ...data,
    },
  });
}

const bounce = (type: string, subType = "General") => ({
  bounce: { type, subType, message: `550 no such user ${ADA}` },
});

async function signed(world: NotificationsWorld, body: string, more: Partial<WebhookToSign> = {}) {
  return await signStandard({
    secret: cloudSecrets.WEBHOOK_SECRET_RESEND,
    atMs: world.cloud.clock.now(),
    prefix: "svix",
    body,
    ...more,
  });
}

async function hook(world: NotificationsWorld, init: RequestInit) {
  const response = await world.cloud.fetch("/hooks/resend", init);
  return { status: response.status, body: await response.json() };
}

const send = async (world: NotificationsWorld, body: string, more?: Partial<WebhookToSign>) =>
  await hook(world, await signed(world, body, more));

const eventsIn = (world: NotificationsWorld) =>
  world.sql.query("SELECT provider_id, type, detail, at FROM mail_events ORDER BY type");

async function suppressionOf(world: NotificationsWorld, email = ADA) {
  const recipient = await recipientId(cloudSecrets.IDENTITY_SECRET, email);
  const rows = await world.sql.query<{ scope: string; reason: string }>(
    "SELECT scope, reason FROM mail_suppressions WHERE recipient = $1",
    [recipient],
  );
  return rows.map(({ scope, reason }) => `${scope} ${reason}`).join(", ");
}

const kept: { type: string; data?: Record<string, unknown>; detail?: string; held?: string }[] = [
  { type: "sent" },
  { type: "delivered" },
  { type: "delivery_delayed" },
  {
    type: "bounced",
    data: bounce("Permanent", "Suppressed"),
    detail: "Permanent/Suppressed",
    held: "all bounced",
  },
  { type: "bounced", data: bounce("Transient"), detail: "Transient/General" },
  { type: "bounced", data: bounce("Undetermined"), detail: "Undetermined/General" },
  { type: "bounced" },
  { type: "complained", held: "all complained" },
  {
    type: "failed",
    data: { failed: { reason: "reached_daily_quota" } },
    detail: "reached_daily_quota",
  },
  {
    type: "suppressed",
    data: { suppressed: { type: "OnAccountSuppressionList", message: `${ADA} is on the list` } },
    detail: "OnAccountSuppressionList",
    held: "all bounced",
  },
];

const letGo = ["email.opened", "email.clicked", "email.scheduled", "contact.created", "email."];

type Init = Awaited<ReturnType<typeof signed>>;
const refused: {
  name: string;
  code: string;
  more?: Partial<WebhookToSign> & { offMs?: number };
  change?: (init: Init) => void;
}[] = [
  { name: "6 minutes old", code: "signature_expired", more: { offMs: -360_000 } },
  { name: "6 minutes ahead", code: "signature_expired", more: { offMs: 360_000 } },
  {
    name: "signed for the other webhook",
    code: "signature_invalid",
    more: { secret: cloudSecrets.WEBHOOK_SECRET_STANDARD },
  },
  { name: "with the headers of another", code: "signature_missing", more: { prefix: "webhook" } },
  {
    name: "without an id",
    code: "signature_missing",
    change: ({ headers }) => delete headers["svix-id"],
  },
  {
    name: "without a time",
    code: "signature_missing",
    change: ({ headers }) => delete headers["svix-timestamp"],
  },
  {
    name: "without a signature",
    code: "signature_missing",
    change: ({ headers }) => delete headers["svix-signature"],
  },
  {
    name: "with another id",
    code: "signature_invalid",
    change: ({ headers }) => headers["svix-id"] = "msg_2",
  },
  { name: "with another body", code: "signature_invalid", change: (init) => init.body += " " },
  { name: "that is not JSON", code: "body_malformed", more: { body: "{" } },
  { name: "without a type", code: "body_invalid", more: { body: '{"data":{}}' } },
  {
    name: "without the mail's id",
    code: "body_invalid",
    more: { body: event("email.bounced", { email_id: undefined }) },
  },
  {
    name: "with an id that is none",
    code: "body_invalid",
    more: { body: event("email.bounced", { email_id: "a\u0000b" }) },
  },
];

for (const engine of postgresEngines()) {
  const open = (options?: Parameters<typeof createNotificationsWorld>[2], url = engine.url()) =>
    createNotificationsWorld(engine.database(), url, options);

  for (const { type, data, detail = null, held = "" } of kept) {
    const name = `email.${type}${detail === null ? "" : ` (${detail})`}`;
    engine.test(`${name} is one row, ${held || "and holds nothing back"}`, async () => {
      await using world = await open();
      const { status, body } = await send(world, event(`email.${type}`, data));
      assert.equal(status, 202);
      assert.deepEqual(body, { accepted: true, deduplicated: false });
      assert.deepEqual(await eventsIn(world), [
        { provider_id: MAIL, type, detail, at: new Date("2026-11-21T12:00:03Z") },
      ]);
      assert.equal(await suppressionOf(world), held);
      assert.equal(world.commands(), 0);
      assert.equal(world.cloud.qstash.messages().length, 0);
    });
  }

  engine.test("what is not kept is let go with 202, and is no row", async () => {
    await using world = await open();
    for (const type of letGo) {
      const { status, body } = await send(world, event(type));
      assert.equal(status, 202, type);
      assert.equal(body.accepted, false, type);
    }
    assert.deepEqual(await eventsIn(world), []);
  });

  engine.test("no delivery that is forged, expired or malformed leaves a row", async () => {
    await using world = await open();
    for (const { name, code, more: { offMs = 0, ...more } = {}, change } of refused) {
      const init = await signed(world, event("email.bounced", bounce("Permanent")), {
        ...more,
        atMs: world.cloud.clock.now() + offMs,
      });
      change?.(init);
      assert.equal((await hook(world, init)).body.code, code, name);
    }
    assert.deepEqual(await eventsIn(world), []);
    assert.equal(await suppressionOf(world), "");
  });

  engine.test("an event that comes again changes nothing, not even what was lifted since", async () => {
    await using world = await open();
    const body = event("email.bounced", bounce("Permanent"));
    assert.equal((await send(world, body)).body.deduplicated, false);
    assert.equal(
      (await world.api("DELETE", `/api/suppressions?email=${ADA}`)).response.status,
      204,
    );
    const again = await send(world, body, { id: "msg_2" });
    assert.deepEqual(again, { status: 202, body: { accepted: true, deduplicated: true } });
    assert.equal((await eventsIn(world)).length, 1);
    assert.equal(await suppressionOf(world), "");
  });

  engine.test("a bounce for good is news after one that would pass, and not the other way", async () => {
    await using world = await open();
    await send(world, event("email.bounced", bounce("Transient", "MailboxFull")));
    assert.equal(await suppressionOf(world), "");
    await send(world, event("email.bounced", bounce("Permanent")));
    await send(world, event("email.bounced", bounce("Transient", "MailboxFull")));
    const [row, ...more] = await eventsIn(world);
    assert.equal(more.length, 0);
    assert.equal(row.detail, "Permanent/General");
    assert.equal(await suppressionOf(world), "all bounced");
  });

  engine.test("an event before our own log has the mail is read with it afterwards", async () => {
    await using world = await open();
    const told = await world.tell("user.reset.start");
    await world.cloud.settle();
    const [mail] = world.cloud.mail.mails();
    const [row] = await world.sql.query("DELETE FROM notifications RETURNING *");
    await send(world, event("email.delivered", { email_id: mail.id }, "2026-11-21T12:00:05.000Z"));
    await send(world, event("email.sent", { email_id: mail.id }, "2026-11-21T12:00:04.000Z"));
    await world.sql.query(
      `INSERT INTO notifications SELECT * FROM json_populate_record(NULL::notifications, $1::text::json)`,
      [JSON.stringify(row)],
    );
    const { body } = await world.api("GET", `/api/notifications/${told.body.id}`);
    assert.deepEqual(body.provider, [
      { type: "sent", at: "2026-11-21T12:00:04.000Z" },
      { type: "delivered", at: "2026-11-21T12:00:05.000Z" },
    ]);
  });

  engine.test("after a complaint only urgent mail goes out, after a bounce for good none", async () => {
    await using world = await open();
    const outcome = async (event: string) => {
      const { body } = await world.tell(event);
      await world.cloud.advance("11m");
      return (await world.api("GET", `/api/notifications/${body.id}`)).body.outcome;
    };
    await send(world, event("email.complained"));
    assert.equal(await outcome("message.new"), "suppressed");
    assert.equal(await outcome("user.reset.start"), "accepted");
    await send(world, event("email.bounced", bounce("Permanent")));
    assert.equal(await suppressionOf(world), "all bounced");
    assert.equal(await outcome("user.reset.start"), "suppressed");
  });

  engine.test("whom it is about is told by the only recipient, however it is spelled", async () => {
    await using world = await open();
    await send(
      world,
      event("email.bounced", { ...bounce("Permanent"), to: ["Ada <ADA@Example.com>"] }),
    );
    assert.equal(await suppressionOf(world), "all bounced");
    await send(
      world,
      event("email.complained", {
        email_id: "of-several",
        to: ["ben@example.com", "cleo@example.com"],
      }),
    );
    assert.equal(await suppressionOf(world, "ben@example.com"), "");
    assert.equal((await eventsIn(world)).length, 2);
  });

  engine.test("no address is kept, whatever the provider writes", async () => {
    await using world = await open();
    await send(
      world,
      event("email.bounced", { bounce: { type: `Permanent ${ADA}`, subType: ADA } }),
    );
    await send(world, event("email.failed", { failed: { reason: `${ADA} is not valid` } }));
    const rows = JSON.stringify([
      await eventsIn(world),
      await world.sql.query("SELECT * FROM mail_suppressions"),
      world.lines,
    ]);
    assert.ok(!rows.includes(ADA), rows);
  });

  engine.test("while Postgres is away it answers 503, and the same again is kept", async () => {
    await using gate = startGate(engine.url());
    await using world = await open(undefined, gate.url);
    const body = event("email.bounced", bounce("Permanent"));
    gate.shut();
    const away = await send(world, body);
    assert.deepEqual([away.status, away.body.code], [503, "postgres_unavailable"]);
    gate.open();
    await world.cloud.advance("1m");
    assert.equal((await send(world, body)).status, 202);
    assert.equal((await eventsIn(world)).length, 1);
    assert.equal(await suppressionOf(world), "all bounced");
  });

  engine.test("without its secret it says which setting is missing", async () => {
    await using world = await open({ environment: { WEBHOOK_SECRET_RESEND: "" } });
    const { status, body } = await send(world, event("email.delivered"));
    assert.equal(status, 503);
    assert.match(body.detail, /WEBHOOK_SECRET_RESEND/);
  });
}
