/**
 * Where a request comes from.
 *
 * @module
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";

/** As the platform knows it, or in the header that is set; of a list, what the nearest proxy saw. */
export function addressOf(c: Context<AppEnv>): string | undefined {
  const { clientIpHeader } = c.var.deps.config;
  if (clientIpHeader === undefined) return c.env?.clientAddress;
  return c.req.header(clientIpHeader)?.split(",").at(-1)?.trim();
}
