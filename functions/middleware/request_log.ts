/**
 * One line of log for each request, with what it cost, and the same in `Server-Timing`.
 *
 * It also gives the request its id, its tally and its view of the app's parts. Where work was
 * deferred or streams the line waits for it, so that its commands are counted too; then the request's
 * connection to Postgres, if it opened one, is closed.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { AppError, newTally, type RedisTally } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import type { Deps } from "../deps.ts";
import { createDefer, waitUntilOf } from "./defer.ts";

const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/** Mounts first: everything after it relies on `c.var`. */
export function requestLog(
  view: (
    tally: RedisTally,
    requestId: string,
    defer: (work: Promise<unknown>) => Promise<void>,
  ) => Deps,
  newId: () => string,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const given = c.req.header("X-Request-Id") ?? "";
    const requestId = REQUEST_ID.test(given) ? given : newId();
    const tally = newTally();
    const deps = view(tally, requestId, (work) => c.var.defer(work));
    const deferred: Promise<unknown>[] = [];
    const outliving: Promise<void>[] = [];
    const defer = createDefer(c, deps.log);
    c.set("requestId", requestId);
    c.set("tally", tally);
    c.set("deps", deps);
    c.set("defer", (work) => {
      deferred.push(work);
      return defer(work);
    });
    c.set("outlive", (work) => void outliving.push(work));
    const startedAt = deps.clock.now();
    await next();
    if (c.var.body) deps.memory.bodies.release(c.var.body);
    const ms = deps.clock.now() - startedAt;
    c.res.headers.set("X-Request-Id", requestId);
    c.res.headers.set("Server-Timing", serverTiming(ms, tally));
    const line = lineOf(c, ms);
    const end = async () => {
      await Promise.allSettled([...deferred, ...outliving]);
      deps.log[c.res.status >= 500 ? "error" : "info"]("request.ended", line());
      // What was deferred may use it; nothing later may.
      await deps.database?.close();
    };
    const waitUntil = waitUntilOf(c);
    if (waitUntil) waitUntil(end());
    // A body that streams is read once it was returned.
    else if (outliving.length > 0) end();
    else await end();
  };
}

function serverTiming(ms: number, tally: RedisTally): string {
  return `app;dur=${ms}, redis;dur=${tally.waitedMs};desc="${tally.commands} commands"`;
}

function lineOf(c: Context<AppEnv>, ms: number) {
  const { tally } = c.var;
  const route = routePath(c, -1);
  const fields = {
    method: c.req.method,
    // The pattern, not the path: ids would make every line another.
    route: route === "/*" || route === "*" ? "none" : route,
    status: c.res.status,
    ms,
    ...errorFields(c.error),
  };
  return () => ({
    ...fields,
    redisCommands: tally.commands,
    redisReads: tally.reads,
    redisWrites: tally.writes,
    redisRequests: tally.requests,
    redisMs: tally.waitedMs,
  });
}

function errorFields(error: Error | undefined) {
  if (!error) return {};
  if (error instanceof AppError) return { code: error.code, error: error.message };
  return { code: "unexpected", error: `${error.name}: ${error.message}`, stack: error.stack };
}
