/**
 * A user's token, as the site would sign it that its users come from.
 *
 * @module
 */
import { sign } from "hono/jwt";

/** For this user, signed by the shared secret (HS256). It does not end: dev's clock may move far. */
export function userToken(secret: string, user: string): Promise<string> {
  return sign({ sub: user }, secret, "HS256");
}
