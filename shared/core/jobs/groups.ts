/**
 * When the last child of a group has ended, its follow-up is sent.
 *
 * Each child sets its bit and counts the bits: 2 commands in one round trip, and repeating it
 * changes nothing. Child 0 also gives the bitmap its TTL; when the follow-up was sent, so many bits
 * are written over it that no count is the total any more: a child replayed days later sends no
 * second. Without a follow-up it costs nothing.
 *
 * @module
 */
import type { GroupPlace } from "../../contracts/job.ts";
import type { RedisCommand } from "../../ports.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { findJob, followUp } from "./enqueue.ts";
import { GROUP_SECONDS } from "./group_times.ts";

/** Longer than a child's dead letter is kept, and what its replay takes. */
const SENT_SECONDS = 40 * 86_400;
/** A character with six bits set, the same in any encoding. */
const SIX_BITS = "w";

/** Marks the child as ended; sends the follow-up if it was the last. Throws when either cannot be done. */
export async function childEnded(dependencies: JobsDependencies, place: GroupPlace): Promise<void> {
  if (!place.then) return;
  const key = dependencies.keys.groupEnded(place.id);
  const commands: RedisCommand[] = [["SETBIT", key, place.index, 1]];
  if (place.index === 0) commands.push(["EXPIRE", key, GROUP_SECONDS]);
  commands.push(["BITCOUNT", key]);
  const ended = (await dependencies.redis.pipeline(commands, { repeatable: true })).at(-1);
  if (ended !== place.total) return;
  const job = findJob(dependencies.registry, place.then.job);
  await dependencies.queue.publish(
    await followUp(dependencies, place.id, place.total, job, place.then),
  );
  // After it, never before: what is cut short in between sends it again, and it runs once by its id.
  const sent = SIX_BITS.repeat(Math.floor(place.total / 6) + 1);
  await dependencies.redis.run(["SET", key, sent, "EX", SENT_SECONDS], { repeatable: true });
}
