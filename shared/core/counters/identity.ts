/**
 * Who caused an event, as 96 bits that lead back to nobody.
 *
 * Two people share one with a probability of 1 in 10^19 among 100,000: counting stays exact.
 * An address is masked first, and hashed by a key that changes each UTC day.
 *
 * @module
 */
import { maskAddress } from "./address.ts";
import type { Day } from "./day.ts";

/** What is known of a person; the first that is there counts. */
export interface Person {
  /** The subject of a verified token. */
  user?: string;
  /** Made by the browser. */
  session?: string;
  /** IPv4 or IPv6, in full. */
  address?: string;
}

/** 16 characters of `[A-Za-z0-9_-]`; the same for the same person, on one day at least. */
export async function identityOf(secret: string, day: Day, person: Person): Promise<string> {
  if (person.user !== undefined) return await digest(secret, `user:${person.user}`);
  if (person.session !== undefined) return await digest(secret, `session:${person.session}`);
  const masked = person.address === undefined ? undefined : maskAddress(person.address);
  return await digest(secret, `day:${day}`, masked === undefined ? "anonymous" : `ip:${masked}`);
}

/** HMAC-SHA256 by `secret` of the first text; of each further one by the digest before it. */
async function digest(secret: string, ...texts: string[]): Promise<string> {
  let key: Uint8Array = new TextEncoder().encode(secret);
  for (const text of texts) {
    const imported = await crypto.subtle.importKey(
      "raw",
      key as BufferSource,
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const message = new TextEncoder().encode(text);
    key = new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
  }
  return btoa(String.fromCharCode(...key.subarray(0, 12))).replaceAll("+", "-").replaceAll(
    "/",
    "_",
  );
}
