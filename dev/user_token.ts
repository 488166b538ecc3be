/**
 * A user's token, as the site would sign it that its users come from.
 *
 * @module
 */
import { sign } from "hono/jwt";

const YEAR_SECONDS = 365 * 86_400;

/** For this user, signed by the shared secret (HS256); it ends a year after `now` (epoch ms), by dev's clock. */
export function userToken(secret: string, user: string, now: number = Date.now()): Promise<string> {
  return sign({ sub: user, exp: Math.floor(now / 1_000) + YEAR_SECONDS }, secret, "HS256");
}
