/**
 * What every handler finds in `c.var`.
 *
 * @module
 */
import type { Operator, RedisTally, ServiceToken } from "../shared/mod.ts";
import type { Deps } from "./deps.ts";
import type { HeldBody } from "./middleware/body_memory.ts";

/** A delivery whose signature was verified. */
export interface VerifiedDelivery {
  body: string;
  /** `Upstash-Retried`: 0 for the first; not covered by the signature. */
  attempt: number;
  /** `Upstash-Message-Id`; not covered by the signature. */
  messageId: string;
  /** The signature's own id. */
  signatureId?: string;
}

export interface AppEnv {
  Bindings: {
    /** The caller's address as the platform knows it; each entry has its own way. */
    clientAddress?: string;
  };
  Variables: {
    /** The app's parts, counting into this request's tally and logging with its id. */
    deps: Deps;
    requestId: string;
    tally: RedisTally;
    /** Lets `work` outlive the response; resolves at once where the platform can, else when it is done. */
    defer: (work: Promise<unknown>) => Promise<void>;
    /**
     * Keeps what this request holds (its connection to Postgres, its log line) until `work` is done,
     * and answers meanwhile: for a body that streams, and for who makes it. `work` must not reject.
     * The platform may stop it with the instance: what must not be lost belongs in QStash as well.
     */
    outlive: (work: Promise<void>) => void;
    /** What was read of the body: its room is free once the request was answered. */
    body?: HeldBody;
    /** Set by `verifyQstash`. */
    delivery: VerifiedDelivery;
    /** Set by the guard, and by `requireOperator`. */
    operator?: Operator;
    /** Set by `userOf`: whose token it is. */
    user?: string;
    /** Set by the guard: the token of the backend that calls. */
    backend?: ServiceToken;
  };
}
