import assert from "node:assert/strict";
import { migrate } from "../../shared/migrations/migrate.ts";
import { migrations } from "../../shared/migrations/migrations.ts";
import { postgresEngines } from "../support/postgres_engines.ts";

Deno.test("migrations count up from 1", () => {
  assert.deepEqual(migrations.map(({ id }) => id), migrations.map((_, index) => index + 1));
});

for (const engine of postgresEngines()) {
  const { name, ignore } = engine;
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}: ${what}`, ignore, fn });

  test("a migration is applied once, also when two begin at once", async () => {
    const next = {
      id: 1001,
      name: "runs",
      sql: "CREATE TABLE runs (n int); INSERT INTO runs VALUES (1)",
    };
    const list = [...migrations, next];
    const applied = await Promise.all([
      migrate(engine.database(), list),
      migrate(engine.database(), list),
    ]);
    assert.deepEqual(applied.flat().map(({ id }) => id), [1001]);
    assert.deepEqual(await migrate(engine.database(), list), []);
    assert.deepEqual(await engine.database().query("SELECT n FROM runs"), [{ n: 1 }]);
  });

  if (engine.isReal) {
    test("a migration that waits for another one longer than a statement may take is not late", async () => {
      const other = migrate(engine.database(), [
        ...migrations,
        { id: 1501, name: "long", sql: "SELECT pg_sleep(2.5)" },
      ]);
      const locks = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'";
      while ((await engine.database().query(locks)).length === 0);
      const waiting = migrate(engine.database({ statementTimeoutMs: 1_000 }));
      assert.deepEqual((await other).map(({ id }) => id), [1501]);
      assert.deepEqual(await waiting, []);
    });
  }

  test("a migration that fails takes those before it back", async () => {
    const list = [
      ...migrations,
      { id: 2001, name: "fine", sql: "CREATE TABLE fine (n int)" },
      { id: 2002, name: "broken", sql: "CREATE TABLE" },
    ];
    await assert.rejects(migrate(engine.database(), list), { sqlState: "42601" });
    await assert.rejects(engine.database().query("SELECT 1 FROM fine"), { sqlState: "42P01" });
  });

  test("deno task migrate prints what it applies, and may be repeated", async () => {
    const database = engine.database();
    await database.query("CREATE SCHEMA fresh");
    const url = `${engine.url()}?search_path=fresh`;
    const newest = `the database holds migration ${migrations.length}, the newest\n`;
    if (engine.isReal) {
      const { code, printed } = await runMigrate(url);
      assert.equal(code, 0, printed);
      const lines = migrations.map(({ id, name }) => `+ 000${id} ${name}\n`);
      assert.equal(printed, lines.join("") + newest.replace("the", "The"));
    }
    assert.deepEqual(await runMigrate(engine.url()), {
      code: 0,
      printed: `Nothing to apply: ${newest}`,
    });
  });
}

Deno.test("deno task migrate without a DATABASE_URL says so, and not what it is", async () => {
  const { code, printed } = await runMigrate("mysql://hunter2");
  assert.equal(code, 1);
  assert.equal(printed, "Cannot migrate: set DATABASE_URL to a postgres:// URL\n");
});

async function runMigrate(url: string) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "functions/migrate.ts"],
    cwd: new URL("../..", import.meta.url).pathname,
    env: { DATABASE_URL: url, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, printed: text(stdout) + text(stderr) };
}
