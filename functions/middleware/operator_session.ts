/**
 * An operator's session: a signed cookie, and nothing kept on this side.
 *
 * It names the operator by a digest and says when it ends. Its key is the operator's token, so a
 * token that is changed or taken away ends its sessions; signing out only forgets the cookie.
 *
 * @module
 */
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { Operator } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { publicPath } from "./location.ts";
import { indexOfSecret } from "./secrets.ts";

export const SESSION_COOKIE = "zeropoll_operator";
/** Browsers take it over https for the whole host alone, and from no other host of the domain. */
const HOST_PREFIX = "__Host-";
/** Then the token must be given again. */
export const SESSION_MS = 12 * 3_600_000;

/** The operator that the request's cookie stands for, if it is valid now. */
export async function operatorOfSession(c: Context<AppEnv>): Promise<Operator | undefined> {
  const { clock, config } = c.var.deps;
  const given = getCookie(c, cookieName(c)) ?? "";
  const endsAt = Number(/^[\w-]{16}\.(\d{13,15})\.[\w-]{43}$/.exec(given)?.[1]);
  if (!(endsAt > clock.now())) return undefined;
  const genuine = await Promise.all(
    config.operators.map((operator) => sealed(operator, endsAt, config.namespace)),
  );
  return config.operators[await indexOfSecret(given, genuine)];
}

/** Whether the request carries a session at all, be it valid or not. */
export function hasSession(c: Context<AppEnv>): boolean {
  return getCookie(c, cookieName(c)) !== undefined;
}

/** Starts a session of 12 hours. */
export async function startSession(c: Context<AppEnv>, operator: Operator): Promise<void> {
  const { clock, config } = c.var.deps;
  const value = await sealed(operator, clock.now() + SESSION_MS, config.namespace);
  setCookie(c, cookieName(c), value, { ...attributesOf(c), maxAge: SESSION_MS / 1_000 });
}

/** Has the browser forget its session. */
export function endSession(c: Context<AppEnv>): void {
  setCookie(c, cookieName(c), "", { ...attributesOf(c), maxAge: 0 });
}

/** What stands for the operator in cookies and logs; the token cannot be told from it. */
export async function operatorName({ token }: Operator): Promise<string> {
  return (await signed(token, "operator")).slice(0, 16);
}

async function sealed(operator: Operator, endsAt: number, namespace: string): Promise<string> {
  const name = await operatorName(operator);
  const signature = await signed(operator.token, `session ${namespace} ${endsAt}`);
  return `${name}.${endsAt}.${signature}`;
}

async function signed(token: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = encoder.encode(token);
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(signature)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Below a path of its own the prefix is not allowed: the cookie is for that path. */
function cookieName(c: Context<AppEnv>): string {
  const { path, secure } = attributesOf(c);
  return secure && path === "/" ? `${HOST_PREFIX}${SESSION_COOKIE}` : SESSION_COOKIE;
}

function attributesOf(c: Context<AppEnv>) {
  return {
    path: publicPath(c, "/"),
    httpOnly: true,
    sameSite: "Lax",
    secure: c.var.deps.config.publicUrl.startsWith("https:"),
  } as const;
}
