/**
 * Signatures as Standard Webhooks has them: `-id`, `-timestamp` and `-signature` over all three parts.
 *
 * The timestamp may be 5 minutes off either way. A sender that rotates its secret lists several
 * signatures; one of them must be ours.
 *
 * @module
 */
import { NotConfiguredError, RequestError } from "../../shared/mod.ts";
import type { Claim } from "./signed_body.ts";

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

/** What the headers of a delivery claim. */
export interface StandardClaim extends Claim {
  /** The same when it is sent again. */
  id: string;
}

/**
 * Reads the headers of a delivery, before a byte of its body.
 *
 * @throws {NotConfiguredError | RequestError} where they cannot be right, whatever the body is
 */
export function claimOfStandard(
  headers: Headers,
  { what, setting, secret, now, prefix = "webhook" }: StandardSender,
): StandardClaim {
  const key = secret === undefined ? undefined : fromBase64(secret.replace(/^whsec_/, ""));
  if (!key || key.length === 0) throw new NotConfiguredError(what, [setting]);
  const id = headers.get(`${prefix}-id`);
  const timestamp = headers.get(`${prefix}-timestamp`);
  const list = headers.get(`${prefix}-signature`);
  if (!id || !timestamp || !list) {
    throw new RequestError(
      "signature_missing",
      `Cannot accept: ${prefix}-id, ${prefix}-timestamp and ${prefix}-signature are all required`,
    );
  }
  const signatures = signaturesIn(list);
  if (id.length > 200 || signatures.length === 0) {
    throw new RequestError("signature_invalid", "Cannot accept: no signature is the sender's");
  }
  const sentAt = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : NaN;
  if (!(Math.abs(now - sentAt) <= TOLERANCE_MS)) {
    throw new RequestError(
      "signature_expired",
      `Cannot accept: ${prefix}-timestamp is more than 5 minutes off`,
    );
  }
  const before = new TextEncoder().encode(`${id}.${timestamp}.`);
  return { sender: "the sender", id, secret: key, before, signatures };
}

function signaturesIn(list: string): Uint8Array[] {
  return list.split(" ")
    .map((item) => item.startsWith("v1,") ? fromBase64(item.slice(3)) : undefined)
    .filter((signature) => signature !== undefined && signature.length === 32)
    .slice(0, MOST_SIGNATURES) as Uint8Array[];
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Not base64, so not a signature or a secret of this kind.
    return undefined;
  }
}
