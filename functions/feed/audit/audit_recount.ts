/**
 * An audit's own count of a day: by set, by listing, by page of the stream.
 *
 * @module
 */
import {
  countApproximateViews,
  countParts,
  type Day,
  isStorable,
  type LogReader,
  readMembers,
  scanApproximateListings,
  UNIQUE_SHARDS,
  walkMembers,
} from "../../../shared/mod.ts";
import type { AuditCursor } from "./audit_cursor.ts";
import { addPage, readPosition, type RecountedListing, writeRecount } from "./audit_store.ts";
import type { FlushBudget } from "../flush/flush_limits.ts";
import type { FeedParts } from "../parts.ts";

export interface AuditSlice {
  parts: FeedParts;
  day: Day;
  /** Moved on by each step. */
  cursor: AuditCursor;
  budget: FlushBudget;
  log: LogReader;
}

/** The letter, 16 characters of identity, and the listing. */
const MEMBER = /^(?:(v)|b).{16}(([^:]+):(.+))$/su;
/** A listing's views and bookings in one number: no set holds so many. */
const BOOKING = 2 ** 26;

/** Recounts a set, or a part of one; resolves to false when it does not fit into this delivery. */
export async function recountSet(slice: AuditSlice): Promise<boolean> {
  const { parts: { redis, keys, sql }, day, cursor, budget } = slice;
  const { replyBytes: mostBytes, partMembers } = budget.limits;
  const key = keys.uniqueEvents(day, cursor.shard);
  const listings = new Map<string, number>();
  const onMember = (member: string) => {
    const [, isView, name, kind, id] = MEMBER.exec(member) ?? [];
    if (name === undefined || !isStorable(kind) || !isStorable(id)) return;
    listings.set(name, (listings.get(name) ?? 0) + (isView ? 1 : BOOKING));
  };
  if (cursor.parts === 0) {
    budget.spend();
    const whole = await readMembers(redis, key, { mostBytes });
    whole?.members.forEach(onMember);
    if (!whole) {
      budget.spend();
      cursor.parts = (await countParts(redis, key, { partMembers })).parts;
    }
  }
  if (cursor.parts > 0) {
    if (!budget.hasWalk()) return false;
    const { part, parts } = cursor;
    const onRequest = () => budget.spend();
    await walkMembers(redis, key, { part, parts, mostBytes, onMember, onRequest });
    cursor.part++;
  }
  await writeRecount(sql, cursor.run, recounted(listings));
  if (cursor.part < cursor.parts) return true;
  Object.assign(cursor, { shard: cursor.shard + 1, part: 0, parts: 0 });
  if (cursor.shard >= UNIQUE_SHARDS) cursor.stage = "estimates";
  return true;
}

function* recounted(listings: ReadonlyMap<string, number>): Generator<RecountedListing> {
  for (const [name, count] of listings) {
    yield { name, views: count % BOOKING, bookings: Math.floor(count / BOOKING) };
  }
}

/** Reads some listings' estimates anew. */
export async function recountEstimates({ parts, day, cursor, budget }: AuditSlice): Promise<void> {
  const { redis, keys, sql } = parts;
  budget.spend();
  const page = await scanApproximateListings(redis, keys, day, cursor.scan);
  const listings = page.listings.filter(({ kind, id }) => isStorable(kind) && isStorable(id));
  for (let start = 0; start < listings.length; start += 500) budget.spend();
  const views = await countApproximateViews(redis, keys, day, listings);
  const estimates = listings.map(({ kind, id }, index) => ({
    name: `${kind}:${id}`,
    views: views[index],
    bookings: 0,
  }));
  await writeRecount(sql, cursor.run, estimates);
  cursor.scan = page.cursor;
  if (page.cursor === "0") cursor.stage = "log";
}

/** Recounts a page of the stream. */
export async function recountLog({ parts, day, cursor, log }: AuditSlice): Promise<void> {
  const after = await readPosition(parts.sql, cursor.run);
  const { entries, isLast } = await log.read(after);
  if (entries.length > 0) await addPage(parts.sql, { run: cursor.run, day, after, entries });
  if (isLast) cursor.stage = "compare";
}
