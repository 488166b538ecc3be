/**
 * Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature` over all three parts.
 *
 * The timestamp may be 5 minutes off either way. A sender that rotates its secret lists several
 * signatures; one of them must be ours.
 *
 * @module
 */
import * as z from "zod";
import { NotConfiguredError, RequestError } from "../../shared/mod.ts";
import type { AppRegistry } from "../jobs/registry.ts";
import { isSignedBy } from "./hmac.ts";

/** The job that each type of event becomes, with the event's data; every other type is let go. */
export const standardJobs: Readonly<Record<string, keyof AppRegistry>> = {
  "debug.echo": "debug.echo",
};

/** The body of a Standard Webhooks delivery. */
export const StandardEvent = z.object({
  type: z.string().min(1).max(200),
  timestamp: z.string().optional(),
  data: z.unknown(),
});

/** More than a sender needs while it rotates its secret. */
const MOST_SIGNATURES = 8;

const TOLERANCE_MS = 5 * 60_000;

/**
 * Verifies a delivery; resolves to its id, which is the same when it is sent again.
 *
 * @throws {NotConfiguredError | RequestError}
 */
export async function verifyStandard(
  headers: Headers,
  body: Uint8Array,
  { secret, now }: { secret: string | undefined; now: number },
): Promise<string> {
  const key = secret === undefined ? undefined : fromBase64(secret.replace(/^whsec_/, ""));
  if (!key || key.length === 0) {
    throw new NotConfiguredError("the Standard Webhooks endpoint", ["WEBHOOK_SECRET_STANDARD"]);
  }
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp");
  const signatures = headers.get("webhook-signature");
  if (!id || !timestamp || !signatures) {
    throw new RequestError(
      "signature_missing",
      "Cannot accept: webhook-id, webhook-timestamp and webhook-signature are all required",
    );
  }
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), body);
  if (id.length > 200 || !await isAnyOurs(signatures, key, signed)) {
    throw new RequestError("signature_invalid", "Cannot accept: no signature is the sender's");
  }
  const sentAt = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : NaN;
  if (!(Math.abs(now - sentAt) <= TOLERANCE_MS)) {
    throw new RequestError(
      "signature_expired",
      "Cannot accept: webhook-timestamp is more than 5 minutes off",
    );
  }
  return id;
}

async function isAnyOurs(list: string, key: Uint8Array, signed: Uint8Array): Promise<boolean> {
  const signatures = list.split(" ")
    .map((item) => item.startsWith("v1,") ? fromBase64(item.slice(3)) : undefined)
    .filter((signature) => signature?.length === 32);
  // Each costs a hash over the whole body, before the sender is known.
  for (const signature of signatures.slice(0, MOST_SIGNATURES)) {
    if (await isSignedBy(key, signature!, signed)) return true;
  }
  return false;
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Not base64, so not a signature or a secret of this kind.
    return undefined;
  }
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}
