/**
 * OpenAI's chat completions on loopback: scripted answers at a set pace, and nothing learned.
 *
 * In memory, any model. Time comes from the given clock: tokens come as it moves, so on a virtual
 * clock an answer takes no real time to speak of.
 *
 * @module
 */
import { Hono } from "hono";
import type { DevClock } from "../clock.ts";
import { seededRandom } from "../random.ts";
import { LlmApiError, refusals } from "./api_error.ts";
import { complete, type CompletionParts, type Tally } from "./completions.ts";
import { controlRoutes } from "./control.ts";
import { LlmFaults } from "./faults.ts";
import { Pace } from "./pace.ts";
import { RequestLimit } from "./request_limit.ts";

/** The API key of a server that was given none. */
export const DEVELOPMENT_LLM_KEY = "sk-dev-key";

export interface LlmServerOptions {
  /** What the pace and the limit follow. */
  clock: DevClock;
  /** How fast an answer comes. Default: 50. */
  tokensPerSecond?: number;
  /** Requests that a minute may see. Default: 3,000. */
  requestsPerMinute?: number;
  /** Default: `DEVELOPMENT_LLM_KEY`. */
  token?: string;
  /** Makes the end of each answer's id. Default: random UUIDs. */
  newId?: () => string;
  /** From 0 to 1, for faults with a probability. Default: the same numbers in every run. */
  random?: () => number;
}

export interface LlmCounts extends Tally {
  /** Requests for an answer, whatever they were answered. */
  requests: number;
  /** Those that were over the limit. */
  refused: number;
  /** How often a fault struck. */
  faults: number;
}

export interface LlmServer {
  /** The API key. */
  readonly token: string;
  readonly faults: LlmFaults;
  /** Answers one request; fits `Deno.serve`. */
  fetch(request: Request): Promise<Response>;
  counts(): LlmCounts;
  /** Breaks off what is being said. */
  close(): Promise<void>;
}

/**
 * Starts a server that listens nowhere yet: give its `fetch` to `listen`, or call it.
 *
 * @example
 * ```ts
 * import { WallClock } from "../clock.ts";
 *
 * const llm = createLlmServer({ clock: new WallClock(), tokensPerSecond: 1_000 });
 * const response = await llm.fetch(
 *   new Request("http://llm/v1/chat/completions", {
 *     method: "POST",
 *     headers: { authorization: `Bearer ${llm.token}` },
 *     body: JSON.stringify({
 *       model: "any",
 *       messages: [{ role: "user", content: "/say Hello, world" }],
 *     }),
 *   }),
 * );
 * console.log((await response.json()).choices[0].message.content); // Hello, world
 * ```
 */
export function createLlmServer(options: LlmServerOptions): LlmServer {
  const { clock, tokensPerSecond = 50, requestsPerMinute = 3_000 } = options;
  const { token = DEVELOPMENT_LLM_KEY } = options;
  if (!(tokensPerSecond > 0)) {
    throw new RangeError(
      `Cannot speak: tokensPerSecond must be above 0, got ${tokensPerSecond}`,
    );
  }
  const faults = new LlmFaults(options.random ?? seededRandom(1));
  const closing = new AbortController();
  const asked = { requests: 0, refused: 0 };
  const tally: Tally = { tokens: 0, running: 0, finished: 0, aborted: 0 };
  const counts = (): LlmCounts => ({ ...asked, ...tally, faults: faults.struck });
  const parts: CompletionParts = {
    clock,
    pace: new Pace(clock),
    tokensPerSecond,
    faults,
    limit: new RequestLimit(requestsPerMinute),
    newId: options.newId ?? (() => crypto.randomUUID()),
    tally,
    closing: closing.signal,
  };
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof LlmApiError) return error.toResponse();
    throw error;
  });
  app.route("/", controlRoutes({ faults, counts }));
  app.route("/v1", apiRoutes(parts, asked, token));
  app.all("*", (c) => {
    throw refusals.notFound(c.req.method, c.req.path);
  });

  return {
    token,
    faults,
    fetch: async (request) => await app.fetch(request),
    counts,
    close: () => {
      closing.abort();
      return Promise.resolve();
    },
  };
}

function apiRoutes(
  parts: CompletionParts,
  asked: { requests: number; refused: number },
  token: string,
): Hono {
  const { clock, limit } = parts;
  const app = new Hono();
  app.use(async (c, next) => {
    const given = /^Bearer\s+(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (given === undefined) throw refusals.noKey();
    if (given !== token) throw refusals.wrongKey();
    await next();
    c.res.headers.set("x-request-id", `req_${parts.newId()}`);
  });
  app.post("/chat/completions", async (c) => {
    asked.requests++;
    const { allowed, headers } = limit.take(clock.now());
    if (!allowed) {
      asked.refused++;
      throw refusals.tooManyRequests(limit.perMinute, headers);
    }
    const response = await complete(c.req.raw, parts);
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  });
  app.get("/models", (c) =>
    c.json({
      object: "list",
      data: ["gpt-5-mini", "gpt-4o-mini"].map((id) => ({
        id,
        object: "model",
        created: 1_754_425_867,
        owned_by: "zeropoll",
      })),
    }));
  return app;
}
