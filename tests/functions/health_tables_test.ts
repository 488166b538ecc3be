import assert from "node:assert/strict";
import { createPostgresServer } from "../../dev/postgres/server.ts";
import { createPostgres } from "../../shared/adapters/postgres.ts";
import { migrationNames } from "../../shared/migrations/ledger.ts";
import { migrate } from "../../shared/migrations/migrate.ts";
import { migrations } from "../../shared/migrations/migrations.ts";
import { createAppWorld } from "./app_world.ts";

Deno.test("the names that /health knows are those of the migrations", () => {
  assert.deepEqual(migrationNames, migrations.map(({ id, name }) => ({ id, name })));
});

Deno.test("/health says which tables are missing and what to do, until they are there", async () => {
  await using server = await createPostgresServer();
  const database = createPostgres({ url: server.url });
  try {
    await using world = createAppWorld({
      environment: { DATABASE_URL: server.url },
      outside: { database },
    });
    const ask = async () => (await world.request("/health")).body;
    const names = migrationNames.map(({ name }) => name);
    const empty = await ask();
    assert.deepEqual([empty.status, empty.missing], ["tables_missing", names]);
    assert.match(empty.todo, /deno task migrate/);

    await migrate(database, migrations.slice(0, 2));
    assert.deepEqual((await ask()).missing, names, "it asks at most every 10 s");
    await world.clock.advance(10_000);
    assert.deepEqual((await ask()).missing, names.slice(2));

    await migrate(database);
    await world.clock.advance(10_000);
    const whole = await ask();
    assert.deepEqual([whole.status, whole.missing, whole.todo], ["ok", undefined, undefined]);
    await database.query("DROP TABLE schema_migrations");
    await world.clock.advance(10_000);
    assert.equal((await ask()).status, "ok", "what is complete is not asked about again");
  } finally {
    await database.close();
  }
});

Deno.test("a Postgres that is away says nothing of its tables", async () => {
  await using world = createAppWorld({
    environment: { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" },
  });
  const { response, body } = await world.request("/health");
  assert.deepEqual([response.status, body.status, body.missing], [200, "ok", undefined]);
});
