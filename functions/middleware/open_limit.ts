/**
 * How often anybody may call what is open: by address, or by user where a token is asked for.
 *
 * On by default, and free: an isolate lets the first half of a limit through by itself. Backends are
 * exempt.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import {
  assertAllowed,
  type LimitAnswer,
  LimitExceededError,
  networkOf,
  RequestError,
} from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import type { LimitName } from "../limits/services.ts";
import { addressOf } from "./address.ts";
import { bearerOf } from "./auth.ts";
import { answerProblem } from "./problem.ts";
import { userOf } from "./rate_limit.ts";

/** Takes a unit of the caller's. @throws {LimitExceededError} if it is used up */
export async function assertOpenLimit(c: Context<AppEnv>, name: LimitName): Promise<void> {
  if (c.var.backend) return;
  const answer = await takeOpen(c, name);
  if (answer) assertAllowed([answer], c.var.deps.clock.now());
}

/**
 * Whoever shows wrong tokens is told to wait after some of them, instead of what was wrong. A right
 * one passes all the same: many may have one address.
 */
export const failedTokens: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (!isWrongToken(c)) return;
  const answer = await takeOpen(c, "failed-tokens");
  if (!answer || answer.allowed) return;
  const error = new LimitExceededError([answer], c.var.deps.clock.now());
  // What was set for the first answer, the way to prove oneself above all, is not this one's.
  c.res.headers.delete("WWW-Authenticate");
  c.error = error;
  c.res = await answerProblem(error, c);
};

function isWrongToken(c: Context<AppEnv>): boolean {
  if (!(c.error instanceof RequestError)) return false;
  const { code } = c.error;
  return code === "token_invalid" || (code === "operator_missing" && bearerOf(c) !== undefined);
}

async function takeOpen(c: Context<AppEnv>, name: LimitName): Promise<LimitAnswer | undefined> {
  const { limits, memory: { identities } } = c.var.deps;
  const policy = limits.find(name)!;
  if (policy.per === "user") {
    const user = await userOf(c);
    return await limits.checkOpen(policy, user, () => user);
  }
  const address = addressOf(c);
  const network = networkOf(address ?? "");
  if (network === undefined) noteUnreadable(c);
  // Hashed only where Redis is asked: no address stands in a key, and most need none.
  return await limits.checkOpen(policy, network, async () => {
    return `address:${identities ? await identities.ofNetwork(address) : network}`;
  });
}

/** Once for each isolate. */
function noteUnreadable(c: Context<AppEnv>): void {
  const { config, log, memory } = c.var.deps;
  if (memory.said.has("address")) return;
  memory.said.add("address");
  const header = config.clientIpHeader;
  log.warn("setting.warned", {
    setting: "CLIENT_IP_HEADER",
    warning: header === undefined
      ? "callers have no readable address, and share one allowance: name the header in which your " +
        "proxy hands it on"
      : `the header ${header} holds no readable address, and callers share one allowance`,
  });
}
