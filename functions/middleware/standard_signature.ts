/**
 * Signatures as Standard Webhooks has them: `-id`, `-timestamp` and `-signature` over all three parts.
 *
 * The timestamp may be 5 minutes off either way. A sender that rotates its secret lists several
 * signatures; one of them must be ours.
 *
 * @module
 */
import { NotConfiguredError, RequestError } from "../../shared/mod.ts";
import { isSignedBy } from "./hmac.ts";

export interface StandardSender {
  /** Who signs, for the error of a missing secret: as in `the Standard Webhooks endpoint`. */
  what: string;
  /** The name of the setting that holds the secret. */
  setting: string;
  /** `whsec_` and base64, or the base64 alone; absent refuses all. */
  secret: string | undefined;
  /** Epoch ms. */
  now: number;
  /** What the names of the three headers begin with. Default: `webhook`. */
  prefix?: "webhook" | "svix";
}

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
  { what, setting, secret, now, prefix = "webhook" }: StandardSender,
): Promise<string> {
  const key = secret === undefined ? undefined : fromBase64(secret.replace(/^whsec_/, ""));
  if (!key || key.length === 0) throw new NotConfiguredError(what, [setting]);
  const id = headers.get(`${prefix}-id`);
  const timestamp = headers.get(`${prefix}-timestamp`);
  const signatures = headers.get(`${prefix}-signature`);
  if (!id || !timestamp || !signatures) {
    throw new RequestError(
      "signature_missing",
      `Cannot accept: ${prefix}-id, ${prefix}-timestamp and ${prefix}-signature are all required`,
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
      `Cannot accept: ${prefix}-timestamp is more than 5 minutes off`,
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
