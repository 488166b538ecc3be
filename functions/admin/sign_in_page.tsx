/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The form to sign in with.
 *
 * @module
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { publicPath } from "../middleware/location.ts";
import { SIGN_IN } from "../middleware/operator.ts";
import { pageResponse } from "../pages/page.tsx";

export interface SignInOptions {
  next: string;
  /** What was wrong with the last try. */
  fault?: string;
}

/** Answers the form; with 401 where a try has failed. */
export function signInPage(c: Context<AppEnv>, { next, fault }: SignInOptions): Promise<Response> {
  const options = { title: "Sign in", script: "sign-in.js", status: fault ? 401 : 200 } as const;
  return pageResponse(
    c,
    options,
    <section class="card narrow" aria-labelledby="title">
      <h1 id="title">Sign in</h1>
      <p class="quiet">
        With your operator's token, one of{" "}
        <code>OPERATOR_TOKENS</code>. You stay signed in for 12 hours.
      </p>
      <form method="post" action={publicPath(c, SIGN_IN)} class="stacked">
        <input type="hidden" name="next" value={next} />
        <input type="text" name="username" value="operator" autocomplete="username" hidden />
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          maxlength={512}
          {...(fault && { "aria-invalid": "true", "aria-describedby": "fault" })}
        />
        {fault && <p id="fault" class="fault" role="alert">{fault}</p>}
        <button type="submit" class="main">Sign in</button>
      </form>
    </section>,
  );
}
