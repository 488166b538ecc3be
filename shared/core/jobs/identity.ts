/**
 * Who a job is: ids that are random, or the same whenever they are made from the same parts.
 *
 * @module
 */

const ALPHABET = "0123456789abcdefghijklmnopqrstuv";

/**
 * What tells an app from others that share a QStash account: `namespace@` and a short hash of where its
 * Redis is. It is no secret, and guards against mistakes alone.
 */
export function originOf(namespace: string, redisUrl: string): string {
  let hash = 0x811c9dc5;
  for (const char of redisUrl) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return `${namespace}@${(hash >>> 0).toString(36)}`;
}

/** 160 bits of the SHA-256 of the parts, as 32 of `[0-9a-v]`. Different parts never run into one another. */
export async function hashedId(...parts: string[]): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(parts));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  let id = "";
  let bits = 0;
  let value = 0;
  for (const byte of digest.subarray(0, 20)) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      id += ALPHABET[(value >> (bits - 5)) & 31];
      bits -= 5;
    }
  }
  return id;
}

/** The id of the job that `dedupeId` stands for. */
export function dedupedJobId(job: string, dedupeId: string): Promise<string> {
  return hashedId("job", job, dedupeId);
}

/** The id of a group's child; 32 characters, as every hashed id. */
export function childJobId(group: string, index: number): Promise<string> {
  return hashedId("child", group, String(index));
}

/** The id of the job that follows a group. */
export function followUpJobId(group: string): Promise<string> {
  return hashedId("follow-up", group);
}

/** QStash's deduplication id of one generation of a job; it may hold no colon. */
export function deduplicationId(id: string, generation: number): string {
  return `${id}-${generation}`;
}
