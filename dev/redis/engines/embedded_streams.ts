/**
 * XINFO with the figures and fields of Redis; js-redis-server counts and words some otherwise.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type CommandDefinition, RedisResult, RedisValue } from "js-redis-server/core";

type Context = Parameters<CommandDefinition["execute"]>[1];
type Stream = NonNullable<ReturnType<Context["db"]["getStream"]>>;
type Id = Stream["lastId"];
type Group = Stream["groups"] extends Map<string, infer Each> ? Each : never;

interface Question {
  subcommand: string;
  key: Buffer;
  full?: boolean;
  count?: number | null;
}

const DEFAULT_COUNT = 10;

/** The same command, with the lag of groups and the `FULL` view as Redis tells them. */
export function withStreamFacts(original: CommandDefinition): CommandDefinition {
  return {
    ...original,
    schema: {
      parse: (input, index, context) => {
        // A COUNT below zero is none.
        const isNone = /^count$/i.test(String(input[index + 3])) &&
          /^-\d+$/.test(String(input[index + 4]));
        const words = isNone ? input.with(index + 4, Buffer.from(`${DEFAULT_COUNT}`)) : input;
        return original.schema.parse(words, index, context);
      },
    },
    execute: (args, context) => {
      const { subcommand, key, full, count } = (args as { args: Question }).args;
      const result = original.execute(args, context);
      const stream = context.db.getStream(key);
      if (!(result instanceof RedisResult) || stream === null) return result;
      if (subcommand === "groups") return RedisResult.create(withLag(result.value, stream));
      if (subcommand !== "stream" || !full) return result;
      // Zero means all.
      return RedisResult.create(fullView(result.value, stream, count === 0 ? Infinity : count));
    },
  };
}

interface GroupRead {
  group: Buffer;
  consumer: Buffer;
  streams: { key: Buffer; id: string | Id }[];
}

/**
 * What a group has read is counted as Redis does, trims and deletions considered; and reading
 * again what is pending is another delivery of each entry that is still there.
 */
export function withCountedReads(original: CommandDefinition): CommandDefinition {
  return {
    ...original,
    execute: (args, context) => {
      const { group: wanted, streams } = (args as { args: GroupRead }).args;
      const groupOf = (key: Buffer) =>
        context.db.getType(key) !== "stream"
          ? undefined
          : [...context.db.getStream(key)?.groups.values() ?? []]
            .find(({ name }) => wanted.equals(name));
      const before = streams.map(({ key }) => groupOf(key)?.entriesRead ?? null);
      const result = original.execute(args, context);
      if (!(result instanceof RedisResult) || result.value.kind !== "map-pairs") return result;
      for (const [name, entries] of result.value.entries) {
        if (entries.kind !== "array") continue;
        const at = streams.findIndex(({ key }) => String(key) === textOf(name));
        const group = at === -1 ? undefined : groupOf(streams[at].key);
        if (group === undefined) continue;
        const delivered = entries.items.map(deliveredId);
        if (streams[at].id === ">") {
          const stream = context.db.getStream(streams[at].key)!;
          group.entriesRead = readsAfter(stream, before[at], delivered);
          continue;
        }
        const again = new Set(delivered);
        for (const entry of group.pending.values()) {
          if (!again.has(`${entry.id.ms}-${entry.id.seq}`)) continue;
          entry.deliveryCount++;
          entry.deliveredAt = Date.now();
        }
      }
      return result;
    },
  };
}

/** What is claimed by force counts as delivered once before. */
export function withForcedClaims(original: CommandDefinition): CommandDefinition {
  return {
    ...original,
    execute: (args, context) => {
      const [key] = original.keys(args);
      const { args: claim } = args as { args: { group: Buffer; retryCount?: number | null } };
      const pending = () => {
        if (context.db.getType(key) !== "stream") {
          return new Map<string, { deliveryCount: number }>();
        }
        const groups = [...context.db.getStream(key)?.groups.values() ?? []];
        return groups.find(({ name }) => claim.group.equals(name))?.pending ?? new Map();
      };
      const before = new Set(pending().keys());
      const result = original.execute(args, context);
      if (typeof claim.retryCount === "number") return result;
      for (const [id, entry] of pending()) if (!before.has(id)) entry.deliveryCount++;
      return result;
    },
  };
}

/** A trim is no deletion: it leaves no gap that hides how many entries there were. */
export function withoutTrimmedGaps(original: CommandDefinition): CommandDefinition {
  return {
    ...original,
    execute: (args, context) => {
      const [key] = original.keys(args);
      const before = context.db.getType(key) === "stream"
        ? context.db.getStream(key)?.maxDeletedEntryId
        : undefined;
      const result = original.execute(args, context);
      const stream = context.db.getType(key) === "stream" ? context.db.getStream(key) : null;
      if (stream !== null) stream.maxDeletedEntryId = before ?? { ms: 0n, seq: 0n };
      return result;
    },
  };
}

function deliveredId(entry: RedisValue): string | undefined {
  if (entry.kind !== "array" || entry.items[1]?.kind !== "array") return undefined;
  return textOf(entry.items[0]);
}

function withLag(groups: RedisValue, stream: Stream): RedisValue {
  if (groups.kind !== "array") return groups;
  const known = [...stream.groups.values()];
  return RedisValue.array(
    groups.items.map((group, index) => replaced(group, "lag", lagOf(stream, known[index]))),
  );
}

function fullView(view: RedisValue, stream: Stream, limit: number | null | undefined): RedisValue {
  const count = limit ?? DEFAULT_COUNT;
  const entries = stream.entries.slice(0, count).map(({ id, fields }) =>
    list(idText(id), list(...fields.flat().map((each) => RedisValue.bulkString(each))))
  );
  const groups = byName([...stream.groups.values()]).map((group) =>
    groupView(stream, group, count)
  );
  if (view.kind !== "map") return view;
  const rest = view.entries.filter(([name]) => !/^(groups|entries)$/.test(textOf(name)));
  return RedisValue.map([...rest, [text("entries"), list(...entries)], [
    text("groups"),
    list(...groups),
  ]]);
}

function groupView(stream: Stream, group: Group, count: number): RedisValue {
  const pending = [...group.pending.values()].sort((one, other) => compare(one.id, other.id));
  const consumers = byName([...group.consumers].map(([id, each]) => ({ ...each, id })));
  const nameOf = (id: string) => group.consumers.get(id)?.name ?? Buffer.from(id, "hex");
  return facts({
    name: RedisValue.bulkString(group.name),
    "last-delivered-id": idText(group.lastDeliveredId),
    "entries-read": group.entriesRead === null
      ? RedisValue.bulkString(null)
      : RedisValue.integer(group.entriesRead),
    lag: lagOf(stream, group),
    "pel-count": RedisValue.integer(pending.length),
    pending: list(
      ...pending.slice(0, count).map((each) =>
        list(
          idText(each.id),
          RedisValue.bulkString(nameOf(each.consumerId)),
          RedisValue.integer(each.deliveredAt),
          RedisValue.integer(each.deliveryCount),
        )
      ),
    ),
    consumers: list(...consumers.map(({ id, name, seenAt }) => {
      const own = pending.filter(({ consumerId }) => consumerId === id);
      return facts({
        name: RedisValue.bulkString(name),
        "seen-time": RedisValue.integer(seenAt),
        "pel-count": RedisValue.integer(own.length),
        pending: list(
          ...own.slice(0, count).map((each) =>
            list(
              idText(each.id),
              RedisValue.integer(each.deliveredAt),
              RedisValue.integer(each.deliveryCount),
            )
          ),
        ),
      });
    })),
  });
}

/** How many entries a group has read once it was given those, in their order; null when unknown. */
function readsAfter(
  stream: Stream,
  before: number | null,
  delivered: readonly (string | undefined)[],
): number | null {
  let read = before;
  for (const text of delivered) {
    const [ms, seq] = (text ?? "0-0").split("-").map(BigInt);
    if (read !== null && !hasGap(stream, { ms, seq })) read++;
    else if (stream.entriesAdded > 0) {
      const estimated = estimatedReads(stream, { ms, seq });
      read = estimated === undefined ? null : Number(estimated);
    }
  }
  return read;
}

/** How many entries the group has not read; null where entries that were deleted hide it. */
function lagOf(stream: Stream, group: Group): RedisValue {
  const added = BigInt(stream.entriesAdded);
  const read = group.entriesRead !== null && !hasGap(stream, group.lastDeliveredId)
    ? BigInt(group.entriesRead)
    : estimatedReads(stream, group.lastDeliveredId);
  if (added === 0n) return RedisValue.integer(0);
  return read === undefined ? RedisValue.bulkString(null) : RedisValue.integer(added - read);
}

/** Whether an entry after `id` was deleted. */
function hasGap({ entries, maxDeletedEntryId: deleted }: Stream, id: Id): boolean {
  return entries.length > 0 && !isZero(deleted) && compare(id, deleted) <= 0;
}

/** How many entries were ever added up to `id`, where that can be told without counting. */
function estimatedReads(stream: Stream, id: Id): bigint | undefined {
  const { entries, lastId, maxDeletedEntryId: deleted } = stream;
  const added = BigInt(stream.entriesAdded);
  if (added === 0n) return 0n;
  if (entries.length === 0 && compare(id, lastId) < 1) return added;
  if (!isZero(id) && compare(id, deleted) < 0) return undefined;
  if (compare(id, lastId) >= 0) return compare(id, lastId) === 0 ? added : undefined;
  const first = entries[0].id;
  if (!isZero(deleted) && compare(deleted, first) >= 0) return undefined;
  const before = added - BigInt(entries.length);
  if (compare(id, first) < 0) return before;
  return compare(id, first) === 0 ? before + 1n : undefined;
}

function replaced(map: RedisValue, name: string, value: RedisValue): RedisValue {
  if (map.kind !== "map") return map;
  return RedisValue.map(
    map.entries.map(([each, held]) => [each, textOf(each) === name ? value : held]),
  );
}

function byName<T extends { name: Buffer }>(items: T[]): T[] {
  return items.sort((one, other) => Buffer.compare(one.name, other.name));
}

function facts(values: Record<string, RedisValue>): RedisValue {
  return RedisValue.map(Object.entries(values).map(([name, value]) => [text(name), value]));
}

function list(...items: RedisValue[]): RedisValue {
  return RedisValue.array(items);
}

function text(value: string): RedisValue {
  return RedisValue.bulkString(Buffer.from(value));
}

function textOf(value: RedisValue): string {
  return value.kind === "bulk-string" ? String(value.value) : "";
}

function idText({ ms, seq }: Id): RedisValue {
  return text(`${ms}-${seq}`);
}

function isZero({ ms, seq }: Id): boolean {
  return ms === 0n && seq === 0n;
}

function compare(one: Id, other: Id): number {
  if (one.ms !== other.ms) return one.ms < other.ms ? -1 : 1;
  return one.seq === other.seq ? 0 : one.seq < other.seq ? -1 : 1;
}
