/**
 * Who may call: backends, by one of the service tokens.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { NotConfiguredError, RequestError } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { indexOfSecret } from "./secrets.ts";

/** Passes requests with `Authorization: Bearer` one of `SERVICE_TOKENS`; throws for all others. */
export const requireServiceToken: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { serviceTokens } = c.var.deps.config;
  if (serviceTokens.length === 0) {
    throw new NotConfiguredError("the API for backends", ["SERVICE_TOKENS"]);
  }
  const token = bearerOf(c);
  if (token === undefined) {
    throw new RequestError("token_missing", "Cannot tell who calls: send Authorization: Bearer");
  }
  if (await indexOfSecret(token, serviceTokens) === -1) {
    throw new RequestError("token_invalid", "Cannot accept this token: it is none of ours");
  }
  await next();
};

/** Whether a backend calls, by one of `SERVICE_TOKENS`. */
export async function isBackend(c: Context<AppEnv>): Promise<boolean> {
  const token = bearerOf(c);
  if (token === undefined) return false;
  return await indexOfSecret(token, c.var.deps.config.serviceTokens) !== -1;
}

/** The token of `Authorization: Bearer`, if there is one. */
export function bearerOf(c: Context): string | undefined {
  return /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
}
