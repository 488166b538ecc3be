/**
 * Users' tokens: JWT, signed by a shared secret (HS256), or by one of the keys at a URL (RS256, ES256).
 *
 * The algorithm is the key's, never the token's choice. Keys are kept as plain data for an hour; a
 * key that is not known is looked for at most every 30 s, and old ones serve while the URL is away.
 *
 * @module
 */
import { decode, verify } from "hono/jwt";
import { RequestError } from "../errors.ts";
import type { Clock, UserTokenRules, UserTokens } from "../ports.ts";
import { userOfClaims } from "./user_claims.ts";
import { createKeySet, type KeySetOptions, type UserKey } from "./user_keys.ts";

const MOST_TOKEN = 8_192;

export type UserTokensOptions =
  & UserTokenRules
  & ({ secret: string } | { jwksUrl: string; fetch?: KeySetOptions["fetch"] });

/** Checks the signature, that the token is meant for us, `exp`, `nbf` and `iat`; the user is `sub`. */
export function createUserTokens(options: UserTokensOptions, clock: Clock): UserTokens {
  const keys = "secret" in options
    ? createSecretKey(options.secret)
    : createKeySet({ url: options.jwksUrl, clock, fetch: options.fetch });
  return {
    async verify(token) {
      const header = headerOf(token);
      if (header) {
        for (const key of await keys(header)) {
          const user = await userOf(token, header, key, {
            rules: options,
            nowSeconds: clock.now() / 1_000,
          });
          if (user !== undefined) return user;
        }
      }
      throw new RequestError("token_invalid", "Cannot accept the user's token: it is not valid");
    },
  };
}

/** Imported by ourselves: a secret that looks like a PEM would be taken for one. */
function createSecretKey(secret: string): () => Promise<readonly UserKey[]> {
  let known: readonly UserKey[] | undefined;
  return async () => {
    if (known) return known;
    const bytes = new TextEncoder().encode(secret);
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]);
    return known = [{ alg: "HS256", key }];
  };
}

interface TokenHeader {
  alg: string;
  kid?: string;
  typ?: unknown;
}

function headerOf(token: string): TokenHeader | undefined {
  if (token.length > MOST_TOKEN) return undefined;
  try {
    const { header } = decode(token) as { header: TokenHeader };
    return typeof header?.alg === "string" ? header : undefined;
  } catch {
    // No token at all; the caller says so.
    return undefined;
  }
}

/** The token's user, if this key signed it and its claims hold now. */
async function userOf(
  token: string,
  { typ }: TokenHeader,
  { alg, key }: UserKey,
  { rules, nowSeconds }: { rules: UserTokenRules; nowSeconds: number },
): Promise<string | undefined> {
  try {
    // Its own checks of time would read the machine's clock.
    const unchecked = { exp: false, nbf: false, iat: false };
    const types = typ === undefined ? undefined : ["JWT", "at+jwt"];
    const claims = await verify(token, key, { alg, ...unchecked, typ: types });
    return userOfClaims(claims, rules, nowSeconds);
  } catch {
    // Whatever is wrong with it, the caller learns no more than that.
    return undefined;
  }
}
