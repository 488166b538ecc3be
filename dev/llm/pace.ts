/**
 * When a token is said: at its moment, on any clock.
 *
 * On a virtual clock somebody has to move it. A request that comes while a task runs (a delivery)
 * is taken to be the task's own: it holds time still, so the wait gives that back, as `sleep` does.
 * Any other request just waits for its moments. A task whose two requests take turns at waiting is
 * taken right as well, as long as one of them waits.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { type DevClock, VirtualClock } from "../clock.ts";

/** The moments of one answer, one after another. */
export interface Steps {
  /**
   * Runs `step` at `at` (epoch ms); the past means at once. Resolves to whether it ran: it does not
   * once the signal aborts.
   */
  at(at: number, step: () => void): Promise<boolean>;
  end(): void;
}

export class Pace {
  /** Answers that belong to a task. */
  #inTasks = 0;

  constructor(readonly clock: DevClock) {}

  begin(signal: AbortSignal): Steps {
    const { clock } = this;
    if (!(clock instanceof VirtualClock)) {
      return { at: (at, step) => runAt(clock, at, step, signal), end: () => {} };
    }
    if (!clock.isBusy && this.#inTasks === 0) {
      return {
        at: (at, step) => runAt(clock, at, step, signal, () => heard(clock)),
        end: () => {},
      };
    }
    this.#inTasks++;
    return {
      at: async (at, step) => {
        await clock.sleep(Math.max(0, at - clock.now()), { signal });
        if (signal.aborted) return false;
        step();
        await heard(clock);
        return true;
      },
      end: () => void this.#inTasks--,
    };
  }
}

function runAt(
  clock: DevClock,
  at: number,
  step: () => void,
  signal: AbortSignal,
  afterwards?: () => Promise<void>,
): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const giveUp = () => {
      timer.cancel();
      resolve(false);
    };
    const timer = clock.schedule(at, async () => {
      signal.removeEventListener("abort", giveUp);
      if (!signal.aborted) step();
      resolve(!signal.aborted);
      await afterwards?.();
    });
    signal.addEventListener("abort", giveUp, { once: true });
  });
}

/**
 * Lets tokens reach whoever listens, in real time, before a virtual clock moves on: the app, and who
 * listens to that. Those of one moment need to wait only once.
 */
async function heard(clock: VirtualClock): Promise<void> {
  if (clock.nextDueAt() === clock.now()) await new Promise((resolve) => setImmediate(resolve));
  else await new Promise((resolve) => setTimeout(resolve, 0));
}
