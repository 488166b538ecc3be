/**
 * Reading a set of unique events: whole in one command, or, where it is too large, in parts.
 *
 * A part holds every member of some listings, by hash, so that its counts are absolute as well. It
 * takes a walk by SSCAN, of about 20 commands for a million members.
 *
 * @module
 */
import { RedisSizeError } from "../../errors.ts";
import type { Redis } from "../../ports.ts";
import { DistinctMembers } from "./distinct_members.ts";
import { type ExpiringReadOptions, readExpiring } from "./expiring_read.ts";
import { hashOf } from "./unique_events.ts";

/** Members that a walk remembers at once: 60 MB with their counts, where each has its own listing. */
const PART_MEMBERS = 250_000;
/** Members of a reply, about: 4 MB. */
const WALK_COUNT = 50_000;
/** About how many commands a walk through a set takes. */
export const WALK_REQUESTS = 22;

/** All members, or undefined where there are too many for one reply. One command. */
export async function readMembers(
  redis: Redis,
  key: string,
  options: ExpiringReadOptions = {},
): Promise<{ members: string[]; expires: boolean } | undefined> {
  try {
    const { reply, expires } = await readExpiring(redis, ["SMEMBERS", key], options);
    return { members: reply as string[], expires };
  } catch (error) {
    if (!(error instanceof RedisSizeError)) throw error;
    return undefined;
  }
}

/** In how many parts to walk through a set. One command. */
export async function countParts(
  redis: Redis,
  key: string,
  { expireAt, partMembers = PART_MEMBERS }: { expireAt?: number; partMembers?: number },
): Promise<{ parts: number; expires: boolean }> {
  const { reply, expires } = await readExpiring(redis, ["SCARD", key], { expireAt });
  return { parts: Math.max(1, Math.ceil((reply as number) / partMembers)), expires };
}

export interface WalkOptions {
  part: number;
  parts: number;
  mostBytes?: number;
  /** Told of each member of the part, once. */
  onMember(member: string): void;
  /** Told before each request. */
  onRequest?(): void;
}

/** Walks through the whole set, for one part of it. */
export async function walkMembers(redis: Redis, key: string, options: WalkOptions): Promise<void> {
  const { part, parts, mostBytes, onMember, onRequest } = options;
  const met = new DistinctMembers();
  let count = WALK_COUNT;
  for (let cursor = "0";;) {
    onRequest?.();
    const command = ["SSCAN", key, cursor, "COUNT", count] as const;
    const page = await readExpiring(redis, command, { mostBytes }).catch((error) => {
      if (!(error instanceof RedisSizeError) || count <= 1) throw error;
    });
    if (!page) {
      count = Math.ceil(count / 4);
      continue;
    }
    const [next, members] = page.reply as [string, string[]];
    for (const member of members) {
      const isOfPart = parts === 1 || partOf(member, parts) === part;
      if (isOfPart && met.add(member)) onMember(member);
    }
    cursor = String(next);
    if (cursor === "0") return;
  }
}

/** Another part of the hash than the one that chose the set. */
function partOf(member: string, parts: number): number {
  return (hashOf(member.slice(17)) >>> 8) % parts;
}
