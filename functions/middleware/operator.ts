/**
 * Who may see the dashboards: operators, by their session or by their token.
 *
 * Whoever asks for a page is led to the sign-in; everybody else gets a problem.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import {
  mayAs,
  NotConfiguredError,
  type Operator,
  RequestError,
  type Role,
} from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { bearerOf, serviceTokenOf } from "./auth.ts";
import { publicPath } from "./location.ts";
import { operatorOfSession } from "./operator_session.ts";
import { indexOfSecret } from "./secrets.ts";

/** Where operators sign in. */
export const SIGN_IN = "/admin/sign-in";

/** Passes operators of this role and above. Sets `c.var.operator`. */
export function requireOperator(role: Role = "read"): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    assertOwnPage(c);
    const operator = c.var.operator ?? await operatorOf(c);
    if (!operator) {
      const bearer = bearerOf(c);
      if (bearer !== undefined && await serviceTokenOf(c, bearer)) {
        throw new RequestError(
          "permission_missing",
          "Cannot go on: this takes an operator's token",
        );
      }
      if (wantsPage(c) && !changesAnything(c)) return c.redirect(signInPath(c), 303);
      throw new RequestError(
        "operator_missing",
        "Cannot tell who calls: sign in, or send Authorization: Bearer with an operator's token",
      );
    }
    assertRole(operator, role);
    c.set("operator", operator);
    return await next();
  };
}

/** @throws {RequestError} `permission_missing`, which names the role */
export function assertRole({ role }: Operator, needed: Role): void {
  if (mayAs(role, needed)) return;
  throw new RequestError(
    "permission_missing",
    `Cannot go on: this takes the role ${needed}, and the token has ${role}`,
  );
}

/** The operator with this token, if there is one. */
export async function operatorWithToken(
  c: Context<AppEnv>,
  token: string,
): Promise<Operator | undefined> {
  const { operators } = c.var.deps.config;
  return operators[await indexOfSecret(token, operators.map((operator) => operator.token))];
}

/**
 * Refuses what a page of somebody else's has a browser send with the operator's cookie. A token in
 * a header is sent by no browser on its own.
 */
export function assertOwnPage(c: Context<AppEnv>): void {
  if (!changesAnything(c) || bearerOf(c) !== undefined) return;
  const own = [c.var.deps.config.publicUrl, c.req.url].map((url) => new URL(url).origin);
  if (own.includes(c.req.header("Origin") ?? "")) return;
  throw new RequestError("origin_refused", "Cannot take this: it comes from no page of ours");
}

/** Whether a person looks at the answer. */
export function wantsPage(c: Context): boolean {
  return c.req.header("Accept")?.includes("text/html") ?? false;
}

function changesAnything(c: Context): boolean {
  return !["GET", "HEAD"].includes(c.req.method);
}

async function operatorOf(c: Context<AppEnv>): Promise<Operator | undefined> {
  assertOperators(c);
  const token = bearerOf(c);
  return token === undefined ? await operatorOfSession(c) : await operatorWithToken(c, token);
}

/** @throws {NotConfiguredError} without any operator */
export function assertOperators(c: Context<AppEnv>): void {
  if (c.var.deps.config.operators.length > 0) return;
  throw new NotConfiguredError("the dashboards", ["OPERATOR_TOKENS"]);
}

function signInPath(c: Context<AppEnv>): string {
  const { pathname, search } = new URL(c.req.url);
  return publicPath(c, `${SIGN_IN}?next=${encodeURIComponent(pathname + search)}`);
}
