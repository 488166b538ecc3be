/**
 * Backends, who carry one of the service tokens.
 *
 * @module
 */
import type { Context } from "hono";
import { NotConfiguredError, RequestError, type ServiceToken } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import type { Access } from "./access_table.ts";
import { indexOfSecret } from "./secrets.ts";

/** The service token that this text is, if it is one. */
export async function serviceTokenOf(
  c: Context<AppEnv>,
  bearer: string,
): Promise<ServiceToken | undefined> {
  const { serviceTokens } = c.var.deps.config;
  return serviceTokens[await indexOfSecret(bearer, serviceTokens.map(({ token }) => token))];
}

/** Whether a backend calls; that it may was seen to by the guard, where the table names a scope. */
export function isBackend(c: Context<AppEnv>): boolean {
  return c.var.backend !== undefined;
}

/** @throws {RequestError} `permission_missing`, which names the scope */
export function assertScope(
  { scopes }: ServiceToken,
  { service, isNamed }: Pick<Access, "service" | "isNamed">,
): void {
  if (service === undefined) {
    throw new RequestError("permission_missing", "Cannot go on: this takes an operator's token");
  }
  if (scopes ? scopes.includes(service) : !isNamed) return;
  throw new RequestError(
    "permission_missing",
    `Cannot go on: this token lacks the scope ${service}`,
  );
}

/** @throws {NotConfiguredError} where there is no service token at all */
export function assertBackends(c: Context<AppEnv>): void {
  if (c.var.deps.config.serviceTokens.length > 0) return;
  throw new NotConfiguredError("the API for backends", ["SERVICE_TOKENS"]);
}

/** The token of `Authorization: Bearer`, if there is one. */
export function bearerOf(c: Context): string | undefined {
  return /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
}
