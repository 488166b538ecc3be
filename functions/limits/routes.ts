/**
 * Limits for other backends: check, what remains, reset; and for a browser, what it has left itself.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import {
  assertAllowed,
  BodyInvalidError,
  type LimitAnswer,
  type LimitPolicy,
  RequestError,
  startOf,
} from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { isBackend } from "../middleware/auth.ts";
import { parseShape, readBody } from "../middleware/body.ts";
import { limitHeaders } from "../middleware/limit_headers.ts";
import { rateLimit, userOf } from "../middleware/rate_limit.ts";
import { LimitCheckRequest, LimitQuery, type LimitView } from "./contracts.ts";
import type { LimitName } from "./services.ts";

const CHECK_BYTES = 4_000;
const ownLimit = rateLimit("limits-read");

export const limitRoutes = new Hono<AppEnv>()
  .post("/api/limits/:service/check", async (c) => {
    const { clock, limits } = c.var.deps;
    const policy = policyOf(c, c.req.param("service"));
    const { identifier, weight } = await readBody(c, LimitCheckRequest, { maxBytes: CHECK_BYTES });
    assertWeight(policy, weight);
    const answer = await limits.check(policy, identifier, { weight });
    assertAllowed([answer], clock.now());
    return answerView(c, answer);
  })
  .get(
    "/api/limits/:service",
    async (c, next) => isBackend(c) ? await next() : await ownLimit(c, next),
    async (c) => {
      const { limits } = c.var.deps;
      const policy = policyOf(c, c.req.param("service"));
      const { identifier } = parseShape(LimitQuery, c.req.query(), "query");
      if (isBackend(c)) {
        if (identifier === undefined) throw queryFault("say whose: there is no default");
        return answerView(c, await limits.remaining(policy, identifier));
      }
      if (identifier !== undefined) {
        throw queryFault("only a backend may say it: send one of SERVICE_TOKENS");
      }
      // What counts sessions and addresses knows no users.
      if (policy.per !== "user") throw unknownLimit(policy.name);
      return c.json(viewOf(await limits.remaining(policy, await userOf(c))));
    },
  )
  .delete("/api/limits/:service/:identifier", async (c) => {
    const policy = policyOf(c, c.req.param("service"));
    const { identifier } = parseShape(LimitQuery.required(), c.req.param(), "path");
    await c.var.deps.limits.reset(policy, identifier);
    return c.body(null, 204);
  });

function policyOf(c: Context<AppEnv>, name: string): LimitPolicy<LimitName> {
  const policy = c.var.deps.limits.find(name);
  if (!policy) throw unknownLimit(name);
  return policy;
}

function answerView(c: Context<AppEnv>, answer: LimitAnswer) {
  return c.json(viewOf(answer), 200, limitHeaders([answer], c.var.deps.clock.now()));
}

function viewOf({ degraded, policy, remaining, resetAt, retryAt }: LimitAnswer): LimitView {
  return {
    limit: policy.limit,
    remaining,
    windowSeconds: policy.windowMs / 1_000,
    resetAt: new Date(retryAt ?? resetAt).toISOString(),
    ...(degraded && { degraded }),
  };
}

function assertWeight({ limit }: LimitPolicy, weight: number): void {
  if (weight <= limit) return;
  throw new BodyInvalidError([{ path: "weight", message: `must be at most the limit, ${limit}` }]);
}

function queryFault(message: string): BodyInvalidError {
  return new BodyInvalidError([{ path: "identifier", message }], "query");
}

function unknownLimit(name: string): RequestError {
  return new RequestError("limit_unknown", `Cannot find a limit named "${startOf(name, 64)}"`);
}
