/**
 * Takes the per-command copies out of js-redis-server.
 *
 * As shipped it clones a whole collection for every command that touches it. The clones guard
 * callers that edit what they read; ours do not. The members are private, so the package is pinned
 * and `missingMembers` tells at once when a release has moved them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { RedisDataValue, RedisServerState } from "js-redis-server/core";

interface Entry {
  key: Uint8Array;
  value: RedisDataValue;
  expiresAt?: number;
}

interface Keyspace {
  entries: Map<string, Entry>;
  getLiveEntry(key: Uint8Array): Entry | null;
  get(key: Uint8Array): RedisDataValue | null;
  sweepExpired(): number;
  entriesSnapshot(): Entry[];
}

interface MutationBus {
  globalListeners: Set<(event: MutationEvent) => void>;
  keyListeners: Map<string, Set<(event: MutationEvent) => void>>;
  emit(event: MutationEvent): void;
}

type MutationEvent = { type: "flush" } | { type: string; key: Uint8Array };

/** The members that the patch replaces or reads and that `state` does not have. */
export function missingMembers(state: RedisServerState): string[] {
  const missing: string[] = [];
  const database = state.databases[0] as unknown as Record<string, unknown>;
  const expect = (owner: unknown, name: string, members: Record<string, string>) => {
    for (const [member, kind] of Object.entries(members)) {
      const value = (owner as Record<string, unknown> | undefined)?.[member];
      const actual = value instanceof Map || value instanceof Set
        ? value.constructor.name
        : typeof value;
      if (actual !== kind) missing.push(`${name}.${member}`);
    }
  };
  expect(database?.keyspace, "keyspace", {
    entries: "Map",
    get: "function",
    getLiveEntry: "function",
    sweepExpired: "function",
    entriesSnapshot: "function",
  });
  expect(database?.mutations, "mutations", {
    emit: "function",
    globalListeners: "Set",
    keyListeners: "Map",
  });
  return missing;
}

/**
 * Replaces the three methods that copy, in this one server.
 *
 * @throws {Error} when js-redis-server no longer has the members this relies on
 */
export function removeCopies(state: RedisServerState): void {
  const missing = missingMembers(state);
  if (missing.length > 0) {
    throw new Error(`Cannot patch js-redis-server: it lacks ${missing.join(", ")}`);
  }
  for (const database of state.databases) {
    const { keyspace, mutations } = database as unknown as {
      keyspace: Keyspace;
      mutations: MutationBus;
    };
    keyspace.get = (key) => {
      const value = keyspace.getLiveEntry(key)?.value ?? null;
      // Strings are edited in place (SETBIT, SETRANGE) and one copy is cheap.
      return value?.type === "string" ? { ...value, value: Buffer.from(value.value) } : value;
    };
    keyspace.entriesSnapshot = () => {
      keyspace.sweepExpired();
      return [...keyspace.entries.values()];
    };
    mutations.emit = (event) => {
      for (const listener of [...mutations.globalListeners]) listener(event);
      if (mutations.keyListeners.size === 0) return;
      const concerned = "key" in event
        ? [mutations.keyListeners.get(Buffer.from(event.key).toString("hex"))]
        : [...mutations.keyListeners.values()];
      for (const listeners of concerned) {
        for (const listener of [...(listeners ?? [])]) listener(event);
      }
    };
  }
}
