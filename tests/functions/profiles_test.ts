/**
 * Activities in, profiles out: stored once, made when their day is over, cached and never stale.
 *
 * @module
 */
import assert from "node:assert/strict";
import { profileOf } from "../../functions/profiles/profile/profile_cache.ts";
import type { Sql } from "../../shared/mod.ts";
import { startGate } from "../support/gate.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import {
  createProfilesWorld,
  DAY,
  keys,
  people,
  type ProfilesOptions,
  type ProfilesWorld,
} from "./profiles_world.ts";

const song = { user: "ann", domain: "music", item: "song-1" };

for (const engine of postgresEngines()) {
  const test = (
    name: string,
    fn: (world: ProfilesWorld) => Promise<void>,
    options: ProfilesOptions = {},
  ) =>
    engine.test(name, async () => {
      await using world = await createProfilesWorld(engine, options);
      await fn(world);
    });

  test("an activity is stored once for its user and id; without an id each is new", async (world) => {
    const named = { ...song, id: "play-1", minutes: 3, tags: [" Pop ", "pop"] };
    assert.deepEqual(await world.act(named, named, { ...named, user: "bob" }, song, song), {
      activities: 5,
      stored: 4,
    });
    assert.deepEqual(await world.act(named, { ...named, minutes: 90 }), {
      activities: 2,
      stored: 0,
    });
    assert.deepEqual(
      await world.rows(
        `SELECT user_id, minutes, to_jsonb(tags) AS tags, at::text FROM profile_activities WHERE id = 'play-1'
         ORDER BY user_id`,
      ),
      ["ann", "bob"].map((user_id) => ({
        user_id,
        minutes: 3,
        tags: ["pop", "pop"],
        at: "2026-11-21 10:00:00+00",
      })),
    );
  });

  test("a profile says what somebody does, how they sound, and what that rests on", async (world) => {
    await world.say("ann", "I love it");
    await world.say("bob", "good");
    await world.act(
      { ...song, id: "a", minutes: 30, tags: ["jazz", "pop"] },
      { ...song, id: "b", item: "song-2", minutes: 10, tags: ["pop"], at: "2026-11-20T09:00:00Z" },
      { ...song, id: "c", domain: "games", minutes: 60 },
      { ...song, id: "d", user: "bob" },
    );
    assert.equal((await world.call("GET", "/api/profiles/me", "ann")).status, 404);
    await world.cloud.advance("13h50m");
    assert.equal((await world.call("GET", "/api/profiles/me", "ann")).status, 404, "until 0:10");
    await world.cloud.advance("25m");
    const { status, body } = await world.call("GET", "/api/profiles/me", "ann");
    assert.equal(status, 200);
    const computedAt = body.updatedAt;
    assert.match(computedAt, /^2026-11-22T00:10:/);
    const music = { source: "activities", from: ["a", "b"], of: 2, computedAt };
    assert.deepEqual(body, {
      user: "ann",
      scores: {
        "music.minutes": { value: 40, ...music },
        "music.share": { value: 0.4, ...music },
        "music.tags": {
          value: [{ tag: "pop", share: 1 }, { tag: "jazz", share: 0.75 }],
          ...music,
        },
        "games.minutes": { value: 60, ...music, from: ["c"], of: 1 },
        "games.share": { value: 0.6, ...music, from: ["c"], of: 1 },
        mood: {
          value: 0.6,
          source: "sentiment by lexicon",
          from: ["2026-11-21T10:00:00.000Z"],
          of: 1,
          computedAt,
        },
      },
      updatedAt: computedAt,
    });
    assert.deepEqual((await world.call("GET", "/api/profiles/ann", "backend")).body, body);
  });

  test("a profile costs 3 commands and a message to make, and 1 to read; 2 where it is not cached", async (world) => {
    await world.act(song);
    world.bill();
    await world.run("profile.update", { user: "ann" });
    // Reading the job's result is one of them.
    assert.deepEqual(world.bill(), { commands: 3 + 1, messages: 1 });
    await world.call("GET", "/api/profiles/me", "ann");
    assert.deepEqual(world.bill(), { commands: 1, messages: 0 });
    await world.deps.redis.run(["DEL", keys.profile("ann")]);
    world.bill();
    await world.call("GET", "/api/profiles/ann", "backend");
    assert.deepEqual(world.bill(), { commands: 2, messages: 0 });
    await world.call("GET", "/api/profiles/ann", "backend");
    assert.deepEqual(world.bill(), { commands: 1, messages: 0 });
  });

  test("activities cost nothing after the first of a day, whatever they are", async (world) => {
    world.bill();
    await world.act(song);
    assert.deepEqual(world.bill(), { commands: 2, messages: 0 }, "the day is armed");
    await world.act(...people(100).map((user) => ({ ...song, user })));
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  });

  test(
    "a day with too few active users ends at once; enough are made profiles of",
    async (world) => {
      await world.act(...people(9).map((user) => ({ ...song, user })));
      world.bill();
      await world.cloud.advance("15h");
      assert.deepEqual(world.bill(), { commands: 2, messages: 1 }, "profile.refresh alone");
      assert.deepEqual(await world.rows("SELECT FROM profiles"), []);
      assert.deepEqual(await world.run("profile.refresh", { day: DAY }), {
        skipped: "fewer than 10 active users",
        users: 9,
      });
      await world.act(...people(10).map((user) => ({ ...song, user })));
      world.bill();
      await world.cloud.advance("24h");
      assert.equal((await world.rows("SELECT FROM profiles")).length, 10);
      assert.deepEqual(world.bill(), { commands: 3 + 10 * 3, messages: 11 });
    },
    { environment: { LEAST_ACTIVE_USERS: "10" } },
  );

  test("a virtual week without traffic has no command and no message", async (world) => {
    await world.act(song, { ...song, user: "bob" });
    await world.say("ann", "good");
    await world.say("bob", "good");
    await world.cloud.advance("48h");
    world.bill();
    await world.cloud.advance("168h");
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  });

  test("a replayed day changes nothing, and an earlier one takes nothing back", async (world) => {
    await world.act({ ...song, id: "a" }, { ...song, id: "b", user: "bob" });
    await world.cloud.advance("15h");
    await world.act({ ...song, id: "c" }, { ...song, id: "d", user: "bob" });
    await world.cloud.advance("24h");
    const before = await world.rows("SELECT * FROM profiles ORDER BY user_id");
    const { body } = await world.call("GET", "/api/profiles/ann", "backend");
    assert.equal(body.scores["music.minutes"].of, 2);
    world.cloud.qstash.faults.add({ kind: "duplicate", times: 5 });
    for (const day of [DAY, "2026-11-22"]) {
      await world.run("profile.refresh", { day });
      await world.cloud.advance("10m");
    }
    assert.deepEqual(await world.rows("SELECT * FROM profiles ORDER BY user_id"), before);
    assert.deepEqual((await world.call("GET", "/api/profiles/ann", "backend")).body, body);
  });

  test("what was done more than 30 days ago is in no profile, and is swept after 90", async (world) => {
    await world.act({ ...song, id: "old", minutes: 5 });
    await world.cloud.advance("696h");
    await world.act({ ...song, id: "new", minutes: 7 }, { ...song, id: "b", user: "bob" });
    await world.cloud.advance("15h");
    const minutes = async () =>
      (await world.call("GET", "/api/profiles/ann", "backend")).body.scores["music.minutes"];
    assert.equal((await minutes()).value, 12);
    await world.cloud.advance("24h");
    await world.run("profile.update", { user: "ann" });
    assert.equal((await minutes()).value, 7);
    await world.cloud.advance("1440h");
    await world.act({ ...song, user: "cleo" });
    assert.deepEqual(await world.rows("SELECT id FROM profile_activities WHERE id = 'old'"), []);
    await world.run("profile.update", { user: "ann" });
    const { body } = await world.call("GET", "/api/profiles/ann", "backend");
    assert.deepEqual(body.scores, {}, "nothing is known any more");
  });

  test("jobs answer with the result of each user, for 24 hours", async (world) => {
    await world.act({ ...song, minutes: 4 });
    const { body } = await world.call("POST", "/api/jobs/profile.update", "backend", {
      input: { user: "ann" },
    });
    await world.cloud.settle();
    const { body: state } = await world.call("GET", `/api/jobs/${body.id}`, "backend");
    assert.equal(state.state, "succeeded");
    assert.deepEqual(state.result.scores, ["music.minutes", "music.share"]);
    const ttl = await world.deps.redis.run(["TTL", keys.jobOutcome(body.id)]);
    assert.equal(ttl, 86_400);
  });
}

const [engine] = postgresEngines();

engine.test("with Redis away profiles come from Postgres; with Postgres away from the cache", async () => {
  await using gate = startGate(engine.url());
  await using world = await createProfilesWorld(engine, { url: gate.url });
  await world.act(song);
  await world.run("profile.update", { user: "ann" });
  const undo = world.cloud.redis.faults.add({ kind: "refuse", times: 1_000 });
  assert.equal((await world.call("GET", "/api/profiles/ann", "backend")).status, 200);
  undo();
  await world.cloud.advance("1m");
  gate.shut();
  assert.equal((await world.call("GET", "/api/profiles/ann", "backend")).status, 200);
  assert.equal((await world.call("GET", "/api/profiles/bob", "backend")).status, 503);
  assert.equal(
    (await world.call("POST", "/api/activity", "backend", { activities: [song] })).status,
    503,
  );
});

engine.test("with QStash away a day's first activity is refused, and none is stored", async () => {
  await using world = await createProfilesWorld(engine);
  const undo = world.cloud.qstash.faults.add({ kind: "publishRefused", times: 10 });
  const send = () => world.call("POST", "/api/activity", "backend", { activities: [song] });
  assert.equal((await send()).status, 503);
  assert.deepEqual(await world.rows("SELECT FROM profile_activities"), []);
  undo();
  assert.equal((await send()).status, 200);
});

engine.test("a reader whom an update overtakes does not put the old profile over the new one", async () => {
  await using world = await createProfilesWorld(engine);
  await world.act({ ...song, minutes: 1 });
  await world.run("profile.update", { user: "ann" });
  await world.deps.redis.run(["DEL", keys.profile("ann")]);
  /** Postgres, but between what is read and what is done with it a profile is updated. */
  const overtaken: Sql = {
    ...world.sql,
    query: async (text, params) => {
      const rows = await world.sql.query(text, params);
      await world.act({ ...song, minutes: 5 });
      await world.run("profile.update", { user: "ann" });
      return rows as never;
    },
  };
  const old = await profileOf({ ...world.deps, sql: () => overtaken }, "ann");
  assert.equal(old?.scores["music.minutes"].value, 1);
  const { body } = await world.call("GET", "/api/profiles/ann", "backend");
  assert.equal(body.scores["music.minutes"].value, 6);
});

const refused: { name: string; activity: unknown; path: string }[] = [
  { name: "a domain that there is not", activity: { ...song, domain: "food" }, path: "domain" },
  { name: "no user", activity: { ...song, user: "" }, path: "user" },
  { name: "a NUL", activity: { ...song, item: "a\0" }, path: "item" },
  { name: "half a character", activity: { ...song, user: "\ud800" }, path: "user" },
  { name: "negative minutes", activity: { ...song, minutes: -1 }, path: "minutes" },
  { name: "more than a day", activity: { ...song, minutes: 1_441 }, path: "minutes" },
  { name: "a tag of blanks", activity: { ...song, tags: ["  "] }, path: "tags[0]" },
  { name: "an old time", activity: { ...song, at: "2026-10-20T00:00:00Z" }, path: "at" },
  { name: "a time ahead", activity: { ...song, at: "2026-11-21T10:06:00Z" }, path: "at" },
];
for (const { name, activity, path } of refused) {
  engine.test(`an activity with ${name} is refused, and with it the whole request`, async () => {
    await using world = await createProfilesWorld(engine);
    const { status, body } = await world.call("POST", "/api/activity", "backend", {
      activities: [song, activity],
    });
    assert.equal(status, 422);
    assert.equal(body.fields[0].path, `activities[1].${path}`);
    assert.deepEqual(await world.rows("SELECT FROM profile_activities"), []);
  });
}

const callers: { method: string; path: string; as?: string; code: string }[] = [
  { method: "POST", path: "/api/activity", code: "token_missing" },
  { method: "POST", path: "/api/activity", as: "ann", code: "token_invalid" },
  { method: "GET", path: "/api/profiles/ann", as: "ann", code: "token_invalid" },
  { method: "GET", path: "/api/profiles/me", code: "token_missing" },
  { method: "GET", path: "/api/profiles/me", as: "backend", code: "token_invalid" },
];
for (const { method, path, as, code } of callers) {
  engine.test(`${method} ${path} as ${as ?? "nobody"} is ${code}`, async () => {
    await using world = await createProfilesWorld(engine);
    const { status, body } = await world.call(method, path, as, method === "POST" ? {} : undefined);
    assert.deepEqual([status, body.code], [401, code]);
  });
}
