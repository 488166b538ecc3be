/**
 * Who caused an event, as 96 bits that lead back to nobody.
 *
 * Two of 100,000 people share one with a probability of 1 in 10^19: counting stays exact.
 * An address is masked first, and hashed by a key that changes each UTC day.
 *
 * @module
 */
import { maskAddress, networkOf } from "./address.ts";
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

/** Turns what is known into 16 characters of `[A-Za-z0-9_-]`. */
export interface Identities {
  /**
   * The same for the same user or session on every day, for the same masked address on one day.
   * All of whom nothing is known are one person a day.
   */
  ofPerson(day: Day, person: Person): Promise<string>;
  /** The same for the same address, or IPv6 network, on every day; all that are none are one. */
  ofNetwork(address: string | undefined): Promise<string>;
  /** The same for the same booking, whoever made it. */
  ofBooking(booking: string): Promise<string>;
}

/** Hashes by `secret`; it keeps the imported keys, so one is made for each isolate. */
export function createIdentities(secret: string): Identities {
  let always: CryptoKey | undefined;
  let daily: { day: Day; key: CryptoKey } | undefined;

  async function alwaysKey(): Promise<CryptoKey> {
    return always ??= await importKey(new TextEncoder().encode(secret));
  }

  async function keyOf(day: Day): Promise<CryptoKey> {
    if (daily?.day === day) return daily.key;
    const key = await importKey(await sign(await alwaysKey(), `day:${day}`));
    daily = { day, key };
    return key;
  }

  return {
    async ofPerson(day, { user, session, address }) {
      if (user !== undefined) return text(await sign(await alwaysKey(), `user:${user}`));
      if (session !== undefined) return text(await sign(await alwaysKey(), `session:${session}`));
      const masked = address === undefined ? undefined : maskAddress(address);
      const known = masked === undefined ? "anonymous" : `address:${masked}`;
      return text(await sign(await keyOf(day), known));
    },
    async ofNetwork(address) {
      const network = address === undefined ? undefined : networkOf(address);
      return text(await sign(await alwaysKey(), `network:${network ?? "unknown"}`));
    },
    async ofBooking(booking) {
      return text(await sign(await alwaysKey(), `booking:${booking}`));
    },
  };
}

function importKey(bytes: Uint8Array): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", bytes as BufferSource, algorithm, false, ["sign"]);
}

async function sign(key: CryptoKey, message: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(message)));
}

function text(digest: Uint8Array): string {
  return btoa(String.fromCharCode(...digest.subarray(0, 12)))
    .replaceAll("+", "-").replaceAll("/", "_");
}
