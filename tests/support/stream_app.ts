/**
 * An app with one route that streams a reply from Redis, for tests on both platforms.
 *
 * @module
 */
import { Hono } from "hono";
import type { AppEnv } from "../../functions/context.ts";
import { createDeps, forRequest, type Outside } from "../../functions/deps.ts";
import { answerProblem } from "../../functions/middleware/problem.ts";
import { requestLog } from "../../functions/middleware/request_log.ts";
import { readPlace, sseResponse } from "../../functions/middleware/sse.ts";
import { readConfig } from "../../shared/config.ts";
import { followReply } from "../../shared/mod.ts";

/** Serves `GET /stream/:reply`, to whose store every reply is being produced, and how many follow. */
export function createStreamApp(
  environment: Record<string, string>,
  outside: Partial<Outside> = {},
): Hono<AppEnv> {
  const deps = createDeps(readConfig(environment), outside);
  const app = new Hono<AppEnv>();
  app.use(requestLog(
    (tally, requestId) => forRequest(deps, tally, requestId),
    () => deps.ids.random(),
  ));
  app.onError(answerProblem);
  let following = 0;
  async function* counted<T>(events: AsyncIterable<T>): AsyncGenerator<T> {
    following++;
    try {
      yield* events;
    } finally {
      following--;
    }
  }
  app.get("/following", (c) => c.json(following));
  app.get("/stream/:reply", (c) => {
    const leaving = new AbortController();
    return sseResponse(
      c,
      counted(followReply(c.var.deps, {
        reply: c.req.param("reply"),
        after: readPlace(c),
        signal: leaving.signal,
        load: () => Promise.resolve({ state: "producing", text: "", epoch: 0 }),
      })),
      { leaving },
    );
  });
  return app;
}
