/**
 * Users' tokens: JWT, signed by a shared secret (HS256) or by one of the keys at a URL.
 *
 * @module
 */
import { verify } from "hono/jwt";
import { RequestError } from "../errors.ts";
import type { Clock, UserTokens } from "../ports.ts";

/** Checks signature, `exp`, `nbf` and `iat`; the user is `sub`. */
export function createUserTokens(
  options: { secret: string } | { jwksUrl: string },
  _clock: Clock,
): UserTokens {
  return {
    async verify(token) {
      if (!("secret" in options)) throw new Error("not yet");
      try {
        const { sub } = await verify(token, options.secret, "HS256");
        if (typeof sub === "string" && sub !== "") return sub;
      } catch {
        // Whatever is wrong with it, the caller learns no more than that.
      }
      throw new RequestError("token_invalid", "Cannot accept the user's token: it is not valid");
    },
  };
}
