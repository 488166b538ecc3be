import assert from "node:assert/strict";
import { closeWindow, joinWindow, windowArmed } from "../../functions/notifications/windows.ts";
import type { Sql } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { NOON, TABLES } from "./notifications_world.ts";

const MINUTE_MS = 60_000;
let made = 0;

/** Puts an item into the key's window. */
const join = (sql: Sql, id: string, key = "key") =>
  joinWindow(sql, {
    key,
    id,
    data: { id },
    newWindow: { id: `window-${made++}`, endsAt: NOON + 10 * MINUTE_MS },
  });

for (const engine of postgresEngines()) {
  const test = (name: string, work: (sql: Sql) => Promise<void>) =>
    engine.test(name, async () => {
      const sql = engine.database();
      await sql.query(`TRUNCATE ${TABLES}`);
      await work(sql);
    });

  test("items of one key share a window until it is closed", async (sql) => {
    const first = await join(sql, "1");
    const second = await join(sql, "2");
    const other = await join(sql, "3", "other");
    assert.equal(second.window, first.window);
    assert.notEqual(other.window, first.window);
    assert.deepEqual(await closeWindow(sql, first.window, NOON), {
      items: [{ id: "1" }, { id: "2" }],
      endsAt: NOON + 10 * MINUTE_MS,
    });
    const third = await join(sql, "4");
    assert.notEqual(third.window, first.window);
    assert.equal((await closeWindow(sql, first.window, NOON + 1)).items.length, 2);
  });

  test("an item that is known stays where it is, and opens no window", async (sql) => {
    const first = await join(sql, "1");
    await closeWindow(sql, first.window, NOON);
    const again = await join(sql, "1");
    assert.deepEqual(again, { ...first, armed: true, isNew: false });
    const [{ count }] = await sql.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM notification_windows",
    );
    assert.equal(count, 1);
  });

  test("a window that nobody is known to have armed says so to the next", async (sql) => {
    const { window, armed } = await join(sql, "1");
    assert.equal(armed, false);
    assert.equal((await join(sql, "1")).armed, false);
    await windowArmed(sql, window);
    assert.equal((await join(sql, "2")).armed, true);
  });

  test("of items that come while windows are closed each is in exactly one", async (sql) => {
    const COUNT = 120;
    const windows = new Set<string>();
    const seen: string[] = [];
    const closed = new Map<string, number>();
    let joined = 0;
    async function close(window: string): Promise<void> {
      const { items } = await closeWindow(sql, window, NOON);
      if (closed.has(window)) return;
      closed.set(window, items.length);
      seen.push(...(items as { id: string }[]).map(({ id }) => id));
    }
    await Promise.all(Array.from({ length: COUNT }, async (_, index) => {
      const { window } = await join(sql, String(index));
      windows.add(window);
      if (++joined % 7 === 0) await close(window);
    }));
    for (const window of windows) await close(window);
    assert.deepEqual(
      seen.map(Number).sort((one, other) => one - other),
      Array.from({ length: COUNT }, (_, index) => index),
    );
    // What a window held when it was closed is all that it will ever hold.
    for (const [window, count] of closed) {
      assert.equal((await closeWindow(sql, window, NOON)).items.length, count);
    }
  });

  test("the same item from many at once is one", async (sql) => {
    const joined = await Promise.all(Array.from({ length: 20 }, () => join(sql, "1")));
    assert.equal(joined.filter(({ isNew }) => isNew).length >= 1, true);
    const [{ count }] = await sql.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM notification_items",
    );
    assert.equal(count, 1);
  });
}
