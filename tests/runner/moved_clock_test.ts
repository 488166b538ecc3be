import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { createMover, environmentWithoutShared, MOVES, onWallClock } from "./moved_clock.ts";

const LEAP_DAY = Date.parse("2028-02-29T12:00:00Z");

/** Prints what a process and a child of it take for the time, and how long a wait seemed to it. */
const LOOK = `
  const before = [Date.now(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 200));
  const waited = [Date.now() - before[0], performance.now() - before[1]];
  const child = await new Deno.Command("date", { args: ["+%s"] }).output();
  const childAt = Number(new TextDecoder().decode(child.stdout)) * 1000;
  console.log(JSON.stringify({ at: before[0], waited, childAt }));
`;

Deno.test({
  name:
    "a moved clock is where it should be, runs, is its children's, and leaves the monotonic one",
  ...needs("faketime"),
  fn: async () => {
    const mover = await createMover();
    const { at, waited, childAt } = JSON.parse(await evaluate(LOOK, mover!(LEAP_DAY)));
    assert.equal(new Date(at).toISOString().slice(0, 10), "2028-02-29");
    assert.ok(at >= LEAP_DAY - 1_000, new Date(at).toISOString());
    const [wall, monotonic] = waited;
    assert.ok(wall >= 199 && monotonic >= 199, `${waited}`);
    assert.ok(Math.abs(wall - monotonic) < 60_000, `${waited}`);
    assert.ok(childAt >= at - 1_000, `${childAt - at} ms after its parent`);
  },
});

Deno.test({
  name: "redis-server and Postgres have the moved clock of the test that starts them",
  ...needs("faketime", "redis-server", "postgresql"),
  fn: async () => {
    const mover = await createMover();
    const modules = ["../support/redis_server.ts", "../support/postgres_server.ts", "postgres"]
      .map((module) => import.meta.resolve(module));
    const source = `
      const [{ startRedisServer }, { startPostgres }, { default: postgres }] = await Promise.all(
        ${JSON.stringify(modules)}.map((module) => import(module)),
      );
      await using server = await startRedisServer();
      const socket = await Deno.connect({ port: server.port });
      await socket.write(new TextEncoder().encode("TIME\\r\\n"));
      const bytes = new Uint8Array(100);
      const text = new TextDecoder().decode(bytes.subarray(0, await socket.read(bytes)));
      socket.close();
      await using database = await startPostgres();
      const sql = postgres(database.url);
      const [{ at }] = await sql\`SELECT now() AS at\`;
      await sql.end();
      console.log(JSON.stringify([Number(/\\d{9,}/.exec(text)[0]) * 1000, at.getTime()]));
    `;
    for (const at of JSON.parse(await evaluate(source, mover!(LEAP_DAY)))) {
      assert.equal(new Date(at).toISOString().slice(0, 10), "2028-02-29");
    }
  },
});

Deno.test("the clock is moved a year ahead, to a 29 February and to the end of the year", () => {
  const now = Date.parse("2027-03-01T10:00:00Z");
  assert.deepEqual(MOVES.map(({ at }) => new Date(at(now)).toISOString()), [
    "2028-02-29T10:00:00.000Z",
    "2028-02-29T12:00:00.000Z",
    "2027-12-31T23:59:50.000Z",
  ]);
});

Deno.test("what runs on a wall clock is found by its text, and by that of what it imports", () => {
  const found = onWallClock();
  for (
    const file of [
      "tests/dev/qstash/wall_clock_test.ts",
      // By what it imports: a wall clock, a real Redis.
      "tests/functions/feed_flush_days_test.ts",
      "tests/core/limits/engines_test.ts",
    ]
  ) assert.ok(found.includes(file), file);
  assert.ok(!found.includes("tests/core/turn_test.ts"));
});

async function evaluate(source: string, env: Record<string, string>): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", source],
    cwd: new URL("../../", import.meta.url),
    env: { ...environmentWithoutShared(), ...env, NO_COLOR: "1" },
    clearEnv: true,
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
