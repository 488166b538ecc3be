/**
 * Bodies that are signed: headers first, so that who does not even sign costs nothing.
 *
 * @module
 */
import type { Context } from "hono";
import { RequestError } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { readBehind } from "./body.ts";
import { hmacOf, isSame } from "./hmac.ts";

/** What a sender's headers say, once they can be right. */
export interface Claim {
  /** Who signs, as in `GitHub`, for the error. */
  sender: string;
  secret: Uint8Array;
  /** What is signed before the body. */
  before: Uint8Array;
  /** One of them must be ours. */
  signatures: readonly Uint8Array[];
}

/**
 * Reads the body, and holds it to what its headers claim.
 *
 * @throws {RequestError} `signature_invalid`, and what `readBytes` throws
 */
export async function readSigned(
  c: Context<AppEnv>,
  { sender, secret, before, signatures }: Claim,
  maxBytes: number,
): Promise<Uint8Array> {
  const signed = await readBehind(c, before, { maxBytes, isProven: false });
  const ours = await hmacOf(secret, signed);
  if (signatures.some((signature) => isSame(signature, ours))) {
    return signed.subarray(before.length);
  }
  throw new RequestError("signature_invalid", `Cannot accept: no signature is ${sender}'s`);
}
