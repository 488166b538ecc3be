/**
 * What keeps dead letters, held to one suite: Redis, and both Postgres.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { VirtualClock } from "../../dev/clock.ts";
import { createUpstashRedis } from "../../shared/adapters/upstash_redis.ts";
import {
  createKeys,
  createPostgresDeadLetters,
  createRedisDeadLetters,
  type DeadLetter,
  type DeadLetters,
} from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";

const DAY_MS = 86_400_000;

interface Keeper {
  name: string;
  ignore?: boolean;
  /** Runs `check` on an empty store. */
  open(check: (letters: DeadLetters, clock: VirtualClock) => Promise<void>): Promise<void>;
}

const keepers: Keeper[] = [
  {
    name: "Redis",
    async open(check) {
      await using cloud = await createCloud({ app: () => ({ fetch: () => new Response() }) });
      const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = cloud.environment;
      const redis = createUpstashRedis({ url, token, clock: cloud.clock });
      const clock = cloud.clock as VirtualClock;
      await check(createRedisDeadLetters(redis, createKeys("letters"), clock), clock);
    },
  },
  ...postgresEngines().map((engine): Keeper => ({
    name: engine.name,
    ignore: engine.ignore,
    async open(check) {
      const database = engine.database();
      await database.query("DELETE FROM dead_letters");
      const clock = new VirtualClock();
      await check(createPostgresDeadLetters(database, clock), clock);
    },
  })),
];

function letter(clock: VirtualClock, change: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: "a".repeat(26),
    job: "work.do",
    generation: 0,
    attempts: 4,
    error: { message: `it's "no"\n✗`, status: 500 },
    envelope: JSON.stringify({ version: 1, input: { text: "\u0000 and ✓" } }),
    failedAt: clock.now(),
    ...change,
  };
}

for (const { name, ignore = false, open } of keepers) {
  const test = (what: string, check: Parameters<Keeper["open"]>[0]) =>
    Deno.test({ name: `${name}: ${what}`, ignore, fn: () => open(check) });

  test("a letter comes back as it was kept", async (letters, clock) => {
    const kept = letter(clock);
    await letters.save(kept);
    assert.deepEqual(await letters.get(kept.id), kept);
    const other = letter(clock, { id: "b".repeat(26), error: { message: "" } });
    await letters.save(other);
    assert.deepEqual(await letters.get(other.id), other);
    assert.equal(await letters.get("nobody"), undefined);
  });

  test("a letter saved again is one letter, as it was saved last", async (letters, clock) => {
    await letters.save(letter(clock));
    const later = letter(clock, { generation: 1, attempts: 1, failedAt: clock.now() + 5 });
    await letters.save(later);
    await letters.save(later);
    assert.deepEqual((await letters.list()).letters, [later]);
  });

  test("letters are listed newest first, page by page", async (letters, clock) => {
    const kept = Array.from(
      { length: 7 },
      (_, index) =>
        letter(clock, { id: `letter${index}`, failedAt: clock.now() + Math.floor(index / 2) }),
    );
    for (const one of kept) await letters.save(one);
    const listed: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 4; page++) {
      const answer = await letters.list({ cursor, limit: 3 });
      listed.push(...answer.letters.map(({ id }) => id));
      cursor = answer.cursor;
      if (cursor === undefined) break;
    }
    assert.deepEqual(listed, kept.map(({ id }) => id).toReversed());
    assert.equal(cursor, undefined);
  });

  test("a letter that was removed is gone, and may be removed again", async (letters, clock) => {
    await letters.save(letter(clock));
    await letters.remove("a".repeat(26));
    await letters.remove("a".repeat(26));
    assert.equal(await letters.get("a".repeat(26)), undefined);
    assert.deepEqual(await letters.list(), { letters: [] });
  });

  test("a letter is forgotten 30 days after its failure", async (letters, clock) => {
    await letters.save(letter(clock, { id: "old" }));
    await clock.advance(29 * DAY_MS);
    assert.ok(await letters.get("old"));
    await letters.save(letter(clock, { id: "young" }));
    await clock.advance(DAY_MS + 1_000);
    assert.equal(await letters.get("old"), undefined);
    assert.deepEqual((await letters.list()).letters.map(({ id }) => id), ["young"]);
    await letters.save(letter(clock, { id: "new" }));
    assert.deepEqual((await letters.list()).letters.map(({ id }) => id), ["new", "young"]);
  });

  test("a message that holds a NUL is kept", async (letters, clock) => {
    await letters.save(letter(clock, { error: { message: "before\0after" } }));
    const [{ error }] = (await letters.list()).letters;
    assert.match(error.message, /^before.after$/s);
  });
}

for (const engine of postgresEngines()) {
  Deno.test({
    name: `${engine.name}: a save sweeps what is too old, and a foreign cursor is refused`,
    ignore: engine.ignore,
    fn: async () => {
      const database = engine.database();
      await database.query("DELETE FROM dead_letters");
      const clock = new VirtualClock();
      const letters = createPostgresDeadLetters(database, clock);
      await letters.save(letter(clock, { id: "old" }));
      await clock.advance(31 * DAY_MS);
      await letters.save(letter(clock, { id: "new" }));
      assert.deepEqual(await database.query("SELECT id FROM dead_letters"), [{ id: "new" }]);
      await assert.rejects(letters.list({ cursor: "50" }), { code: "body_invalid" });
    },
  });
}
