/**
 * Checks QStash's signature with the vendor's own receiver, keys and rotation included.
 *
 * @module
 */
import { Receiver } from "@upstash/qstash";
import { RequestError } from "../errors.ts";
import type { DeliveryVerifier } from "../ports.ts";

export interface DeliveryVerifierOptions {
  currentSigningKey: string;
  nextSigningKey: string;
  /** How far QStash's clock may be from ours, in seconds. Default: 5. */
  clockToleranceSeconds?: number;
}

/** Longer than any signature is old: what passes with it and not without is merely late. */
const ANY_AGE_SECONDS = 10 * 365 * 86_400;

/** Makes the verifier; a signature is good for 5 minutes. */
export function createDeliveryVerifier(options: DeliveryVerifierOptions): DeliveryVerifier {
  const { currentSigningKey, nextSigningKey, clockToleranceSeconds = 5 } = options;
  // Never the environment's word: in dev mode the keys are public, and forged deliveries pass.
  const receiver = new Receiver({ currentSigningKey, nextSigningKey, devMode: false });

  async function passes(
    delivery: { signature: string; body: string; url: string },
    clockTolerance: number,
  ): Promise<boolean> {
    try {
      return await receiver.verify({ ...delivery, clockTolerance });
    } catch {
      // Whatever it throws (a TypeError too, where a claim is absent), the delivery is not QStash's.
      return false;
    }
  }

  return {
    async verify(delivery) {
      if (await passes(delivery, clockToleranceSeconds)) return { id: idOf(delivery.signature) };
      // The receiver names the failure of the last key it tried, so ask again for this one cause.
      if (await passes(delivery, ANY_AGE_SECONDS)) {
        throw new RequestError("signature_expired", "Cannot accept the delivery: it is too old");
      }
      throw new RequestError(
        "signature_invalid",
        "Cannot accept the delivery: the signature is not QStash's for this body and address",
      );
    },
  };
}

/** The `jti` of a token that was verified. */
function idOf(signature: string): string | undefined {
  const base64 = signature.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const { jti } = JSON.parse(atob(base64)) as { jti?: unknown };
  return typeof jti === "string" && jti !== "" ? jti : undefined;
}
