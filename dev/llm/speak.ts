/**
 * One answer, said token by token at its pace, and what may end it early.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import type { LlmFaultKind } from "./faults.ts";
import type { Pace, Steps } from "./pace.ts";
import type { Script } from "./script.ts";

/** How an answer ended; `aborted` is that nobody listens any more. */
export type Ending =
  | "said"
  | "aborted"
  | "break"
  | "garble"
  | "unfinished"
  | "fail"
  | LlmFaultKind & { kind: "end" | "raw" };

export interface SpeakParts {
  clock: DevClock;
  pace: Pace;
  /** Where the script says nothing. */
  tokensPerSecond: number;
}

const SIGN_EVERY_MS = 1_000;
type Alive = LlmFaultKind & { kind: "alive" };
type Stall = LlmFaultKind & { kind: "stall" };

const USUAL_CUT_TOKENS = 10;

/**
 * Calls `say` with each token at its moment, and `live` for signs of life in between; resolves when
 * there is no more to say.
 */
export async function speak(
  { tokens, tokensPerSecond }: Script,
  struck: readonly LlmFaultKind[],
  parts: SpeakParts,
  { signal, say, live }: {
    signal: AbortSignal;
    say(token: string): void;
    live(sign: Alive["sign"]): void;
  },
): Promise<Ending> {
  const { clock, pace } = parts;
  const gapMs = 1_000 / (tokensPerSecond ?? parts.tokensPerSecond);
  const steps = pace.begin(signal);
  try {
    let at = clock.now();
    for (let index = 0;; index++) {
      for (const fault of struck) {
        if (
          isCut(fault) && index === Math.min(fault.afterTokens ?? USUAL_CUT_TOKENS, tokens.length)
        ) {
          return fault.kind === "end" || fault.kind === "raw" ? fault : fault.kind;
        }
        if (fault.kind === "alive" && index === Math.min(fault.afterTokens ?? 0, tokens.length)) {
          for (const until = at + fault.ms; at < until;) {
            at = Math.min(until, at + SIGN_EVERY_MS);
            if (!await steps.at(at, () => live(fault.sign))) return "aborted";
          }
        }
        if (fault.kind === "stall" && index === Math.min(fault.afterTokens ?? 0, tokens.length)) {
          at = await stall(fault, at, { clock, steps, signal });
        }
      }
      if (signal.aborted) return "aborted";
      if (index === tokens.length) return "said";
      at += gapMs;
      if (!await steps.at(at, () => say(tokens[index]))) return "aborted";
    }
  } finally {
    steps.end();
  }
}

function isCut(
  fault: LlmFaultKind,
): fault is LlmFaultKind & {
  kind: "break" | "garble" | "unfinished" | "fail" | "end" | "raw";
} {
  return ["break", "garble", "unfinished", "fail", "end", "raw"].includes(fault.kind);
}

/** Resolves to the moment from which the pace goes on. */
async function stall(
  { ms, clock: whose = "server" }: Stall,
  at: number,
  { clock, steps, signal }: { clock: DevClock; steps: Steps; signal: AbortSignal },
): Promise<number> {
  if (ms !== undefined && whose === "server") {
    await steps.at(at + ms, () => {});
    return at + ms;
  }
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
  return Math.max(at, clock.now());
}
