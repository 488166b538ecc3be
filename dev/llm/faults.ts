/**
 * What can go wrong with the model's provider, on demand.
 *
 * A fault strikes the next requests for an answer that match it, as often as it says; of several
 * that match, all strike. Over HTTP: `POST /_faults` with the same JSON, `GET` for those that wait,
 * `DELETE` for none.
 *
 * @module
 */
import { type ArmedFault, ArmedFaults } from "../armed_faults.ts";

/** What a request for an answer meets. Those that refuse say nothing, the others begin to answer. */
export type LlmFaultKind =
  /** 429 `rate_limit_exceeded`. `retryAfter`: seconds or an HTTP date. Default: `1`. */
  | { kind: "limit"; retryAfter?: string }
  /** 429 `insufficient_quota`; until it is disarmed, unless `times` says otherwise. */
  | { kind: "quota" }
  /** Answered with `status` (default: 503). */
  | { kind: "refuse"; status?: 500 | 502 | 503 | 504; retryAfter?: string }
  /** 401: the key is not valid; or 404: there is no such model. */
  | { kind: "forbid" | "noModel" }
  /** 400: the conversation is too long for the model. */
  | { kind: "tooLong" }
  /** The connection breaks; or nothing comes, not even a head, while this server runs. */
  | { kind: "disconnect" | "hang" }
  /**
   * Nothing comes once `afterTokens` tokens did (default: 0), for `ms` on the server's clock or in
   * real time (default: `server`), or while this server runs.
   */
  | { kind: "stall"; afterTokens?: number; ms?: number; clock?: "server" | "real" }
  /** The connection breaks once `afterTokens` tokens came. Default: 10. */
  | { kind: "break"; afterTokens?: number }
  /** A line that is no JSON comes in place of the next token. Default: after 10. */
  | { kind: "garble"; afterTokens?: number }
  /** The stream ends as if all was said: without a reason, without `[DONE]`. Default: after 10. */
  | { kind: "unfinished"; afterTokens?: number }
  /** The provider says in the stream that it failed, and ends it. Default: after 10. */
  | { kind: "fail"; afterTokens?: number }
  /**
   * The answer ends with this `finish_reason`, or with [DONE] alone where it is null. Default: after
   * 10 tokens.
   */
  | { kind: "end"; reason: string | null; afterTokens?: number }
  /**
   * These bytes come as they are, as a server of another kind would send them, and the stream ends.
   * Default: after 10 tokens.
   */
  | { kind: "raw"; text: string; afterTokens?: number }
  /**
   * Signs of life come every second for `ms` on the server's clock, once `afterTokens` tokens came
   * (default: 0), and then it goes on.
   */
  | { kind: "alive"; sign: SignOfLife; ms: number; afterTokens?: number }
  /** 400: this parameter is not supported, wherever a request has it; stays until it is disarmed. */
  | { kind: "unsupported"; parameter: string }
  /** 400 unless user and assistant take turns, the user first, as some models' templates want. */
  | { kind: "alternate" };

/** What a model at work says besides words. */
export type SignOfLife = "comment" | "role" | "empty" | "tool" | "reasoning";

/** What a fault's `matches` may look at. */
export interface LlmFaultTarget {
  readonly model: string;
  /** The last message of the user. */
  readonly question: string;
  readonly isStream: boolean;
  /** The parameters of the request. */
  readonly parameters: readonly string[];
  /** Whether user and assistant take turns in it, the user first. */
  readonly takesTurns: boolean;
}

export type LlmFault = LlmFaultKind & ArmedFault<LlmFaultTarget> & {
  /** Strikes only questions with this in it. Default: any. */
  contains?: string;
};

export class LlmFaults extends ArmedFaults<LlmFaultTarget, LlmFault> {
  constructor(random: () => number) {
    super(
      random,
      (fault, target) => {
        if (fault.kind === "unsupported" && !target.parameters.includes(fault.parameter)) {
          return false;
        }
        if (fault.kind === "alternate" && target.takesTurns) return false;
        return fault.contains === undefined || target.question.includes(fault.contains);
      },
    );
  }

  /** The faults that still wait; `left` is absent where there is no end. */
  list(): { kind: LlmFault["kind"]; left?: number; probability?: number; contains?: string }[] {
    return this.waiting().map(({ fault: { kind, probability, contains }, left }) => ({
      kind,
      ...(left !== undefined && { left }),
      ...(probability !== undefined && { probability }),
      ...(contains !== undefined && { contains }),
    }));
  }
}
