import assert from "node:assert/strict";
import { VirtualClock } from "../../dev/clock.ts";
import { createBreaker } from "../../shared/core/breaker.ts";
import { type Database, PostgresBusyError } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";

/** Longer than a statement may take here, and than a silent server is waited for besides. */
const LONG_MS = 3_300;
const STATEMENT_MS = 1_000;

for (const engine of postgresEngines()) {
  const { test, isReal } = engine;
  // PGlite has one transaction at a time, so a pool of one is all of its connections.
  const connections = isReal ? 4 : 1;
  const newBreaker = () => createBreaker({ dependency: "postgres", clock: new VirtualClock() });

  test("who waits for a connection takes nothing from those who have one, for as long as it takes", async () => {
    const breaker = newBreaker();
    const database = engine.database({ breaker, connections, statementTimeoutMs: STATEMENT_MS });
    const holders = await hold(database, connections);
    const waiting = Array.from(
      { length: 6 },
      (_, index) =>
        index % 2 === 0
          ? database.query("SELECT 1 AS one")
          : database.transaction((sql) => sql.query("SELECT 1 AS one")),
    );
    const waited = Promise.allSettled(waiting);
    await new Promise((resolve) => setTimeout(resolve, LONG_MS));
    assert.deepEqual(await holders.end(), new Array(connections).fill(7), "healthy ones commit");
    for (const end of await waited) {
      assert.deepEqual(end, { status: "fulfilled", value: [{ one: 1 }] });
    }
    assert.equal(breaker.state, "closed");
  });

  test("who waits too long, or behind too many, gets an error of its own, which no breaker counts", async () => {
    const breaker = newBreaker();
    const ways = [{ waitTimeoutMs: 20 }, { mostWaiting: 0 }];
    for (const way of ways) {
      const database = engine.database({ breaker, connections, ...way });
      const holders = await hold(database, connections);
      for (let time = 0; time < 7; time++) {
        const call = time % 2 === 0
          ? database.query("SELECT 1")
          : database.transaction((sql) => sql.query("SELECT 1"));
        await assert.rejects(call, (error) => {
          assert.ok(error instanceof PostgresBusyError, String(error));
          assert.deepEqual([error.code, error.retryable], ["postgres_busy", true]);
          assert.ok(error.retryAfterMs >= 1_000);
          return true;
        });
      }
      assert.equal(breaker.state, "closed");
      await holders.end();
      assert.deepEqual(await database.query("SELECT 1 AS one"), [{ one: 1 }], "and it goes on");
    }
  });

  test("an open circuit refuses at once, however many wait", async () => {
    const breaker = newBreaker();
    const database = engine.database({ breaker, connections });
    const holders = await hold(database, connections);
    for (let time = 0; time < 5; time++) {
      await assert.rejects(breaker.guard(() => Promise.reject(new Error("away")), () => true));
    }
    await assert.rejects(database.query("SELECT 1"), { code: "circuit_open" });
    await holders.end();
  });

  test("what a transaction sent and did not wait for is part of it", async () => {
    const database = engine.database();
    await database.query("CREATE TABLE hasty (n integer)");
    await database.transaction((sql) => {
      sql.query("INSERT INTO hasty VALUES ($1)", [1]);
      sql.query("INSERT INTO hasty VALUES ($1)", [2]);
      return Promise.resolve();
    });
    const failing = database.transaction((sql) => {
      sql.query("INSERT INTO hasty VALUES ($1)", [3]);
      throw new Error("no");
    });
    await assert.rejects(failing, /^Error: no$/);
    assert.deepEqual(await database.query("SELECT n FROM hasty ORDER BY n"), [{ n: 1 }, { n: 2 }]);
  });

  if (!isReal) continue;

  test("statements of one transaction that wait for each other are not late for it", async () => {
    const database = engine.database({ statementTimeoutMs: 1_500 });
    const done = await database.transaction(async (sql) => {
      const inner = sql.transaction((sql) => sql.query("SELECT 1, pg_sleep(.5)"));
      const ends = await Promise.all([
        inner,
        ...Array.from({ length: 4 }, () => sql.query("SELECT 1, pg_sleep(.5)")),
      ]);
      return ends.length;
    });
    assert.equal(done, 5);
  });

  test("a connection that falls silent is given up alone", async () => {
    const database = engine.database({ statementTimeoutMs: STATEMENT_MS });
    const holders = await hold(database, 1);
    let silenced = 0;
    try {
      await assert.rejects(
        database.transaction(async (sql) => {
          const [{ pid }] = await sql.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
          Deno.kill(silenced = pid, "SIGSTOP");
          await sql.query("SELECT 1");
        }),
        { code: "postgres_unavailable" },
      );
      assert.deepEqual(await database.query("SELECT 1 AS one"), [{ one: 1 }]);
      assert.deepEqual(await holders.end(), [7]);
    } finally {
      if (silenced) Deno.kill(silenced, "SIGCONT");
    }
  });
}

/** Takes so many connections; `end` lets them commit. */
async function hold(database: Database, connections: number) {
  const ending = Promise.withResolvers<void>();
  const entered = Array.from({ length: connections }, () => Promise.withResolvers<void>());
  const holding = entered.map(({ resolve, reject }) => {
    const held = database.transaction(async (sql) => {
      await sql.query("SELECT 1");
      resolve();
      await ending.promise;
      const [{ seven }] = await sql.query<{ seven: number }>("SELECT 7 AS seven");
      return seven;
    });
    held.catch(reject);
    return held;
  });
  await Promise.all(entered.map(({ promise }) => promise));
  return {
    end() {
      ending.resolve();
      return Promise.all(holding);
    },
  };
}
