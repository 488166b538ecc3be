/**
 * Who sends an event, and for whom: a browser for its own person, a backend for anyone.
 *
 * @module
 */
import type { Context } from "hono";
import {
  BodyInvalidError,
  type Config,
  type Identities,
  NotConfiguredError,
  type Person,
  RequestError,
} from "../../../shared/mod.ts";
import type { AppEnv } from "../../context.ts";
import { addressOf } from "../../middleware/address.ts";
import { bearerOf, isBackend } from "../../middleware/auth.ts";
import type { Said } from "../contracts.ts";
import { ignoredBecause } from "./visitors.ts";

export type Sender =
  | { person: Person; isBackend: boolean }
  | { because: "bot" | "prefetch"; isBackend: false };

/** What makes people into identities. @throws {NotConfiguredError} where events cannot be counted */
export function identitiesOf(c: Context<AppEnv>): Identities {
  const { config, memory } = c.var.deps;
  const missing = [
    ...(memory.identities ? [] : ["IDENTITY_SECRET"]),
    ...(config.databaseUrl === undefined ? ["DATABASE_URL"] : []),
  ];
  if (!memory.identities || missing.length > 0) throw new NotConfiguredError("the feed", missing);
  return memory.identities;
}

/**
 * The person of an event: a token's user, else what a backend says, else the session, else the
 * caller's address, else nobody known.
 *
 * @throws {RequestError} `token_invalid`, rather than count a user as somebody else
 * @throws {BodyInvalidError} where a browser says what only a backend may
 */
export async function senderOf(c: Context<AppEnv>, said: Said): Promise<Sender> {
  const bearer = bearerOf(c);
  if (isBackend(c)) {
    const { token, user = token && await verify(c, token), session, address } = said;
    return { person: { user, session, address }, isBackend: true };
  }
  const backendsOnly = (["user", "address"] as const).filter((path) => said[path] !== undefined);
  if (backendsOnly.length > 0) {
    const message = "only a backend may say it: send one of SERVICE_TOKENS";
    throw new BodyInvalidError(backendsOnly.map((path) => ({ path, message })));
  }
  const because = ignoredBecause((name) => c.req.header(name));
  if (because) return { because, isBackend: false };
  const token = bearer ?? said.token;
  const user = token === undefined ? undefined : await verify(c, token);
  return { person: { user, session: said.session, address: addressOf(c) }, isBackend: false };
}

/**
 * A booking weighs as much as twelve views, and nothing but its sender vouches for it.
 *
 * @throws {RequestError} `booking_refused`, for whom `FEED_BOOKINGS` does not name
 */
export function assertMayBook(sender: Sender, bookings: Config["feed"]["bookings"]): void {
  if (bookings === "anyone" || sender.isBackend) return;
  // A program that is no person is ignored further on, whatever it carries.
  const isUser = "because" in sender || sender.person.user !== undefined;
  if (bookings === "users" && isUser) return;
  throw new RequestError(
    "booking_refused",
    bookings === "users"
      ? "Cannot count this booking: it takes a signed-in user's token, or one of SERVICE_TOKENS"
      : "Cannot count this booking: it takes one of SERVICE_TOKENS, see FEED_BOOKINGS",
  );
}

async function verify(c: Context<AppEnv>, token: string): Promise<string> {
  const { userTokens } = c.var.deps;
  if (userTokens) return await userTokens.verify(token);
  throw new NotConfiguredError("users' tokens", ["AUTH_SECRET or AUTH_JWKS_URL"]);
}
