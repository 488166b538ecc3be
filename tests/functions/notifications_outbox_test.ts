import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createNotificationsWorld, type NotificationsWorld } from "./notifications_world.ts";

const PATH = "/admin/analytics/mail";
const operator = { Authorization: "Bearer dev-operator-token", Accept: "text/html" };

async function page(world: NotificationsWorld, init: RequestInit = {}, path = PATH) {
  world.commands();
  const response = await world.cloud.fetch(path, { headers: operator, ...init });
  const text = (await response.text()).replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");
  assert.equal(world.commands(), 0);
  return { response, text };
}

const form = (email: string): RequestInit => ({
  method: "POST",
  body: new URLSearchParams({ email }),
});

for (const engine of postgresEngines()) {
  const open = () => createNotificationsWorld(engine.database(), engine.url());

  engine.test("the dashboard of mail is empty before anything was told", async () => {
    await using world = await open();
    const { response, text } = await page(world);
    assert.equal(response.status, 200);
    for (const words of ["Nothing was sent yet", "Nothing waits to be told together", "Nobody."]) {
      assert.ok(text.includes(words), `${words} is not in ${text}`);
    }
  });

  engine.test("the dashboard of mail counts what was accepted, held back, and waits", async () => {
    await using world = await open();
    await world.tell("user.reset.start");
    world.cloud.mail.faults.add({ kind: "address", to: "gone@example.com" });
    await world.tell("user.reset.start", { to: { email: "gone@example.com" } });
    await world.cloud.advance("1m");
    await world.tell("message.new");
    await world.tell("message.new");
    const { text } = await page(world);
    assert.match(text, /Accepted 1 today/);
    assert.match(text, /Delivered 1 today/);
    assert.match(text, /Failed 0 today/);
    assert.match(text, /Held back 1 today/);
    assert.match(
      text,
      /2 events wait to be told together, in 1 mail; the next at 2026-11-21 12:11 UTC/,
    );
    assert.match(text, /user\.reset\.start \S+ refused/);
    assert.match(text, /refused 1 /);
    assert.doesNotMatch(text, /ada@|gone@/);
  });

  engine.test("one address is looked for by a form, and its suppression lifted", async () => {
    await using world = await open();
    world.cloud.mail.faults.add({ kind: "address" });
    await world.tell("user.reset.start");
    await world.cloud.advance("1m");
    const found = await page(world, form("Ada@Example.com"));
    assert.match(found.text, /No mail: refused/);
    assert.match(found.text, /Let it have mail again/);
    const lifted = await page(world, form("ada@example.com"), `${PATH}/lift`);
    assert.match(lifted.text, /It may have mail again/);
    assert.doesNotMatch(lifted.text, /No mail: refused/);
    const nobody = await page(world, form("nobody@example.com"));
    assert.match(nobody.text, /Nothing was told to this address/);
    const line = world.lines.find(({ event }) => event === "suppression.lifted");
    assert.equal(line?.lifted, true);
    assert.doesNotMatch(JSON.stringify(world.lines), /ada@/i);
  });

  engine.test("the dashboard of mail is for operators, and its forms for its own page", async () => {
    await using world = await open();
    const closed = await world.cloud.fetch(PATH, { headers: { Accept: "application/json" } });
    assert.equal(closed.status, 401);
    await closed.body?.cancel();
    const foreign = await world.cloud.fetch(PATH, {
      ...form("ada@example.com"),
      headers: { Origin: "https://elsewhere.example" },
    });
    assert.equal(foreign.status, 403);
    await foreign.body?.cancel();
    const wrong = await page(world, form("nobody"));
    assert.equal(wrong.response.status, 422);
  });
}
