/**
 * `context.transaction`: writes and their row in the ledger, once for each job.
 *
 * The app talks to Postgres over TCP as it would when deployed; only the clock is virtual.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as z from "zod";
import { createCloud } from "../../../dev/cloud.ts";
import { createApp } from "../../../functions/app.ts";
import { createDeps, type Deps } from "../../../functions/deps.ts";
import { applyOnce } from "../../../shared/core/jobs/effects.ts";
import { defineJob, defineRegistry, readConfig, type Sql } from "../../../shared/mod.ts";
import { postgresEngines, type TestPostgres } from "../../support/postgres_engines.ts";
import { silentLog } from "../../support/silent_log.ts";

const Orders = z.object({
  amount: z.int().default(1),
  /** Attempts that throw inside the transaction, after the write. */
  throwsInside: z.int().default(0),
  /** Attempts that throw once it is committed. */
  throwsAfter: z.int().default(0),
  /** Virtual ms that each attempt waits before its transaction. */
  waitsMs: z.array(z.int()).default([]),
  names: z.array(z.string()).optional(),
});

/** A cloud whose job books an amount in the table `bookings`. */
async function createBank(engine: TestPostgres) {
  const sql = engine.database();
  await sql.query(`
    CREATE TABLE IF NOT EXISTS bookings (job text, attempt integer, amount integer);
    DELETE FROM bookings;
    DELETE FROM effects`);
  const results: unknown[] = [];
  const registry = defineRegistry({
    "book.amount": defineJob({
      name: "book.amount",
      input: Orders,
      timeoutMs: 60_000,
      backoff: { first: 1_000 },
      async run(orders, { id, attempt, transaction }) {
        const waitsMs = orders.waitsMs[attempt] ?? 0;
        if (waitsMs > 0) await cloud.clock.sleep(waitsMs);
        const book = async (sql: Sql) => {
          await sql.query("INSERT INTO bookings VALUES ($1, $2, $3)", [id, attempt, orders.amount]);
          if (attempt < orders.throwsInside) throw new Error("told to throw inside");
          return { by: attempt, at: new Date(0) };
        };
        for (const name of orders.names ?? ["main"]) {
          results.push(await transaction(book, orders.names ? { name } : {}));
        }
        if (attempt < orders.throwsAfter) throw new Error("told to throw after it");
        return { attempt };
      },
    }),
  });
  let deps: Deps<typeof registry> | undefined;
  const cloud = await createCloud({
    environment: { DATABASE_URL: engine.url() },
    app: (environment) => {
      deps = createDeps(readConfig(environment), { log: silentLog }, registry);
      return createApp(deps);
    },
  });
  return {
    cloud,
    jobs: deps!.jobs,
    results,
    bookings: () => sql.query("SELECT job, attempt, amount FROM bookings ORDER BY attempt"),
    effects: () => sql.query("SELECT job, name, result FROM effects ORDER BY name"),
    async [Symbol.asyncDispose]() {
      await cloud.close();
      await deps!.database?.close();
    },
  };
}

const stored = (by: number) => ({ by, at: "1970-01-01T00:00:00.000Z" });

for (const engine of postgresEngines()) {
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${engine.name}: ${what}`, ignore: engine.ignore, fn });

  test("a transaction costs no Redis command, and leaves its row with the writes", async () => {
    await using bank = await createBank(engine);
    const { id } = await bank.jobs.enqueue("book.amount", {});
    await bank.cloud.settle();
    assert.deepEqual(await bank.bookings(), [{ job: id, attempt: 0, amount: 1 }]);
    assert.deepEqual(await bank.effects(), [{ job: id, name: "main", result: stored(0) }]);
    assert.equal(bank.cloud.redis.meter.snapshot().commands, 2, "as a job without it");
  });

  test("a retry does not write again, and gets what the first attempt got", async () => {
    await using bank = await createBank(engine);
    const { id } = await bank.jobs.enqueue("book.amount", { throwsAfter: 2 });
    await bank.cloud.advance("10m");
    assert.equal((await bank.jobs.state(id)).state, "succeeded");
    assert.equal((await bank.bookings()).length, 1);
    assert.deepEqual(bank.results, [stored(0), stored(0), stored(0)]);
  });

  test("what throws inside leaves neither a write nor a row", async () => {
    await using bank = await createBank(engine);
    const { id } = await bank.jobs.enqueue("book.amount", { throwsInside: 9 });
    await bank.cloud.advance("1h");
    assert.equal((await bank.jobs.state(id)).state, "failed");
    assert.equal((await bank.jobs.state(id)).error?.message, "told to throw inside");
    assert.deepEqual(await bank.bookings(), []);
    assert.deepEqual(await bank.effects(), []);
    await bank.jobs.replay(id, { input: { amount: 2 } });
    await bank.cloud.settle();
    assert.deepEqual(await bank.bookings(), [{ job: id, attempt: 0, amount: 2 }]);
  });

  test("a late attempt, after one that took over, writes nothing", async () => {
    await using bank = await createBank(engine);
    const { id } = await bank.jobs.enqueue("book.amount", { waitsMs: [600_000] });
    await bank.cloud.advance("1h");
    assert.equal((await bank.jobs.state(id)).state, "succeeded");
    const bookings = await bank.bookings();
    const attempt = Number(bookings[0].attempt);
    assert.ok(attempt > 0, "a later attempt came first");
    assert.deepEqual(bookings, [{ job: id, attempt, amount: 1 }]);
    assert.deepEqual(bank.results, [stored(attempt), stored(attempt)], "the late one is told so");
  });

  test("two names are two transactions", async () => {
    await using bank = await createBank(engine);
    await bank.jobs.enqueue("book.amount", { names: ["debit", "credit"], throwsAfter: 1 });
    await bank.cloud.advance("1h");
    assert.equal((await bank.bookings()).length, 2);
    assert.equal((await bank.effects()).length, 2);
  });

  test("a dedupeId that is used again once its job is forgotten is a new job, and writes", async () => {
    await using bank = await createBank(engine);
    const options = { dedupeId: `weekly of ${engine.name}` };
    await bank.jobs.enqueue("book.amount", {}, options);
    await bank.cloud.advance("1h");
    await bank.jobs.enqueue("book.amount", {}, options);
    await bank.cloud.advance("1h");
    assert.equal((await bank.bookings()).length, 1);
    await bank.cloud.advance("7d");
    await bank.jobs.enqueue("book.amount", { amount: 5 }, options);
    await bank.cloud.advance("1h");
    assert.deepEqual((await bank.bookings()).map(({ amount }) => amount).sort(), [1, 5]);
  });

  test("an effect is remembered for 400 days; then the next ones sweep it, 10 at a time", async () => {
    await using bank = await createBank(engine);
    const day = 86_400_000;
    const sql = engine.database();
    const apply = (job: string, at: number) =>
      applyOnce(sql, { job, name: "main", now: at * day, forgottenBefore: 0 }, () => {
        return Promise.resolve(`on day ${at}`);
      });
    for (let index = 0; index < 12; index++) await apply(`old ${index}`, 1);
    await apply("younger", 2);
    assert.equal(await apply("old 3", 401), "on day 1");
    assert.equal((await bank.effects()).length, 13);
    await apply("next", 401.5);
    const left = async () => (await bank.effects()).map(({ job }) => job).sort();
    assert.equal((await left()).length, 13 + 1 - 10);
    assert.equal(await apply("after it", 401.6), "on day 401.6");
    assert.deepEqual(await left(), ["after it", "next", "younger"]);
    assert.equal(await apply("old 3", 402), "on day 402", "it is forgotten");
  });

  test("effects that are written at once sweep without waiting for one another", async () => {
    await using bank = await createBank(engine);
    const sql = engine.database();
    await sql.query(`
      INSERT INTO effects (job, name, applied_at)
      SELECT 'old ' || n, 'main', '2020-01-01Z' FROM generate_series(1, 60) AS n`);
    await Promise.all(Array.from({ length: 8 }, async (_, index) => {
      const session = engine.database({ scope: "request" }).session();
      const effect = { job: `new ${index}`, name: "main", now: Date.now(), forgottenBefore: 0 };
      await applyOnce(session, effect, () => Promise.resolve());
      await session.close();
    }));
    assert.deepEqual(
      (await bank.effects()).map(({ job }) => job).sort(),
      Array.from({ length: 8 }, (_, index) => `new ${index}`),
    );
  });

  test("of many at the same moment one writes, and all get its result", async () => {
    await using _bank = await createBank(engine);
    const effect = { job: "same", name: "main", now: 1e12, forgottenBefore: 0 };
    const results = await Promise.all(Array.from({ length: 8 }, async (_, index) => {
      const session = engine.database({ scope: "request" }).session();
      const result = await applyOnce(session, effect, async (sql) => {
        await sql.query("INSERT INTO bookings VALUES ('same', $1, 1)", [index]);
        return index;
      });
      await session.close();
      return result;
    }));
    const booked = await engine.database().query("SELECT attempt FROM bookings");
    assert.equal(booked.length, 1);
    assert.deepEqual(results, Array(8).fill(booked[0].attempt));
  });

  test("one whose connection dies before its commit leaves the way to the next", async () => {
    await using bank = await createBank(engine);
    const effect = { job: "dying", name: "main", now: 1e12, forgottenBefore: 0 };
    const session = engine.database({ scope: "request" }).session();
    const written = Promise.withResolvers<void>();
    const dying = applyOnce(session, effect, async (sql) => {
      await sql.query("INSERT INTO bookings VALUES ('dying', 0, 1)");
      written.resolve();
      await new Promise(() => {});
    });
    dying.catch(() => {});
    await written.promise;
    const next = applyOnce(engine.database(), effect, async (sql) => {
      await sql.query("INSERT INTO bookings VALUES ('dying', 1, 1)");
      return "next";
    });
    await session.close();
    await assert.rejects(dying, { code: "postgres_unavailable" });
    assert.equal(await next, "next");
    assert.deepEqual(await bank.bookings(), [{ job: "dying", attempt: 1, amount: 1 }]);
  });

  test("a commit whose answer is lost is not repeated", async () => {
    await using bank = await createBank(engine);
    const database = engine.database();
    const effect = { job: "lost", name: "main", now: 1e12, forgottenBefore: 0 };
    const lossy: Sql = {
      query: database.query,
      transaction: async (work) => {
        await database.transaction(work);
        throw new Error("the answer was lost");
      },
    };
    const write = (attempt: number) => async (sql: Sql) => {
      await sql.query("INSERT INTO bookings VALUES ('lost', $1, 1)", [attempt]);
    };
    await assert.rejects(applyOnce(lossy, effect, write(0)), /lost/);
    assert.equal(await applyOnce(database, effect, write(1)), undefined);
    assert.deepEqual(await bank.bookings(), [{ job: "lost", attempt: 0, amount: 1 }]);
  });
}
