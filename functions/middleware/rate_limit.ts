/**
 * Limits on a route: several may be named, and all of them must let the request through.
 *
 * 5 commands for an isolate's first request of somebody, then 3, or none on a lease; none for who is
 * known to be over. The headers say how many are left, on every answer.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import {
  assertAllowed,
  type LimitPolicy,
  networkOf,
  NotConfiguredError,
  RequestError,
  startOf,
} from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import type { LimitName } from "../limits/services.ts";
import { addressOf } from "./address.ts";
import { bearerOf } from "./auth.ts";
import { limitHeaders } from "./limit_headers.ts";

export interface RateLimitOptions {
  /** Requests of other methods pass uncounted. Default: every method counts. */
  method?: string;
  /** Units that a request takes. Default: 1. */
  weight?: number;
}

/** Where a browser's page says which session it is of. */
const SESSION_HEADER = "X-Session";

/**
 * Lets a request through while each of these limits has a unit for its sender: the user of a token,
 * a session, or an address, as the policy says.
 *
 * @throws {LimitExceededError | LimitUnavailableError} in the place of the handler's answer
 * @throws {RequestError} `token_missing` or `token_invalid` where users are counted
 */
export function rateLimit(
  names: LimitName | readonly LimitName[],
  { method, weight }: RateLimitOptions = {},
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (method !== undefined && c.req.method !== method) return await next();
    const { clock, limits } = c.var.deps;
    const demands = [];
    for (const limit of [names].flat()) {
      demands.push({ limit, weight, identifier: await senderOf(c, limits.find(limit)!) });
    }
    const answers = await limits.checkAll(demands);
    assertAllowed(answers, clock.now());
    await next();
    for (const [name, value] of Object.entries(limitHeaders(answers, clock.now()))) {
      // The draft's are lists; of the common ones there is one, and the innermost limit's stays.
      const isTaken = name.startsWith("X-RateLimit") && c.res.headers.has(name);
      if (!isTaken) c.res.headers.append(name, value);
    }
  };
}

/** The user whose token the request carries. @throws {RequestError} `token_missing` or `token_invalid` */
export async function userOf(c: Context<AppEnv>): Promise<string> {
  if (c.var.user !== undefined) return c.var.user;
  const token = bearerOf(c);
  if (token === undefined) {
    throw new RequestError("token_missing", "Cannot tell who calls: send Authorization: Bearer");
  }
  const { userTokens } = c.var.deps;
  if (userTokens) {
    const user = await userTokens.verify(token);
    c.set("user", user);
    return user;
  }
  throw new NotConfiguredError("users' tokens", ["AUTH_SECRET or AUTH_JWKS_URL"]);
}

async function senderOf(c: Context<AppEnv>, { per }: LimitPolicy): Promise<string> {
  if (per === "user") return await userOf(c);
  const session = per === "session" ? c.req.header(SESSION_HEADER) : undefined;
  if (session) return `session:${startOf(session, 200)}`;
  const address = addressOf(c);
  const { identities } = c.var.deps.memory;
  return `address:${
    identities ? await identities.ofNetwork(address) : networkOf(address ?? "") ?? "unknown"
  }`;
}
