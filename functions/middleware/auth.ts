/**
 * Who may call: backends, by one of the service tokens.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { NotConfiguredError, RequestError } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";

/** Passes requests with `Authorization: Bearer` one of `SERVICE_TOKENS`; throws for all others. */
export const requireServiceToken: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { serviceTokens } = c.var.deps.config;
  if (serviceTokens.length === 0) {
    throw new NotConfiguredError("the API for backends", ["SERVICE_TOKENS"]);
  }
  const token = /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
  if (token === undefined) {
    throw new RequestError("token_missing", "Cannot tell who calls: send Authorization: Bearer");
  }
  if (!await isOneOf(token, serviceTokens)) {
    throw new RequestError("token_invalid", "Cannot accept this token: it is none of ours");
  }
  await next();
};

/** Compares digests, and all of them, so that the time taken says nothing about a token. */
async function isOneOf(token: string, known: readonly string[]): Promise<boolean> {
  const [given, ...digests] = await Promise.all([token, ...known].map(sha256));
  let found = 0;
  for (const digest of digests) {
    let difference = 0;
    for (let index = 0; index < digest.length; index++) difference |= digest[index] ^ given[index];
    found |= Number(difference === 0);
  }
  return found === 1;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
