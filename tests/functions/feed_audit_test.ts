/**
 * Audits: they find what differs, take nothing that is on its way for a loss, and may be cut short.
 *
 * @module
 */
import assert from "node:assert/strict";
import { auditDay } from "../../functions/feed/audit/audit.ts";
import type { AuditCursor } from "../../functions/feed/audit/audit_cursor.ts";
import type { Audit } from "../../functions/feed/audit/audit_store.ts";
import { closeDay } from "../../functions/feed/flush/close.ts";
import type { FlushLimits } from "../../functions/feed/flush/flush_limits.ts";
import type { FeedParts } from "../../functions/feed/parts.ts";
import { addDays, recordApproximateView, RegisteredListings, type Sql } from "../../shared/mod.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { DAY, flush, openDays } from "./feed_flush_days.ts";
import { People, person } from "./feed_flush_world.ts";
import { chance, Died, mortal } from "./feed_mortal.ts";

/** Audits the whole day, delivery after delivery, as the job does. */
async function audit(
  parts: FeedParts,
  { limits, run = crypto.randomUUID(), uniques = "exact" }: {
    limits?: FlushLimits;
    run?: string;
    uniques?: "exact" | "approximate";
  } = {},
): Promise<Audit & { slices: number }> {
  let from: AuditCursor | undefined;
  for (let slices = 1;; slices++) {
    const audited = await auditDay(parts, { day: DAY, uniques, from }, { run, limits });
    if (!("next" in audited)) return { ...audited, slices };
    // As it travels in a message.
    from = JSON.parse(JSON.stringify(audited.next));
  }
}

const summary = ({ compared, pending, drift }: Audit) => ({ compared, pending, drift });

async function makeEvents(people: People, seed = 1) {
  const random = chance(seed);
  for (let n = 0; n < 30; n++) {
    const id = String(Math.floor(random() * 5));
    await people.view("events", id, person(n % 11));
    if (n % 3 === 0) await people.booking("events", id, person(`b${n % 9}`));
    if (n % 4 === 0) await people.favorite("events", id, person(n % 5), random() < 0.7);
    if (n % 5 === 0) await people.impressions(`batch-${seed}-${n % 3}`, [["events", id, 2]]);
  }
}

/** Nothing of an audit is left behind but its row. */
async function assertSwept(sql: Sql) {
  const [{ left }] = await sql.query<{ left: number }>(
    `SELECT (SELECT count(*) FROM feed_audit_runs) + (SELECT count(*) FROM feed_audit_counts) +
       (SELECT count(*) FROM feed_audit_batches) + (SELECT count(*) FROM feed_audit_words) AS left`,
  );
  assert.equal(Number(left), 0);
}

for (const postgres of postgresEngines()) {
  const test = (
    what: string,
    fn: (world: Awaited<ReturnType<typeof openDays>>, sql: Sql) => Promise<void>,
  ) =>
    postgres.test(what, async () => {
      const database = postgres.database();
      await using world = await openDays(database);
      await fn(world, database);
    });

  test(
    "what is not flushed yet is pending; once it is, nothing differs",
    async ({ parts }, sql) => {
      const people = new People(parts, DAY);
      await people.view("events", "1", person(1));
      await people.view("events", "1", person(2));
      await people.booking("events", "1", person("b"));
      await people.impressions("batch-0000000001", [["events", "2", 7]]);
      await people.favorite("events", "2", person(1));
      const before = await audit(parts);
      assert.deepEqual(before.differences, [
        { is: "pending", kind: "events", id: "1", metric: "bookings", redis: 1, postgres: 0 },
        { is: "pending", kind: "events", id: "1", metric: "views", redis: 2, postgres: 0 },
        { is: "pending", kind: "events", id: "2", metric: "favorites", redis: 1, postgres: 0 },
        { is: "pending", kind: "events", id: "2", metric: "impressions", redis: 7, postgres: 0 },
      ]);
      assert.deepEqual(summary(before), { compared: 4, pending: 4, drift: 0 });
      await flush(parts);
      const after = await audit(parts, { run: "after" });
      assert.deepEqual(summary(after), { compared: 4, pending: 0, drift: 0 });
      const rows = await sql.query(
        "SELECT differing::int, pending::int, differences FROM feed_audits WHERE job = 'after'",
      );
      assert.deepEqual(rows, [{ differing: 0, pending: 0, differences: [] }]);
      await assertSwept(sql);
    },
  );

  test("what Postgres has too much, or otherwise, is drift", async ({ parts }, sql) => {
    const people = new People(parts, DAY);
    await makeEvents(people);
    await people.view("events", "1", person("one more"));
    await people.favorite("services", "1", person(1));
    await flush(parts);
    await sql.query(
      `UPDATE feed_counts SET views = views + 1, impressions = impressions + 2
       WHERE kind = 'events' AND listing = '1'`,
    );
    await sql.query(
      `INSERT INTO feed_counts (day, kind, listing, bookings) VALUES ($1, 'events', 'ghost', 3)`,
      [DAY],
    );
    await sql.query("UPDATE feed_favorites SET favorited = NOT favorited WHERE kind = 'services'");
    const found = await audit(parts);
    assert.deepEqual(
      found.differences.map(({ is, id, metric, redis, postgres }) =>
        `${is} ${id} ${metric} ${postgres - redis}`
      ),
      [
        "drift 1 impressions 2",
        "drift 1 views 1",
        "drift ghost bookings 3",
        "drift 1 favorites -1",
      ],
    );
    assert.equal(found.drift, 4);
  });

  test(
    "in the smallest of slices it finds the same, and its repeats change nothing",
    async ({ parts }, sql) => {
      const people = new People(parts, DAY);
      await makeEvents(people);
      await flush(parts);
      await makeEvents(people, 2);
      const whole = await audit(parts);
      const sliced = await audit(parts, {
        run: "sliced",
        limits: { requests: 1, pageEntries: 1, replyBytes: 200, partMembers: 2 },
      });
      assert.ok(sliced.slices > 20, `${sliced.slices} slices`);
      assert.ok(whole.pending > 0);
      assert.deepEqual(sliced.differences, whole.differences);
      assert.deepEqual(summary(sliced), summary(whole));
      assert.deepEqual(summary(await audit(parts, { run: "sliced" })), summary(whole));
      await assertSwept(sql);
    },
  );

  test(
    "killed at any await, before or after its effect, and begun again, it finds the same",
    async ({ parts }, sql) => {
      const people = new People(parts, DAY);
      await makeEvents(people);
      await flush(parts);
      await people.impressions("batch-that-is-late", [["events", "1", 1]]);
      await people.favorite("services", "1", person(1));
      const expected = await audit(parts);
      let died = 0;
      for (const moment of ["before", "after"] as const) {
        let isWhole = false;
        for (let at = 1; !isWhole; at++) {
          const run = `${moment} ${at}`;
          isWhole = await audit(mortal(parts, { at, moment }), { run }).then(
            () => true,
            (error) => {
              if (!(error instanceof Died)) throw error;
              died++;
              return false;
            },
          );
          const found = await audit(parts, { run });
          assert.deepEqual(found.differences, expected.differences, run);
          assert.deepEqual(summary(found), summary(expected));
        }
      }
      assert.ok(died > 50, `${died} deaths`);
      await assertSwept(sql);
    },
  );

  test("while 4 people write and a flush runs, nothing has drifted", async ({ parts }) => {
    let writing = 4;
    let audits = 0;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      const people = new People(parts, DAY);
      for (let n = 0; n < 30 || audits < 5; n++) {
        await people.view("events", String(n % 4), person(`${writer}w${n}`));
        await people.impressions(`batch-of-${writer}-${n}`, [["events", String(n % 3), 1]]);
        await people.favorite("events", "1", person(`${writer}f${n % 3}`), n % 2 === 0);
      }
      writing--;
    });
    const flusher = (async () => {
      while (writing > 0) await flush(parts);
    })();
    while (writing > 0) {
      const { drift, differences } = await audit(parts);
      assert.equal(drift, 0, JSON.stringify(differences.slice(0, 3)));
      audits++;
    }
    await Promise.all([...writers, flusher]);
    await flush(parts);
    assert.deepEqual({ ...summary(await audit(parts)), compared: 0 }, {
      compared: 0,
      pending: 0,
      drift: 0,
    });
  });

  test("a batch that was counted on another day is not missed on this one", async ({ parts }) => {
    const yesterday = new People(parts, addDays(DAY, -1));
    await yesterday.impressions("batch-at-midnight", [["events", "1", 2]]);
    await flush(parts, addDays(DAY, -1));
    const people = new People(parts, DAY);
    await people.impressions("batch-at-midnight", [["events", "1", 2]]);
    await people.impressions("batch-after-it", [["events", "1", 3]]);
    await flush(parts);
    assert.deepEqual(summary(await audit(parts)), { compared: 1, pending: 0, drift: 0 });
  });

  test("of a day whose stream was let go, what came since is pending", async ({ parts, at }) => {
    const people = new People(parts, DAY);
    await people.impressions("batch-0000000001", [["events", "1", 9]]);
    const over = at("2026-11-21T00:10:00Z");
    const input = { day: DAY, uniques: "exact" as const, isRepeat: false };
    assert.equal((await closeDay(over, input, { run: "close" })).isProven, true);
    await people.impressions("batch-0000000002", [["events", "1", 2]]);
    const found = await audit(over);
    assert.equal(found.isLogCompared, false);
    assert.deepEqual(found.differences, [
      { is: "pending", kind: "events", id: "1", metric: "impressions", redis: 2, postgres: 0 },
    ]);
  });

  test("estimates that fell behind are pending, and never drift", async ({ parts }, sql) => {
    const registered = new RegisteredListings();
    const view = (by: number) =>
      recordApproximateView(parts.redis, parts.keys, registered, {
        day: DAY,
        kind: "events",
        id: "1",
        by: person(by),
      });
    for (let n = 0; n < 5; n++) await view(n);
    const options = { uniques: "approximate" as const };
    assert.deepEqual((await audit(parts, options)).differences, [
      { is: "pending", kind: "events", id: "1", metric: "views", redis: 5, postgres: 0 },
    ]);
    await sql.query(
      "INSERT INTO feed_counts (day, kind, listing, views) VALUES ($1, 'events', '1', 6)",
      [DAY],
    );
    const found = await audit(parts, options);
    assert.deepEqual(summary(found), { compared: 1, pending: 0, drift: 0 });
  });

  test("a day that Redis has forgotten cannot be audited", async ({ at }) => {
    await assert.rejects(audit(at("2026-12-01T00:00:00Z")), /Redis has forgotten it/);
  });
}
