/**
 * What the embedded engine's data would weigh: an estimate, since JavaScript does not tell.
 *
 * One pass over everything for `keyspaceFigures`; fine for INFO, not for every command.
 *
 * @module
 */
import type { RedisDatabase, RedisDataValue } from "js-redis-server/core";

/** About what Redis spends on a key, and on an element of a collection, besides their bytes. */
const KEY_BYTES = 56;
const ELEMENT_BYTES = 16;

/** The keys of a database, and what they weigh. */
export interface KeyspaceFigures {
  keys: number;
  /** How many of them have a TTL. */
  expires: number;
  averageTtlMs: number;
  bytes: number;
}

/** Counts and weighs all keys, as of `now` (epoch ms). */
export function keyspaceFigures(database: RedisDatabase, now: number): KeyspaceFigures {
  const figures = { keys: 0, expires: 0, averageTtlMs: 0, bytes: 0 };
  let ttlMs = 0;
  for (const { key, value, expiresAt } of database.entriesSnapshot()) {
    figures.keys++;
    figures.bytes += KEY_BYTES + key.byteLength + bytesOf(value);
    if (expiresAt === undefined) continue;
    figures.expires++;
    ttlMs += expiresAt - now;
  }
  if (figures.expires > 0) figures.averageTtlMs = Math.round(ttlMs / figures.expires);
  return figures;
}

/** What one key weighs; `undefined` when there is none. */
export function bytesOfKey(
  database: RedisDatabase,
  key: Parameters<RedisDatabase["get"]>[0],
): number | undefined {
  const value = database.get(key);
  return value === null ? undefined : KEY_BYTES + key.byteLength + bytesOf(value);
}

function bytesOf(value: RedisDataValue): number {
  switch (value.type) {
    case "string":
      return value.value.byteLength;
    case "list":
      return sum(value.values, (element) => element.byteLength);
    case "set":
      return sum(value.members.values(), (member) => member.byteLength);
    case "hash":
      return sum(value.fields.values(), (each) => each.field.byteLength + each.value.byteLength);
    case "zset":
      return sum(value.members.values(), (each) => each.member.byteLength + 8);
    case "stream":
      return sum(value.entries, (entry) => sum(entry.fields, (field) => field.byteLength));
  }
}

function sum<Item>(items: Iterable<Item>, bytes: (item: Item) => number): number {
  let total = 0;
  for (const item of items) total += ELEMENT_BYTES + bytes(item);
  return total;
}
