import assert from "node:assert/strict";
import { VirtualClock } from "../../dev/clock.ts";
import {
  type Database,
  PostgresQueryError,
  PostgresUnavailableError,
  type SqlValue,
} from "../../shared/mod.ts";
import { createBreaker } from "../../shared/core/breaker.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { listen } from "../../dev/server.ts";
import { startGate } from "../support/gate.ts";
import { postgresEngines } from "../support/postgres_engines.ts";

for (const engine of postgresEngines()) {
  const { name, ignore, isReal } = engine;
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}: ${what}`, ignore, fn });

  const values: [type: string, value: SqlValue, back?: unknown][] = [
    ["text", 'it\'s a \\ "test" ✓'],
    ["text", ""],
    ["text", null],
    ["integer", 42],
    ["bigint", "9007199254740993"],
    ["double precision", 0.1],
    ["boolean", false],
    ["timestamptz", "2026-11-21T10:47:25.123Z", new Date("2026-11-21T10:47:25.123Z")],
    ["text::jsonb", '{"a":[1,null,"x"]}', { a: [1, null, "x"] }],
  ];
  for (const [type, value, back = value] of values) {
    test(`${JSON.stringify(value)} as ${type} comes back as it went`, async () => {
      const rows = await engine.database().query<{ value: unknown }>(
        `SELECT $1::${type} AS value`,
        [value],
      );
      assert.deepEqual(rows, [{ value: back }]);
    });
  }

  test("a transaction is committed when its work resolves, and rolled back when it throws", async () => {
    const sql = engine.database();
    await sql.query("CREATE TABLE notes (note text)");
    const written = await sql.transaction(async (sql) => {
      await sql.query("INSERT INTO notes VALUES ($1)", ["kept"]);
      return 7;
    });
    assert.equal(written, 7);
    const thrown = new Error("no");
    const failing = sql.transaction(async (sql) => {
      await sql.query("INSERT INTO notes VALUES ($1)", ["gone"]);
      throw thrown;
    });
    await assert.rejects(failing, (error) => error === thrown);
    assert.deepEqual(await sql.query("SELECT note FROM notes"), [{ note: "kept" }]);
  });

  test("a transaction inside another is rolled back alone", async () => {
    const sql = engine.database();
    await sql.query("CREATE TABLE inner_notes (note text)");
    await sql.transaction(async (sql) => {
      await sql.query("INSERT INTO inner_notes VALUES ($1)", ["outer"]);
      const inner = sql.transaction(async (sql) => {
        await sql.query("INSERT INTO inner_notes VALUES ($1)", ["inner"]);
        throw new Error("no");
      });
      await assert.rejects(inner, /^Error: no$/);
    });
    assert.deepEqual(await sql.query("SELECT note FROM inner_notes"), [{ note: "outer" }]);
  });

  test("a refused statement keeps its SQLSTATE, and shows no value", async () => {
    const sql = engine.database();
    await sql.query("CREATE TABLE once (id text PRIMARY KEY)");
    await sql.query("INSERT INTO once VALUES ($1)", ["top secret"]);
    const refused = [
      { text: "INSERT INTO once VALUES ($1)", params: ["top secret"], sqlState: "23505" },
      { text: "SELECT $1::text::integer", params: ["top secret"], sqlState: "22P02" },
      { text: "SELECT * FROM nowhere", params: [], sqlState: "42P01" },
      { text: "SELEKT", params: [], sqlState: "42601" },
    ];
    for (const { text, params, sqlState } of refused) {
      await assert.rejects(sql.query(text, params), (error) => {
        assert.ok(error instanceof PostgresQueryError, String(error));
        assert.equal(error.sqlState, sqlState);
        assert.equal(error.code, "postgres_query_failed");
        assert.equal(error.retryable, false);
        assert.equal(error.message.includes("; run deno task migrate"), sqlState === "42P01");
        const shown = JSON.stringify(error) + error.stack + String(error.cause);
        assert.ok(!shown.includes("top secret"), shown);
        return true;
      });
    }
    assert.deepEqual(await sql.query("SELECT 1 AS one"), [{ one: 1 }], "and it goes on");
  });

  test("a statement that takes too long is given up, and the next one is answered", async () => {
    const sql = engine.database({ statementTimeoutMs: 200 });
    await sql.query("SELECT 1");
    const released = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    // PGlite cannot be interrupted, but another's transaction makes it as silent as a dead server.
    const holder = engine.database().transaction(async (sql) => {
      await sql.query("SELECT 1");
      entered.resolve();
      await released.promise;
    });
    await entered.promise;
    const startedAt = performance.now();
    const slow = isReal ? "SELECT pg_sleep(30)" : "SELECT 1";
    await assert.rejects(sql.query(slow), PostgresUnavailableError);
    // Far from the 30 s that it would sleep.
    if (isReal) assert.ok(performance.now() - startedAt < 25_000, "it was cancelled");
    released.resolve();
    await holder;
    assert.deepEqual(await sql.query("SELECT 1 AS one"), [{ one: 1 }]);
  });

  test("many requests at once, each with a connection of its own, get their own answers", async () => {
    const root = engine.database({ scope: "request" });
    await root.query("CREATE TABLE counter (n integer)");
    await root.query("INSERT INTO counter VALUES (0)");
    await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const session = root.session();
      const marked = await session.query(`SELECT $1::integer AS n${index}`, [index]);
      assert.deepEqual(marked, [{ [`n${index}`]: index }]);
      await session.transaction(async (sql) => {
        const [{ n }] = await sql.query<{ n: number }>("SELECT n FROM counter FOR UPDATE");
        await sql.query("UPDATE counter SET n = $1", [n + 1]);
      });
      await session.close();
    }));
    assert.deepEqual(await root.query("SELECT n FROM counter"), [{ n: 20 }]);
  });

  test("statements with parameters on several connections at once do not mix", async () => {
    const databases = Array.from({ length: 4 }, () => engine.database({ scope: "request" }));
    const ask = async (database: Database, one: number) => {
      for (let time = 0; time < 25; time++) {
        const rows = time % 5 === 0
          ? await database.transaction((sql) =>
            sql.query("SELECT $1::int AS one, $2::int AS time", [one, time])
          )
          : await database.query("SELECT $1::int AS one, $2::int AS time", [one, time]);
        assert.deepEqual(rows, [{ one, time }]);
        await assert.rejects(database.query("SELECT 1 / $1::int", [0]), { sqlState: "22012" });
      }
    };
    await Promise.all(databases.map(ask));
  });

  test("a connection that breaks off in the middle of a statement holds up nobody", async () => {
    const { hostname, port } = new URL(engine.url());
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const startUp = "\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    await connection.write(framed("", startUp));
    await readUntil(connection, "Z", "I");
    await connection.write(framed("P", "\0SELECT 1\0\0\0"));
    await connection.write(framed("H", ""));
    // ParseComplete: more is to come, and does not.
    await readUntil(connection, "1", "");
    connection.close();
    const sql = engine.database({ statementTimeoutMs: 3_000 });
    assert.deepEqual(await sql.query("SELECT $1::int AS one", [1]), [{ one: 1 }]);
  });

  test("the breaker opens when Postgres goes away, not when it refuses; it closes with its return", async () => {
    await using gate = startGate(engine.url());
    for (const scope of ["isolate", "request"] as const) {
      const clock = new VirtualClock();
      const breaker = createBreaker({ dependency: "postgres", clock });
      const root = engine.database({ url: gate.url, scope, breaker });
      const ask = async (text: string) => {
        const session = root.session();
        const answer = await session.transaction((sql) => sql.query(text)).then(
          () => "answered",
          ({ code }) => code,
        );
        await session.close();
        return answer;
      };
      const asked = async (times: number, text: string) => {
        const answers = [];
        for (let time = 0; time < times; time++) answers.push(await ask(text));
        return answers;
      };
      assert.deepEqual(
        await asked(7, "SELECT * FROM nowhere"),
        new Array(7).fill("postgres_query_failed"),
      );
      gate.shut();
      const away = new Array(5).fill("postgres_unavailable");
      assert.deepEqual(await asked(6, "SELECT 1"), [...away, "circuit_open"]);
      await clock.advance(30_000);
      assert.deepEqual(await asked(2, "SELECT 1"), ["postgres_unavailable", "circuit_open"]);
      gate.open();
      assert.equal(await ask("SELECT 1"), "circuit_open", "it rests, whatever has come back");
      await clock.advance(30_000);
      assert.deepEqual(await asked(2, "SELECT 1"), ["answered", "answered"]);
    }
  });

  if (isReal) {
    test("statements that others lock out or that are cancelled leave the breaker closed", async () => {
      const sql = engine.database({ statementTimeoutMs: 100 });
      await sql.query("CREATE TABLE locked AS SELECT 1 AS n");
      await engine.database().transaction(async (holder) => {
        await holder.query("SELECT n FROM locked FOR UPDATE");
        for (let time = 0; time < 6; time++) {
          const way = time % 2 === 0 ? "FOR UPDATE NOWAIT" : ", pg_sleep(9)";
          await assert.rejects(sql.query(`SELECT n FROM locked ${way}`), {
            code: "postgres_unavailable",
          });
        }
      });
      assert.deepEqual(await sql.query("SELECT n FROM locked"), [{ n: 1 }]);
    });
  }

  test("closing a request's session leaves the shared pool open", async () => {
    const root = engine.database();
    const session = root.session();
    assert.deepEqual(await session.query("SELECT 1 AS one"), [{ one: 1 }]);
    await session.close();
    await session.session().close();
    assert.deepEqual(await root.query("SELECT 2 AS two"), [{ two: 2 }]);
  });
}

const absent = [
  { what: "nothing listens", start: () => ({ port: 1, close: () => Promise.resolve() }) },
  { what: "something else listens", start: () => listen(() => new Response("hello")) },
  { what: "what listens never answers", start: silentServer },
];
for (const { what, start } of absent) {
  Deno.test(`where ${what}, a call fails soon, as an outage, and shows no password`, async () => {
    const server = start();
    const url = `postgres://someone:hunter2@127.0.0.1:${server.port}/postgres`;
    const database = createPostgres({ url, connectTimeoutMs: 300, statementTimeoutMs: 500 });
    try {
      for (const call of [() => database.query("SELECT 1"), () => database.transaction(never)]) {
        await assert.rejects(call, (error) => {
          assert.ok(error instanceof PostgresUnavailableError, String(error));
          assert.equal(error.retryable, true);
          assert.ok(!Deno.inspect(error).includes("hunter2"), Deno.inspect(error));
          return true;
        });
      }
    } finally {
      await database.close();
      await server.close();
    }
  });
}

/** A message of the protocol: its letter, its length, its text. */
function framed(letter: string, text: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(`${letter}\0\0\0\0${text}`, (char) => char.charCodeAt(0));
  new DataView(bytes.buffer).setInt32(letter.length, 4 + text.length);
  return bytes;
}

/** Reads up to a message that has this letter and this text. */
async function readUntil(connection: Deno.Conn, letter: string, text: string): Promise<void> {
  const expected = String.fromCharCode(...framed(letter, text));
  const chunk = new Uint8Array(4_096);
  for (let read = ""; !read.endsWith(expected);) {
    const length = await connection.read(chunk);
    assert.ok(length !== null, "the server closed the connection");
    read += String.fromCharCode(...chunk.subarray(0, length));
  }
}

function never(): Promise<never> {
  assert.fail("there is no transaction to work in");
}

function silentServer() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const accepted = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  return {
    port: listener.addr.port,
    close: async () => {
      listener.close();
      await accepted;
      for (const connection of connections) connection.close();
    },
  };
}
