/**
 * A circuit breaker: after repeated failures a dependency rests, then one call probes it.
 *
 * While it rests, calls fail at once with `CircuitOpenError` and nothing is sent. State is
 * this process's own; it costs no command and starts no timer.
 *
 * @module
 */
import { CircuitOpenError } from "../errors.ts";
import type { Clock } from "../ports.ts";

export interface BreakerOptions {
  /** Who rests, as it stands in errors. */
  dependency: string;
  clock: Clock;
  /** Failures in a row that open the circuit. Default: 5. */
  failures?: number;
  /** How long it stays open, in ms. Default: 30 s. */
  openMs?: number;
}

type Circuit =
  | { state: "closed"; failures: number }
  | { state: "open"; until: number }
  | { state: "probing"; since: number };

export interface Breaker {
  readonly state: Circuit["state"];
  /**
   * Refuses while the circuit rests, for those who must wait for something else before they call.
   *
   * @throws {CircuitOpenError} as `guard` would just now
   */
  check(): void;
  /**
   * Runs `work` unless the circuit is open. A rejection counts as a failure when `isFailure` says so,
   * as a success when it denies it, and as neither, but for a probe, when it does not know.
   *
   * @throws {CircuitOpenError} if the circuit is open, or another call is probing
   */
  guard<T>(work: () => Promise<T>, isFailure: (error: unknown) => boolean | undefined): Promise<T>;
}

/** Makes a closed circuit. */
export function createBreaker(options: BreakerOptions): Breaker {
  const { dependency, clock, failures = 5, openMs = 30_000 } = options;
  let circuit: Circuit = { state: "closed", failures: 0 };

  function check(): void {
    if (circuit.state === "closed") return;
    // A probe that never ended (its request was cancelled with the isolate's) frees its place in time.
    const until = circuit.state === "open" ? circuit.until : circuit.since + openMs;
    const waitMs = until - clock.now();
    if (waitMs > 0) throw new CircuitOpenError(dependency, waitMs);
  }

  function enter(): Circuit {
    check();
    if (circuit.state === "closed") return circuit;
    return circuit = { state: "probing", since: clock.now() };
  }

  function settle(entered: Circuit, failed: boolean | undefined): void {
    // A call that began before the circuit changed says nothing about it now.
    if (circuit !== entered) return;
    if (failed === undefined && circuit.state === "closed") return;
    if (failed === false) {
      circuit = circuit.state === "closed" && circuit.failures === 0
        ? circuit
        : { state: "closed", failures: 0 };
    } else if (circuit.state === "closed" && circuit.failures + 1 < failures) {
      circuit.failures++;
    } else {
      circuit = { state: "open", until: clock.now() + openMs };
    }
  }

  return {
    get state() {
      return circuit.state;
    },
    check,
    async guard(work, isFailure) {
      const entered = enter();
      try {
        const result = await work();
        settle(entered, false);
        return result;
      } catch (error) {
        settle(entered, isFailure(error));
        throw error;
      }
    },
  };
}
