/**
 * One of the day's sets into Postgres: what it holds of a listing is all there is of it.
 *
 * @module
 */
import {
  countParts,
  MemberCounts,
  readMembers,
  UNIQUE_SHARDS,
  walkMembers,
} from "../../../shared/mod.ts";
import type { FlushSlice } from "./flush_slice.ts";
import { raiseCounts } from "./store.ts";

/** Raises the counts of a set's listings: of all of them, or of one part where it is too large. */
export async function flushSet(slice: FlushSlice): Promise<boolean> {
  const { parts: { redis, keys }, day, cursor, budget, expiry } = slice;
  const name = String(cursor.shard);
  const key = keys.uniqueEvents(day, cursor.shard);
  const { replyBytes: mostBytes, partMembers } = budget.limits;
  if (cursor.parts === 0) {
    budget.spend();
    const whole = await readMembers(redis, key, { ...expiry.of(name), mostBytes });
    if (whole) {
      expiry.note(name, whole);
      await raise(slice, (add) => whole.members.forEach(add));
      nextSet(slice);
      return true;
    }
    budget.spend();
    const counted = await countParts(redis, key, { ...expiry.of(name), partMembers });
    expiry.note(name, counted);
    cursor.parts = counted.parts;
  }
  if (!budget.hasWalk()) return false;
  const { part, parts } = cursor;
  await raise(slice, (onMember) =>
    walkMembers(redis, key, {
      part,
      parts,
      mostBytes,
      onMember,
      onRequest: () => budget.spend(),
    }));
  cursor.part++;
  if (cursor.part >= parts) nextSet(slice);
  return true;
}

async function raise(
  { parts: { sql }, day, cursor }: FlushSlice,
  read: (add: (member: string) => void) => void | Promise<void>,
): Promise<void> {
  const counts = new MemberCounts();
  await read((member) => counts.add(member));
  await raiseCounts(sql, day, counts);
  cursor.views += counts.views;
  cursor.bookings += counts.bookings;
  cursor.skipped += counts.skipped;
}

function nextSet({ cursor }: FlushSlice): void {
  cursor.shard++;
  cursor.part = 0;
  cursor.parts = 0;
  if (cursor.shard >= UNIQUE_SHARDS) cursor.stage = "estimates";
}
