/**
 * How people sound: scored hour by hour, once, and only where enough of them write.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dedupedJobId } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createProfilesWorld, DAY, people, type ProfilesWorld } from "./profiles_world.ts";

const SLOT = `${DAY}T10:00:00.000Z`;

async function sentiments({ rows }: ProfilesWorld) {
  const found = await rows(
    `SELECT user_id || ' ' || to_char(slot AT TIME ZONE 'UTC', 'HH24:MI') || ' ' || messages
       || ' ' || coalesce(score::text, 'null') || ' ' || source AS line
     FROM profile_sentiments ORDER BY slot, user_id`,
  );
  return found.map(({ line }) => line);
}

const summaries = ({ rows }: ProfilesWorld) =>
  rows(`SELECT day::text, users, messages, mean_score, detail FROM profile_summaries ORDER BY day`);

for (const engine of postgresEngines()) {
  const test = (
    name: string,
    fn: (world: ProfilesWorld) => Promise<void>,
    environment?: Record<string, string>,
  ) =>
    engine.test(name, async () => {
      await using world = await createProfilesWorld(engine, { environment });
      await fn(world);
    });

  test("an hour in which people write is scored after its end, with a summary of its day", async (world) => {
    await world.say("ann", "I love this, it is great!");
    await world.say("bob", "This is awful. I hate it.");
    await world.say("cleo", "the train leaves at nine");
    await world.cloud.advance("59m");
    assert.deepEqual(await sentiments(world), []);
    await world.cloud.advance("5m");
    assert.deepEqual(await sentiments(world), [
      "ann 10:00 1 0.6 lexicon",
      "bob 10:00 1 -0.6 lexicon",
      "cleo 10:00 1 null lexicon",
    ]);
    assert.deepEqual(await summaries(world), [{
      day: DAY,
      users: 3,
      messages: 3,
      mean_score: 0,
      detail: { positive: 1, neutral: 0, negative: 1, unknown: 1, sources: { lexicon: 3 } },
    }]);
  });

  test("an hour costs by the people who wrote in it: 4 commands and a message each, and 7 and 2 for all", async (world) => {
    const users = people(20);
    for (const user of users) await world.say(user, "good");
    world.bill();
    await world.cloud.advance("2h");
    assert.equal((await sentiments(world)).length, 20);
    // sentiment.all: a job of 2 and a step; the group: TTL and mark; the summary: a job of 2.
    assert.deepEqual(world.bill(), { commands: 20 * 4 + 7, messages: 20 + 2 });
    await world.cloud.advance("24h");
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 }, "nobody wrote since");
  });

  test(
    "with fewer than LEAST_ACTIVE_USERS nothing is scored, and the next hour makes it good",
    async (world) => {
      for (const user of people(9)) await world.say(user, "good");
      world.bill();
      await world.cloud.advance("63m");
      const id = await dedupedJobId(
        "sentiment.all",
        `schedule:sentiment.hourly:${Date.parse(SLOT)}`,
      );
      const { result } = await world.deps.jobs.state(id);
      assert.deepEqual(result, { skipped: "fewer than 10 active users", users: 9 });
      assert.deepEqual(await sentiments(world), []);
      for (const user of people(10)) await world.say(user, "bad");
      await world.cloud.advance("2h");
      const scored = await sentiments(world);
      assert.equal(scored.length, 10);
      assert.equal(scored[0], "user-0000 11:00 2 0 lexicon");
      assert.equal(scored[9], "user-0009 11:00 1 -0.6 lexicon");
    },
    { LEAST_ACTIVE_USERS: "10" },
  );

  test("who has said nothing since the last score is not scored again", async (world) => {
    for (const user of people(3)) await world.say(user, "good");
    await world.cloud.advance("2h");
    await world.say("user-0000", "bad");
    await world.say("user-0001", "bad");
    await world.cloud.advance("2h");
    assert.deepEqual((await sentiments(world)).slice(3), [
      "user-0000 12:00 2 0 lexicon",
      "user-0001 12:00 2 0 lexicon",
    ]);
    const [{ users, messages }] = await summaries(world);
    assert.deepEqual([users, messages], [3, 5], "the last score of each");
  });

  test("a replayed slot changes nothing, whatever was written or deleted since", async (world) => {
    for (const user of people(5)) await world.say(user, "good");
    await world.cloud.advance("2h");
    const before = await world.rows("SELECT * FROM profile_sentiments ORDER BY user_id");
    const summary = await world.rows("SELECT * FROM profile_summaries");
    await world.sql.query("UPDATE chat_messages SET text = 'bad' WHERE user_id < 'user-0002'");
    assert.deepEqual(await world.run("sentiment.all", { slot: SLOT }), { users: 5, part: 0 });
    await world.cloud.advance("1h");
    assert.deepEqual(
      await world.run("sentiment.batch", { user: "user-0000", slot: SLOT }),
      { messages: 1, score: 0.6, source: "lexicon" },
    );
    assert.deepEqual(
      await world.rows("SELECT * FROM profile_sentiments ORDER BY user_id"),
      before,
    );
    assert.deepEqual(await world.rows("SELECT * FROM profile_summaries"), summary);
  });

  test("deliveries that come twice score and sum up once", async (world) => {
    for (const user of people(6)) await world.say(user, "good");
    world.cloud.qstash.faults.add({ kind: "duplicate", times: 20 });
    await world.cloud.advance("2h");
    assert.equal((await sentiments(world)).length, 6);
    assert.equal((await summaries(world)).length, 1);
  });

  for (const kind of ["publishReplyLost", "publishRefused"] as const) {
    test(`with ${kind} the fan-out is sent again, and everybody is scored once`, async (world) => {
      for (const user of people(6)) await world.say(user, "good");
      await world.cloud.advance("60m");
      world.cloud.qstash.faults.add({ kind, times: 2 });
      await world.cloud.advance("10h");
      assert.equal((await sentiments(world)).length, 6);
      assert.equal((await summaries(world))[0].users, 6);
      const runs = (job: string) =>
        world.lines.filter((line) => line.event === "job.succeeded" && line.job === job).length;
      assert.equal(runs("sentiment.batch"), 6);
      assert.equal(runs("sentiment.summary"), 1);
    });
  }

  test("only what was written in the last 24 hours counts", async (world) => {
    await world.say("ann", "terrible");
    await world.cloud.advance("23h30m");
    await world.say("ann", "wonderful");
    await world.say("bob", "good");
    await world.cloud.advance("1h");
    assert.deepEqual(await sentiments(world), [
      "ann 09:00 2 0.1 lexicon",
      "bob 09:00 1 0.6 lexicon",
    ]);
    await world.cloud.advance("1h");
    await world.say("ann", "wonderful");
    await world.say("bob", "good");
    await world.cloud.advance("1h");
    assert.equal((await sentiments(world))[2], "ann 11:00 2 0.8 lexicon");
  });

  test("620 users are scored in two parts, each once", async (world) => {
    const at = new Date(world.cloud.clock.now()).toISOString();
    await world.deps.arm(["sentiment.hourly"]);
    await world.sql.query(
      `WITH made AS (
         INSERT INTO chat_conversations (id, user_id, created_at, updated_at)
         SELECT 'user-' || n, 'user-' || n, $1::text::timestamptz, $1::text::timestamptz
         FROM generate_series(1, 620) AS n
       )
       SELECT 1`,
      [at],
    );
    await world.sql.query(
      `INSERT INTO chat_messages (id, conversation, user_id, role, text, created_at)
       SELECT id, id, id, 'user', 'good', $1::text::timestamptz FROM chat_conversations`,
      [at],
    );
    await world.cloud.advance("2h");
    assert.equal((await sentiments(world)).length, 620);
    const [{ users }] = await summaries(world);
    assert.equal(users, 620);
  });
}
