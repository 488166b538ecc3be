/**
 * How many bytes of bodies an isolate holds at once: with more than that, callers are asked to come
 * again, rather than that all of them lose the isolate.
 *
 * Plain data, as workerd shares nothing else. What is not known to be a caller's own until all of it
 * was read has its own share: nobody without a secret keeps out those who have one.
 *
 * @module
 */
import { type Clock, RequestError } from "../../shared/mod.ts";

/** Of each share: two of GitHub's largest. */
export const MOST_HELD_BYTES = 2 * 26_214_400;
/** Bodies that can be no larger do not count: all feeds and forms together hold little. */
export const UNCOUNTED_BYTES = 256 * 1024;
/** Senders of webhooks wait for 10 s or so: who takes longer makes room for others, where none is left. */
const STALE_MS = 15_000;
const RETRY_AFTER_MS = 5_000;

/** A body on its way in. */
export interface HeldBody {
  readonly isProven: boolean;
  readonly since: number;
  /** Zeros beyond `length`. Empty once others were given its room. */
  bytes: Uint8Array;
  length: number;
  isGivenUp: boolean;
}

/** The bodies of an isolate's requests. */
export class BodyMemory {
  readonly #held = new Set<HeldBody>();

  constructor(private readonly clock: Clock) {}

  /** Begins with these bytes, whose room does not count. */
  begin(isProven: boolean, bytes: Uint8Array): HeldBody {
    const since = this.clock.now();
    return { isProven, since, bytes, length: bytes.length, isGivenUp: false };
  }

  /**
   * Takes room for `bytes` in all. May be asked again for more.
   *
   * @throws {RequestError} `overloaded`, where there is none
   */
  hold(body: HeldBody, bytes: number): void {
    if (body.isGivenUp) throw overloaded("it came too slowly");
    const isRoom = () => this.#heldBeside(body) + bytes <= MOST_HELD_BYTES;
    if (!isRoom()) this.#giveUpStale(body);
    if (!isRoom()) throw overloaded("too many are read at once");
    this.#held.add(body);
  }

  /** Of a request that has ended. */
  release(body: HeldBody): void {
    this.#held.delete(body);
  }

  #heldBeside(body: HeldBody): number {
    let bytes = 0;
    for (const other of this.#held) {
      if (other !== body && other.isProven === body.isProven) bytes += other.bytes.length;
    }
    return bytes;
  }

  #giveUpStale(body: HeldBody): void {
    const now = this.clock.now();
    for (const other of this.#held) {
      if (other === body || other.isProven !== body.isProven || now - other.since < STALE_MS) {
        continue;
      }
      // What was read whole is its request's own by now; what was not is gone.
      other.isGivenUp = true;
      other.bytes = new Uint8Array();
      this.#held.delete(other);
    }
  }
}

function overloaded(because: string): RequestError {
  return new RequestError("overloaded", `Cannot read the body: ${because}`, {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
  });
}
