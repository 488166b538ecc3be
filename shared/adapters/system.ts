/**
 * The machine's own clock and randomness.
 *
 * @module
 */
import type { Clock, Ids } from "../ports.ts";

/** Wall time. */
export const systemClock: Clock = { now: () => Date.now() };

const ALPHABET = "0123456789abcdefghijklmnopqrstuv";

/** Random ids of 26 characters, 130 bits. */
export const systemIds: Ids = {
  random() {
    const bytes = crypto.getRandomValues(new Uint8Array(26));
    return Array.from(bytes, (byte) => ALPHABET[byte & 31]).join("");
  },
};
