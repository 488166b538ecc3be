/**
 * The machine's own clock, timer and randomness.
 *
 * @module
 */
import type { Clock, Ids, Sleep } from "../ports.ts";

/** Wall time. */
export const systemClock: Clock = { now: () => Date.now() };

/** Real time, whatever the clock. */
export const systemSleep: Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const ALPHABET = "0123456789abcdefghijklmnopqrstuv";

/** Random ids of 26 characters, 130 bits. */
export const systemIds: Ids = {
  random() {
    const bytes = crypto.getRandomValues(new Uint8Array(26));
    return Array.from(bytes, (byte) => ALPHABET[byte & 31]).join("");
  },
};
