/**
 * Holds the README's triggers: every event and its way, and the very code that it gives to senders.
 *
 * @module
 */
import assert from "node:assert/strict";
import { eventNames } from "../../functions/notifications/events/names.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { rowSamples } from "./row_webhooks_samples.ts";
import {
  createRowWorld,
  PAYLOAD_SECRET,
  post,
  SUPABASE_SECRET,
  supabaseRequest,
} from "./row_webhooks_world.ts";

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
const section = readme.split("\n## Triggers\n")[1].split("\n## ")[0];
const ada = { email: "ada@example.com", name: "Ada" };

/** The code block of this language. */
function codeOf(language: string): string {
  return section.split(`\n\`\`\`${language}\n`)[1].split("\n```")[0];
}

/** Each row of the table: its way, and the events it names. */
const ways = section.split("\n").filter((line) => /^\|.*`/.test(line)).map((line) => {
  const [, , way, tells] = line.split("|").map((cell) => cell.trim());
  return { way, events: [...tells.matchAll(/`([a-z0-9.-]+)`/g)].map(([, event]) => event) };
});

Deno.test("the README's triggers name every event once, and the 15 places", () => {
  assert.deepEqual(ways.flatMap(({ events }) => events).sort(), [...eventNames].sort());
  const places = [...section.matchAll(/^\| (\d+)\. /gm)].map(([, place]) => Number(place));
  assert.deepEqual(places, Array.from({ length: 15 }, (_, index) => index + 1));
});

Deno.test("what the README says a row tells, a trigger tells; all else is called or by itself", () => {
  const told = new Set(rowSamples.flatMap(({ told }) => told.map(([event]) => event)));
  for (const { way, events } of ways) {
    const isByRow = !/^(call$|by itself)/.test(way);
    for (const event of events) assert.equal(told.has(event), isByRow, event);
  }
});

Deno.test("the README's hook lets a change pass that nobody can be told of, and logs it", async () => {
  using _environment = withEnvironment({
    ZEROPOLL_URL: "http://127.0.0.1:1",
    WEBHOOK_SECRET_PAYLOAD: PAYLOAD_SECRET,
  });
  const { tellZeropoll } = await moduleOf(codeOf("ts ignore"));
  const errors: string[] = [];
  const req = { payload: { logger: { error: (message: string) => errors.push(message) } } };
  await tellZeropoll({ collection: { slug: "users" }, doc: { id: "u1" }, req });
  assert.deepEqual(errors, ["Zeropoll was not told of users u1"]);
});

for (const engine of postgresEngines()) {
  engine.test("the README's hook of a Payload project tells what its collection does", async () => {
    await using world = await createRowWorld(engine.database(), engine.url());
    using _environment = withEnvironment({
      ZEROPOLL_URL: world.cloud.url,
      WEBHOOK_SECRET_PAYLOAD: PAYLOAD_SECRET,
    });
    const { tellZeropoll } = await moduleOf(codeOf("ts ignore"));
    const errors: string[] = [];
    const favorite = { id: "f1", listing: "l1", user: "u1", salt: "a secret" };
    const populated = {
      ...favorite,
      listing: { id: "l1", title: "Loft at the canal", owner: { ...ada, hash: "a secret" } },
      user: { name: "Ben" },
    };
    const found: unknown[] = [];
    const req = {
      payload: {
        findByID: (asked: Record<string, unknown>) => {
          found.push([asked.collection, asked.id, asked.depth]);
          return Promise.resolve(populated);
        },
        logger: { error: (message: string) => errors.push(message) },
      },
    };
    const collection = { slug: "favorites" };
    await tellZeropoll({ collection, doc: favorite, operation: "create", previousDoc: {}, req });
    await tellZeropoll({ collection: { slug: "users" }, doc: { id: "u1", ...ada }, req });
    await world.cloud.advance("2h");
    const mails = world.cloud.mail.mails();
    assert.deepEqual(mails.map(({ subject }) => subject).sort(), [
      "Ben saved “Loft at the canal”",
      "Your account was deleted",
    ]);
    assert.deepEqual(found, [["favorites", "f1", 2]]);
    assert.deepEqual(errors, []);
  });

  engine.test("the README's SQL sends what the row of a favorite lacks", async () => {
    await using world = await createRowWorld(engine.database(), engine.url());
    const body = await sentBySql(engine.database(), codeOf("sql"));
    const { headers } = supabaseRequest({ collection: "favorites", row: {} });
    assert.equal(body.headers.Authorization, "Bearer your-secret");
    assert.equal(headers.Authorization, `Bearer ${SUPABASE_SECRET}`);
    const answer = await post(world, "supabase", { headers, body: JSON.stringify(body.body) });
    assert.deepEqual(answer.body.told.map(({ event }: { event: string }) => event), [
      "listing.favorited",
    ]);
    await world.cloud.advance("2h");
    const [mail] = world.cloud.mail.mails();
    assert.deepEqual(mail.to, [ada.email]);
    assert.equal(mail.subject, "Somebody saved “Loft at the canal”");
  });
}

/** Inserts a favorite under the trigger, with Supabase's extension replaced by a table. */
async function sentBySql(database: ReturnType<Engine["database"]>, code: string) {
  const rollBack = new Error("seen");
  let sent: { headers: Record<string, string>; body: unknown } | undefined;
  const seen = database.transaction(async (sql) => {
    await sql.query(`
      CREATE SCHEMA net;
      CREATE TABLE net.sent (headers jsonb, body jsonb);
      CREATE FUNCTION net.http_post(url text, body jsonb, headers jsonb) RETURNS bigint LANGUAGE sql
        AS 'INSERT INTO net.sent VALUES (headers, body) RETURNING 1::bigint';
      CREATE SCHEMA site;
      SET LOCAL search_path TO site;
      CREATE TABLE users (id int, email text, name text);
      CREATE TABLE listings (id int, title text, owner_id int);
      CREATE TABLE favorites (id int, listing_id int, user_id int);
      INSERT INTO users VALUES (3, '${ada.email}', '${ada.name}');
      INSERT INTO listings VALUES (42, 'Loft at the canal', 3);
    `);
    await sql.query(code);
    await sql.query("INSERT INTO favorites VALUES (8, 42, 4)");
    [sent] = await sql.query<NonNullable<typeof sent>>("SELECT * FROM net.sent");
    throw rollBack;
  });
  await assert.rejects(seen, rollBack);
  return sent!;
}
type Engine = ReturnType<typeof postgresEngines>[number];

/** The code as a module of its own. */
async function moduleOf(code: string) {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, code);
    const { href } = new URL(`file://${path}`);
    return await import(href);
  } finally {
    await Deno.remove(path);
  }
}

/** These settings until it is disposed of. */
function withEnvironment(settings: Record<string, string>): Disposable {
  for (const [name, value] of Object.entries(settings)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(settings)) Deno.env.delete(name);
    },
  };
}
