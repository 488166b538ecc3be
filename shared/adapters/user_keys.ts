/**
 * The public keys at a URL (a JWK set), by which users' tokens are checked.
 *
 * Plain data alone is kept, so on workerd any request may use what another one fetched. However
 * many tokens name keys that are not there, the URL is asked at most every 30 s.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { Clock } from "../ports.ts";

/** A key, and the one algorithm that it is for. */
export interface UserKey {
  alg: "HS256" | "RS256" | "ES256";
  key: CryptoKey | JsonWebKey;
  kid?: string;
}

export interface KeySetOptions {
  url: string;
  clock: Clock;
  /** Default: the platform's. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const FRESH_MS = 3_600_000;
const REFETCH_MS = 30_000;
const TIMEOUT_MS = 3_000;
const MOST_TEXT = 200_000;
const MOST_KEYS = 50;

/** Resolves to the keys that may have signed a token with this header. @throws {RequestError} `user_keys_unavailable` */
export function createKeySet(
  options: KeySetOptions,
): (header: { alg: string; kid?: string }) => Promise<readonly UserKey[]> {
  const { url, clock } = options;
  // Called as a bare function: workerd refuses fetch with another `this`.
  const fetch = options.fetch ?? ((to: string, init: RequestInit) => globalThis.fetch(to, init));
  let known: { keys: readonly UserKey[]; fetchedAt: number } | undefined;
  let askedAt = -Infinity;
  let failedAt = -Infinity;

  async function ask(): Promise<void> {
    askedAt = clock.now();
    try {
      const response = await fetch(url, {
        headers: { accept: "application/json" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      known = { keys: readKeys(text), fetchedAt: clock.now() };
    } catch (cause) {
      failedAt = clock.now();
      // Keys that were good an hour ago are better than none.
      if (!known) throw unavailable(cause);
    }
  }

  return async ({ alg, kid }) => {
    const now = clock.now();
    if (!known) {
      if (now - failedAt < REFETCH_MS) throw unavailable();
      await ask();
    } else if (now - known.fetchedAt >= FRESH_MS && now - askedAt >= REFETCH_MS) {
      await ask();
    }
    const matching = () =>
      known!.keys.filter((key) =>
        key.alg === alg && (kid === undefined || key.kid === undefined || key.kid === kid)
      );
    if (matching().length === 0 && clock.now() - askedAt >= REFETCH_MS) await ask();
    return matching();
  };
}

function unavailable(cause?: unknown): RequestError {
  return new RequestError(
    "user_keys_unavailable",
    "Cannot check the user's token: the keys at AUTH_JWKS_URL cannot be read",
    { retryable: true, retryAfterMs: REFETCH_MS, cause },
  );
}

function readKeys(text: string): UserKey[] {
  if (text.length > MOST_TEXT) throw new RangeError("the keys are too large");
  const { keys } = JSON.parse(text) as { keys: (JsonWebKey & { kid?: string })[] };
  return keys.slice(0, MOST_KEYS).flatMap((jwk): UserKey[] => {
    const { kty, crv, n, e, x, y, alg, use, kid } = jwk;
    const suits = (wanted: string) =>
      (use === undefined || use === "sig") && (alg === undefined || alg === wanted);
    // Copied, since what else a key says of itself may keep it from being imported.
    if (kty === "RSA" && suits("RS256")) return [{ alg: "RS256", key: { kty, n, e }, kid }];
    if (kty === "EC" && crv === "P-256" && suits("ES256")) {
      return [{ alg: "ES256", key: { kty, crv, x, y }, kid }];
    }
    return [];
  });
}
