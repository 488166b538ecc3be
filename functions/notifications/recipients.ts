/**
 * Recipients without their addresses: 128 bits that stand for one, and links that only we can make.
 *
 * Both are keyed by `IDENTITY_SECRET`: who has the log but not the secret learns no address. A new
 * secret forgets who unsubscribed, so keep it.
 *
 * @module
 */
import { asciiAddress } from "../../shared/mod.ts";
import { type UnsubscribeGroup, unsubscribeGroups } from "./event.ts";

/** What an unsubscribe link stands for. */
export interface Subscription {
  /** As `recipientId` gives it. */
  recipient: string;
  group: UnsubscribeGroup;
}

/** 22 characters of `[A-Za-z0-9_-]`, the same for every spelling of the address: case, and a domain in Unicode or ASCII. */
export function recipientId(secret: string, email: string): Promise<string> {
  return keyedHash(secret, `mail:${asciiAddress(email).toLowerCase()}`);
}

/** The token of an unsubscribe link; it does not expire, as mail is kept for years. */
export async function unsubscribeToken(
  secret: string,
  { recipient, group }: Subscription,
): Promise<string> {
  return `${recipient}.${group}.${await signature(secret, recipient, group)}`;
}

/** What the token stands for, if we made it. */
export async function readUnsubscribeToken(
  secret: string,
  token: string,
): Promise<Subscription | undefined> {
  const [recipient = "", group = "", signed = "", ...rest] = token.split(".");
  if (rest.length > 0 || !Object.hasOwn(unsubscribeGroups, group)) return undefined;
  // Both are hashes of what the caller cannot choose, so a plain comparison gives nothing away.
  const wanted = await keyedHash(secret, await signature(secret, recipient, group));
  if (wanted !== await keyedHash(secret, signed)) return undefined;
  return { recipient, group: group as UnsubscribeGroup };
}

function signature(secret: string, recipient: string, group: string): Promise<string> {
  return keyedHash(secret, `unsubscribe:${recipient}:${group}`);
}

async function keyedHash(secret: string, message: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, [
    "sign",
  ]);
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(message)));
  return btoa(String.fromCharCode(...digest.subarray(0, 16)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
