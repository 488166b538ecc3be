import assert from "node:assert/strict";
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps, type Deps } from "../../functions/deps.ts";
import { type LogFields, readConfig } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { userToken } from "./limits_world.ts";

const [engine] = postgresEngines();

const AUTH_SECRET = "users-of-the-tests-0123456789";
const ADA = "ada@example.com";
// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = { status: number; body: any };

interface World extends AsyncDisposable {
  cloud: Cloud;
  deps: Deps;
  lines: unknown[];
  call(method: string, path: string, token: string, body?: unknown): Promise<Answer>;
  /** Everything that is kept in tables and in Redis, as text. */
  kept(): Promise<string>;
}

async function open(environment: Record<string, string> = {}): Promise<World> {
  let deps: Deps | undefined;
  const lines: unknown[] = [];
  const line = (event: string, fields?: LogFields) => void lines.push({ event, ...fields });
  await engine.database().query(
    `TRUNCATE chat_conversations, chat_messages, chat_replies, profile_activities, profile_items,
       profile_sentiments, profile_summaries, profiles, feed_favorites, feed_audit_words,
       notifications, mail_events, mail_suppressions, notification_windows, notification_items,
       dead_letters, effects`,
  );
  const cloud = await createCloud({
    environment: {
      DATABASE_URL: engine.url(),
      AUTH_SECRET,
      SERVICE_TOKENS: "dev-service-token,people-token-0123456=people",
      OPERATOR_TOKENS: "administers-0123456=administer,operates-01234567=operate",
      ...environment,
    },
    app: (settings) => {
      deps = createDeps(readConfig(settings), { log: { info: line, warn: line, error: line } });
      return createApp(deps);
    },
  });
  return {
    cloud,
    deps: deps!,
    lines,
    async call(method, path, token, body) {
      const response = await cloud.fetch(path, {
        method,
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
    async kept() {
      const { database } = deps!;
      const tables = await database!.query<{ table_name: string }>(
        `SELECT table_name FROM information_schema.tables
         WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`,
      );
      const rows = await Promise.all(
        tables.map(({ table_name }) => database!.query(`SELECT * FROM ${table_name}`)),
      );
      const redis = async (...command: unknown[]) => {
        const response = await fetch(cloud.environment.UPSTASH_REDIS_REST_URL, {
          method: "POST",
          headers: { authorization: `Bearer ${cloud.redis.token}` },
          body: JSON.stringify(command),
        });
        return (await response.json()).result;
      };
      const found: unknown[] = [];
      for (const key of await redis("KEYS", "*")) {
        found.push([key, await redis("GET", key), await redis("LRANGE", key, 0, -1)]);
      }
      return JSON.stringify([rows, found]);
    },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
    },
  };
}

const SERVICE = "dev-service-token";
const PEOPLE = "people-token-0123456";

/** Somebody who does everything that leaves something behind; and somebody else, who does as much. */
async function live(world: World, user: string, email: string): Promise<void> {
  const { call, cloud } = world;
  const token = await userToken(user);
  const said = await call("POST", `/api/chat/conversations/talk-of-${user}/messages`, token, {
    text: `${user} wonders about sourdough`,
  });
  assert.ok(said.status < 300, JSON.stringify(said.body));
  await call("GET", "/api/chat/search?q=sourdough", token);
  const activity = { user, domain: "music", item: `song-of-${user}`, minutes: 3 };
  assert.equal(
    (await call("POST", "/api/activity", SERVICE, { activities: [activity] })).status,
    200,
  );
  const favorite = { kind: "locations", id: "42", user };
  const saved = await call("POST", "/api/metrics/favorites", SERVICE, favorite);
  assert.ok(saved.status < 300, JSON.stringify(saved.body));
  const tell = (event: string, data: unknown, more = {}) =>
    call("POST", "/api/notifications", SERVICE, { event, to: { email }, data, ...more });
  await tell("user.reset.start", { url: `https://market.example/reset/${user}-4f7c2a` });
  await cloud.advance("2m");
  await tell("message.new", { from: "Ben", text: `to ${user}`, url: "https://market.example/m" });
  await tell("listing.approved", { title: "Loft", url: "https://market.example/l" }, {
    delayMs: 3 * 86_400_000,
  });
  // A job that fails, with their address in it.
  const failing = { input: { message: email, failForGood: true } };
  await call("POST", "/api/jobs/debug.echo", SERVICE, failing);
  await cloud.advance("1m");
}

Deno.test("a person's data is shown, then erased; somebody else's stays", async () => {
  await using world = await open();
  await live(world, "user-ada", ADA);
  await live(world, "user-ben", "ben@example.com");

  const shown = await world.call("GET", `/api/people/user-ada?address=${ADA}`, PEOPLE);
  assert.equal(shown.status, 200, JSON.stringify(shown.body));
  const { data } = shown.body;
  assert.match(JSON.stringify(data.chat.conversations), /user-ada wonders about sourdough/);
  assert.deepEqual(data.chat.searches, ["sourdough"]);
  assert.equal(data.profiles.activities[0].item, "song-of-user-ada");
  assert.deepEqual(data.notifications.told.map(({ event }: { event: string }) => event), [
    "user.reset.start",
  ]);
  assert.match(JSON.stringify(data.notifications.waiting), /to user-ada/);
  assert.equal(data.jobs.letters.length, 1);
  assert.doesNotMatch(JSON.stringify(shown.body), /user-ben|ben@example/);

  const before = world.cloud.mail.mails().length;
  const erased = await world.call("DELETE", "/api/people/user-ada", PEOPLE, { addresses: [ADA] });
  assert.equal(erased.status, 202, JSON.stringify(erased.body));
  assert.equal(erased.body.job, "people.erase");
  await world.cloud.advance("1m");
  const job = await world.call("GET", `/api/jobs/${erased.body.id}`, SERVICE);
  assert.equal(job.body.state, "succeeded", JSON.stringify(job.body));
  const { result } = job.body;
  assert.equal(result.isWhole, true);
  // The delayed mail, and the one of the window.
  assert.equal(result.erased.waiting.cancelled, 2);
  assert.equal(result.erased.letters.stripped, 1);
  assert.equal(result.erased.chat.conversations, 1);
  assert.equal(result.erased.profiles.profile_activities, 1);

  const kept = await world.kept();
  for (const trace of ["user-ada wonders", "song-of-user-ada", ADA, "to user-ada"]) {
    assert.equal(kept.includes(trace), false, `${trace} is kept`);
  }
  assert.match(kept, /user-ben wonders/);
  assert.match(kept, /song-of-user-ben/);

  const left = await world.call("GET", `/api/people/user-ada?address=${ADA}`, PEOPLE);
  assert.deepEqual(left.body.data.chat, { conversations: [], searches: [] });
  assert.deepEqual(left.body.data.notifications.told, []);
  assert.equal(left.body.data.jobs.letters.length, 0);

  await world.cloud.advance("4d");
  const mails = world.cloud.mail.mails().slice(before);
  assert.deepEqual(new Set(mails.map(({ to }) => String(to))), new Set(["ben@example.com"]));
});

Deno.test("what stays is listed, with the moment at which it is gone", async () => {
  await using world = await open();
  const { body } = await world.call("DELETE", "/api/people/user-ada", PEOPLE);
  await world.cloud.settle();
  const { result } = (await world.call("GET", `/api/jobs/${body.id}`, SERVICE)).body;
  const all = Object.values(result.remains).flat() as { what: string; until?: string }[];
  for (
    const what of [/QStash's log/, /the provider/, /key of their day/, /suppressions/, /limits/]
  ) {
    assert.ok(all.some((one) => what.test(one.what)), String(what));
  }
  const endless = all.filter(({ until }) => until === undefined).map(({ what }) => what);
  assert.deepEqual(endless.map((what) => /^(suppressions|mails that were sent)/.test(what)), [
    true,
    true,
  ]);
  for (const { until } of all) if (until) assert.ok(Date.parse(until) > Date.now(), until);
});

Deno.test("suppressions stay after an erasure, and hold mail back", async () => {
  await using world = await open();
  world.cloud.mail.faults.add({ kind: "address" });
  const tell = () =>
    world.call("POST", "/api/notifications", SERVICE, {
      event: "user.reset.confirmed",
      to: { email: ADA },
      data: { at: "2026-11-21T18:42:00Z", url: "https://market.example/reset" },
    });
  await tell();
  await world.cloud.advance("1m");
  await world.call("DELETE", `/api/people/user-ada?address=${ADA}`, PEOPLE);
  await world.cloud.advance("1m");
  const answer = await world.call("GET", `/api/suppressions?email=${ADA}`, SERVICE);
  assert.equal(answer.body.suppressions.length, 1);
  const { body } = await tell();
  await world.cloud.advance("1m");
  assert.equal(
    (await world.call("GET", `/api/notifications/${body.id}`, SERVICE)).body.outcome,
    "suppressed",
  );
});

Deno.test("an erasure may be repeated, and its message does not say whom it is about", async () => {
  await using world = await open();
  await live(world, "user-ada", ADA);
  const sent = world.cloud.qstash.logs().length;
  const ids = [];
  for (const _ of [1, 2]) {
    const { body } = await world.call("DELETE", "/api/people/user-ada", PEOPLE, {
      addresses: [ADA.toUpperCase()],
    });
    ids.push(body.id);
    await world.cloud.advance("1m");
  }
  assert.notEqual(ids[0], ids[1]);
  for (const id of ids) {
    assert.equal((await world.call("GET", `/api/jobs/${id}`, SERVICE)).body.state, "succeeded");
  }
  const bodies = world.cloud.qstash.logs().slice(0, -sent)
    .filter(({ url }) => String(url).endsWith("people.erase"))
    .map(({ body }) => atob(String(body)));
  assert.ok(bodies.length > 0);
  for (const body of bodies) assert.doesNotMatch(body, /user-ada|ada@example/i);
  assert.doesNotMatch(JSON.stringify(world.lines), /ada@example/i);
});

Deno.test("a person whose id is a word of ours is erased as well", async () => {
  await using world = await open();
  for (const user of ["chat", "step", "part"]) {
    const { body } = await world.call("DELETE", `/api/people/${user}`, PEOPLE);
    await world.cloud.settle();
    assert.equal(
      (await world.call("GET", `/api/jobs/${body.id}`, SERVICE)).body.state,
      "succeeded",
    );
  }
});

Deno.test("people take a service token that names the scope, or an operator who administers", async () => {
  await using world = await open();
  const path = "/api/people/user-ada";
  for (const method of ["GET", "DELETE"]) {
    const ok = method === "GET" ? 200 : 202;
    assert.equal((await world.call(method, path, PEOPLE)).status, ok);
    assert.equal((await world.call(method, path, "administers-0123456")).status, ok);
    assert.equal((await world.call(method, path, "operates-01234567")).status, 403);
    assert.equal((await world.call(method, path, SERVICE)).status, 403);
    assert.equal((await world.call(method, path, await userToken("user-ada"))).status, 401);
  }
});

for (
  const [what, path, field] of [
    ["an address that is none", "/api/people/a?address=ada", "address[0]"],
    ["a NUL in the user", "/api/people/a%00b", "user"],
    ["21 addresses", `/api/people/a?${"address=a@b.c&".repeat(21)}`, "address"],
  ]
) {
  Deno.test(`${what} is refused, by its field`, async () => {
    await using world = await open();
    for (const method of ["GET", "DELETE"]) {
      const { status, body } = await world.call(method, path, PEOPLE);
      assert.equal(status, 422, JSON.stringify(body));
      assert.equal(body.fields[0].path, field);
    }
  });
}
