import assert from "node:assert/strict";
import { DistinctMembers } from "../../../shared/core/counters/distinct_members.ts";
import {
  MemberCounts,
  memberOf,
  type Redis,
  RedisSizeError,
  shardOf,
  UNIQUE_SHARDS,
  walkMembers,
} from "../../../shared/mod.ts";
import { chance } from "../../functions/feed_mortal.ts";

const by = "AZaz09-_AZaz09-_";

const listings = [
  { kind: "events", id: "42" },
  { kind: "events", id: "7f9c2ba4-e88f-427d-9e2a-1c3d5e7f9a0b" },
  { kind: "locations", id: "a:b c/ü✓\n" },
  { kind: "castles", id: "x".repeat(128) },
];
for (const listing of listings) {
  Deno.test(`a view and a booking of ${listing.id.slice(0, 40)} are counted apart`, () => {
    const counts = new MemberCounts();
    const event = { day: "2026-11-21", by, ...listing };
    counts.add(memberOf({ ...event, metric: "views" }));
    counts.add(memberOf({ ...event, metric: "views", by: by.toLowerCase() }));
    counts.add(memberOf({ ...event, metric: "bookings" }));
    assert.deepEqual([...counts], [{ ...listing, views: 2, bookings: 1 }]);
    assert.deepEqual([counts.views, counts.bookings, counts.skipped], [2, 1, 0]);
  });
}

const foreign = [
  "",
  "v",
  `x${by}events:1`,
  `v${by}events`,
  `v${by}:1`,
  `v${by}events:`,
  `v${by}e:\0`,
];
for (const member of foreign) {
  Deno.test(`${JSON.stringify(member)} is no member of ours`, () => {
    const counts = new MemberCounts();
    counts.add(member);
    assert.equal(counts.skipped, 1);
    assert.deepEqual([...counts], []);
  });
}

Deno.test("every listing has its set, and the sets are used alike", () => {
  const used = new Array(UNIQUE_SHARDS).fill(0);
  for (let id = 0; id < 8_000; id++) used[shardOf({ kind: "locations", id: String(id) })]++;
  for (const count of used) assert.ok(count > 800 && count < 1_200, String(used));
});

Deno.test("distinct members are told apart exactly, in any order and of any form", () => {
  const random = chance(5);
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const met = new DistinctMembers();
  const exact = new Set<string>();
  const members = Array.from({ length: 30_000 }, (_, n) => {
    // Few differ in more than a digit or two: what collides would be seen.
    const identity = [...by].map((digit, index) =>
      index === n % 16 || index === n % 15 ? digits[Math.floor(random() * 64)] : digit
    ).join("");
    const letter = random() < 0.5 ? "v" : "b";
    const foreign = random() < 0.02 ? "!" : "";
    return `${letter}${foreign}${identity}events:${Math.floor(random() * 9)}`;
  });
  for (const member of ["", "v", ...members, ...members.toReversed()]) {
    assert.equal(met.add(member), !exact.has(member), member);
    exact.add(member);
  }
});

/** A set whose walk names members twice, and sends no page of more than 40. */
function walkable(members: readonly string[]): Redis {
  const named = members.flatMap((member, index) => index % 3 === 0 ? [member, member] : [member]);
  const run: Redis["run"] = ([, , cursor, , count]) => {
    const start = Number(cursor);
    const page = named.slice(start, start + Number(count));
    if (page.length > 40) return Promise.reject(new RedisSizeError("too large"));
    const next = start + page.length;
    // And once more what the page before it named last.
    const again = start > 0 ? named.slice(start - 2, start) : [];
    return Promise.resolve([String(next >= named.length ? 0 : next), [...page, ...again]]);
  };
  return { run } as Redis;
}

for (const parts of [1, 2, 7]) {
  Deno.test(`a walk in ${parts} parts tells of each member once, and of a listing in one part`, async () => {
    const members = Array.from({ length: 1_000 }, (_, n) =>
      memberOf({
        day: "",
        metric: "views",
        kind: "events",
        id: String(n % 50),
        by: String(n).padStart(16, "_"),
      }));
    const told: string[] = [];
    const partsOf = new Map<string, Set<number>>();
    let requests = 0;
    for (let part = 0; part < parts; part++) {
      await walkMembers(walkable(members), "set", {
        part,
        parts,
        onMember(member) {
          told.push(member);
          const listing = member.slice(17);
          partsOf.set(listing, (partsOf.get(listing) ?? new Set()).add(part));
        },
        onRequest: () => requests++,
      });
    }
    assert.deepEqual(told.toSorted(), members.toSorted());
    assert.ok([...partsOf.values()].every((in_) => in_.size === 1));
    assert.ok(requests >= 34 * parts);
  });
}

Deno.test("a walk gives up on a member that is too large by itself", async () => {
  const run = () => Promise.reject(new RedisSizeError("too large"));
  const walk = walkMembers({ run } as unknown as Redis, "set", {
    part: 0,
    parts: 1,
    onMember() {},
  });
  await assert.rejects(walk, RedisSizeError);
});
