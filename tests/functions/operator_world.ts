/**
 * An app with operators, for the tests of signing in.
 *
 * @module
 */
import { SESSION_COOKIE } from "../../functions/middleware/operator_session.ts";
import { type AppWorld, createAppWorld, PUBLIC_URL } from "./app_world.ts";

export const TOKEN = "token-of-the-first-operator";
export const OTHER_TOKEN = "token-of-the-other-operator";
export const DASHBOARD = "/admin/analytics/feed";

/** What a browser asks a page with. */
export const asPage = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

/** An app whose operators are these. */
export function operatorWorld(tokens = `${TOKEN},${OTHER_TOKEN}`): AppWorld {
  return createAppWorld({ environment: { OPERATOR_TOKENS: tokens } });
}

/** Sends the sign-in form, as a browser would from our own page. */
export async function signIn(
  { app }: AppWorld,
  fields: Record<string, string> = { token: TOKEN },
  headers: Record<string, string> = { Origin: PUBLIC_URL },
): Promise<Response> {
  return await app.request("/admin/sign-in", {
    method: "POST",
    headers: { ...asPage, ...headers },
    body: new URLSearchParams(fields),
  });
}

/** The `Cookie` header of whoever has signed in. */
export async function signedIn(world: AppWorld, token = TOKEN): Promise<string> {
  return cookieOf(await signIn(world, { token }));
}

/** The `Cookie` header that follows from the answer. */
export function cookieOf(response: Response): string {
  const [cookie] = response.headers.getSetCookie();
  return cookie.split(";")[0];
}

/** The cookie's three parts. */
export function partsOf(cookie: string): [name: string, endsAt: string, signature: string] {
  return cookie.slice(NAME.length + 1).split(".") as [string, string, string];
}

/** The `Cookie` header of these parts. */
export const cookieWith = (...parts: string[]) => `${NAME}=${parts.join(".")}`;

/** Over https, at the root of its host. */
const NAME = `__Host-${SESSION_COOKIE}`;
