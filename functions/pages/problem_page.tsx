/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * A problem as a page, for those who asked for one; programs get the problem itself.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import type { ErrorCode } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { publicPath } from "../middleware/location.ts";
import { SIGN_IN, wantsPage } from "../middleware/operator.ts";
import { pageResponse } from "./page.tsx";

interface Problem {
  title: string;
  detail: string;
  code: ErrorCode;
  requestId: string;
}

/** What a person can do about it. */
const hints: Partial<Record<ErrorCode, string>> = {
  postgres_unavailable:
    "Nothing is lost: Redis keeps what happens meanwhile, and it is flushed when Postgres is back. " +
    "Look again in a moment.",
  postgres_busy: "Others use every connection just now. Look again in a moment.",
  queue_unavailable: "Nothing was started. Try again in a moment.",
  not_configured: "Set it in the app's environment, and deploy.",
  origin_refused: "Open the page at the address that is set as PUBLIC_URL, and try from there.",
  permission_missing: "Whoever keeps OPERATOR_TOKENS can give your token that role.",
};

/** Turns problems into pages; mounts before what may fail. */
export const problemPages: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  const { res } = c;
  if (!wantsPage(c) || res.headers.get("Content-Type") !== "application/problem+json") return;
  const problem = await res.json() as Problem;
  const retryAfter = res.headers.get("Retry-After");
  const page = await pageResponse(c, {
    title: problem.title,
    status: res.status,
    // What a form has led to cannot be asked for again.
    ...(c.req.method !== "GET" && { script: null }),
    ...(retryAfter && { headers: { "Retry-After": retryAfter } }),
  }, <ProblemView c={c} problem={problem} />);
  // What was set for the problem, its type above all, is not the page's.
  c.res = undefined;
  c.res = page;
};

function ProblemView({ c, problem }: { c: Context<AppEnv>; problem: Problem }) {
  const { title, detail, code, requestId } = problem;
  return (
    <section class="card narrow" aria-labelledby="title">
      <h1 id="title">{title}</h1>
      <p>{detail}.</p>
      {hints[code] && <p>{hints[code]}</p>}
      {code === "operator_missing" && (
        <p>
          <a href={publicPath(c, SIGN_IN)}>Sign in</a>
        </p>
      )}
      {c.var.operator && (
        <p>
          <a href={publicPath(c, "/admin")}>Back to the dashboards</a>
        </p>
      )}
      <p class="quiet small">
        <code>{code}</code>, request <code>{requestId}</code>
      </p>
    </section>
  );
}
