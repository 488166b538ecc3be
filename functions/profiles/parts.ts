/**
 * What profiles stand on: the parts that their jobs are given, and where those run.
 *
 * @module
 */
import {
  type Config,
  type FlowControl,
  type Llm,
  NotConfiguredError,
  type Sql,
} from "../../shared/mod.ts";
import type { Catalogs } from "./catalogs.ts";

export interface ProfileParts {
  config: Config;
  /** Absent without `OPENAI_API_KEY`. */
  llm?: Llm;
  /** Absent: nobody is asked for what is not known of an item. */
  catalogs?: Catalogs;
}

/** Upkeep counts as one caller of an outside service: its calls carry the app's own credentials. */
export const UPKEEP = "profiles";
/** Users that one job takes in hand; what it reads of them must fit into a step of 256 KB. */
export const PAGE_USERS = 500;
export const HOUR_MS = 3_600_000;

/** Postgres, for profiles. @throws {NotConfiguredError} without `DATABASE_URL` */
export function sqlOfProfiles({ database }: { database?: Sql }): Sql {
  if (database) return database;
  throw new NotConfiguredError("profiles", ["DATABASE_URL"]);
}

/**
 * QStash's keys: `personality` computes; `music` and `video` (games with it) ask outside services,
 * one call at a time, so that a slow one holds up neither.
 */
export function flowControls(
  { namespace, maintenanceConcurrency }: Config,
): Record<"music" | "video" | "personality", FlowControl> {
  return {
    music: { key: `${namespace}.music`, parallelism: 1 },
    video: { key: `${namespace}.video`, parallelism: 1 },
    personality: { key: `${namespace}.personality`, parallelism: maintenanceConcurrency },
  };
}

export const iso = (at: number): string => new Date(at).toISOString();
