/**
 * INFO with the fields that Upstash reports, from the meter and the engine's own figures.
 *
 * @module
 */
import type { Command, Engine } from "./engines/engine.ts";
import type { Limits } from "./limits.ts";
import type { Meter } from "./meter.ts";

/** Where INFO gets its figures. */
export interface InfoSource {
  readonly engine: Engine;
  readonly meter: Meter;
  readonly limits: Limits;
  now(): number;
  /** Open event streams. */
  connections(): number;
  /** The number of the database behind `REDIS_URL`; 0 elsewhere. */
  readonly database: number;
}

/** Keys and bytes of an engine, as it tells them itself. */
export interface EngineFigures {
  bytes: number;
  keys: number;
  expires: number;
  averageTtlMs: number;
  /** Statistics by name; an engine that keeps none gives none. */
  statistics: ReadonlyMap<string, string>;
}

const OPERATIONS_PER_SECOND = 10_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const everything = new Set(["", "all", "default", "everything"]);

/** Asks the engine for its figures; keys are those of `database`. */
export async function readFigures(engine: Engine, database = 0): Promise<EngineFigures> {
  const question: Command = [encoder.encode("INFO")];
  const { reply } = await engine.run(question);
  const text = reply.type === "bulk" && reply.bytes ? decoder.decode(reply.bytes) : "";
  const statistics = new Map(
    [...text.matchAll(/^(\w+):([^\r\n]*)/gm)].map(([, name, value]) => [name, value]),
  );
  const keyspace = Object.fromEntries(
    [...(statistics.get(`db${database}`) ?? "").matchAll(/(\w+)=(\d+)/g)]
      .map(([, name, value]) => [name, Number(value)]),
  );
  return {
    bytes: Number(statistics.get("used_memory") ?? 0),
    keys: keyspace.keys ?? 0,
    expires: keyspace.expires ?? 0,
    averageTtlMs: keyspace.avg_ttl ?? 0,
    statistics,
  };
}

/** INFO's text for `sections` (all of them when there are none); an unknown one is a heading. */
export async function infoText(
  source: InfoSource,
  sections: readonly string[],
): Promise<string> {
  const known = sectionsOf(source, await readFigures(source.engine, source.database));
  const asked = sections.some((name) => everything.has(name.toLowerCase())) || sections.length === 0
    ? Object.keys(known)
    : sections;
  return asked.map((name) => {
    const heading = name.charAt(0).toUpperCase() + name.slice(1).toLowerCase();
    const lines = Object.entries(known[heading] ?? {}).map(([field, value]) => `${field}:${value}`);
    return [`# ${heading}`, ...lines, ""].join("\r\n");
  }).join("\r\n");
}

type Section = Record<string, string | number>;

function sectionsOf(source: InfoSource, figures: EngineFigures): Record<string, Section> {
  const { meter, limits } = source;
  const { reads, writes } = meter.lifetime();
  const statistic = (name: string) => figures.statistics.get(name) ?? 0;
  return {
    Server: {
      upstash_version: "1.13.3",
      redis_version: "6.2.6",
      redis_mode: "standalone",
    },
    Clients: {
      connected_clients: source.connections(),
      maxclients: 10_000,
    },
    Memory: {
      used_memory: figures.bytes,
      used_memory_human: human(figures.bytes),
      maxmemory: limits.memoryBytes,
      maxmemory_human: human(limits.memoryBytes),
      maxmemory_policy: "noeviction",
    },
    Stats: {
      total_keys: figures.keys,
      total_data_size: figures.bytes,
      max_data_size: limits.dataBytes,
      total_commands_processed: meter.processed,
      instantaneous_ops_per_sec: meter.commandsInSecond(source.now()),
      max_ops_per_sec: OPERATIONS_PER_SECOND,
      expired_keys: statistic("expired_keys"),
      evicted_keys: statistic("evicted_keys"),
      keyspace_hits: statistic("keyspace_hits"),
      keyspace_misses: statistic("keyspace_misses"),
      total_reads_processed: reads,
      total_writes_processed: writes,
    },
    Cluster: { cluster_enabled: 0 },
    Keyspace: figures.keys === 0 ? {} : {
      db0: `keys=${figures.keys},expires=${figures.expires},avg_ttl=${figures.averageTtlMs}`,
    },
  };
}

function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(2)}${" KMG"[power]}`;
}
