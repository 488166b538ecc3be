/**
 * Holds every request to the table of who may call what, and how often.
 *
 * Who cannot be told is answered 401, who is known and may not 403; the problem names the scope or the
 * role that is missing. What is open proves itself in its handler.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { type Operator, RequestError } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { type Access, accessTable, CLOSED } from "./access_table.ts";
import { assertBackends, assertScope, bearerOf, serviceTokenOf } from "./auth.ts";
import { assertOwnPage, assertRole, operatorWithToken } from "./operator.ts";
import { assertOpenLimit } from "./open_limit.ts";
import { hasSession, operatorOfSession } from "./operator_session.ts";

/** Mounts before every route, and after the guard of /admin, which leads people to the sign-in. */
export const guard: MiddlewareHandler<AppEnv> = async (c, next) => {
  const access = accessOf(c);
  if (access?.open === undefined) {
    if (access) await assertAccess(c, access);
  } else if (access.service) await noteBackend(c, access);
  if (access?.limit) await assertOpenLimit(c, access.limit);
  return await next();
};

/** The row of the route that will answer; none where nothing is mounted. */
function accessOf(c: Context<AppEnv>): Access | undefined {
  const asked = c.req.method === "HEAD" ? "GET" : c.req.method;
  // Middleware is mounted for every method; of two handlers, the first one answers.
  const route = matchedRoutes(c).find(({ method }) => method === asked);
  if (!route) return undefined;
  const access = accessTable[`${route.method} ${route.path}`];
  if (access) return access;
  return route.path.startsWith("/api/") ? CLOSED : undefined;
}

/** Where anybody may come, a backend is known by its token, and needs its scope. */
async function noteBackend(c: Context<AppEnv>, access: Access): Promise<boolean> {
  const bearer = bearerOf(c);
  const token = bearer === undefined ? undefined : await serviceTokenOf(c, bearer);
  if (!token) return false;
  assertScope(token, access);
  c.set("backend", token);
  return true;
}

async function assertAccess(c: Context<AppEnv>, access: Access): Promise<void> {
  const known = c.var.operator ?? await callerOf(c, access);
  if (known === undefined) return;
  if (access.operator === undefined) {
    throw new RequestError("permission_missing", "Cannot go on: no operator may do this");
  }
  assertRole(known, access.operator);
  c.set("operator", known);
}

/** The operator who calls; nobody where a backend does, and may. @throws {RequestError} else */
async function callerOf(c: Context<AppEnv>, access: Access): Promise<Operator | undefined> {
  const bearer = bearerOf(c);
  if (bearer === undefined) {
    if (access.operator && hasSession(c)) {
      assertOwnPage(c);
      const operator = await operatorOfSession(c);
      if (operator) return operator;
    }
    if (access.service) assertBackends(c);
    throw new RequestError("token_missing", "Cannot tell who calls: send Authorization: Bearer");
  }
  if (await noteBackend(c, access)) return undefined;
  const operator = await operatorWithToken(c, bearer);
  if (operator) return operator;
  if (access.service) assertBackends(c);
  throw new RequestError("token_invalid", "Cannot accept this token: it is none of ours");
}
