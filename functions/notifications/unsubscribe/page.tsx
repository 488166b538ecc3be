/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The page that an unsubscribe link leads to. It asks first: mail programs open links by themselves.
 *
 * @module
 */
import type { Context } from "hono";
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import type { AppEnv } from "../../context.ts";
import { publicPath } from "../../middleware/location.ts";
import { assetPath } from "../../pages/assets.ts";

export interface UnsubscribePageOptions {
  /** Where its forms go, with the token. */
  token: string;
  /** What is unsubscribed from. */
  what: string;
  state: "asking" | "unsubscribed" | "subscribed";
}

const policy =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Answers the page. */
export function unsubscribePage(
  c: Context<AppEnv>,
  { token, what, state }: UnsubscribePageOptions,
): Promise<Response> {
  const form = (act: "unsubscribe" | "resubscribe", label: string) => (
    <form
      method="post"
      action={publicPath(c, `/notifications/${act}?token=${encodeURIComponent(token)}`)}
    >
      <button type="submit" class={act === "unsubscribe" ? "main" : undefined}>{label}</button>
    </form>
  );
  switch (state) {
    case "asking":
      return page(
        c,
        "Unsubscribe",
        <>
          <p>
            You get mail about: <strong>{what}</strong>.
          </p>
          {form("unsubscribe", "Send me no more of it")}
          <p class="quiet small">Mail about your account and its security comes all the same.</p>
        </>,
      );
    case "unsubscribed":
      return page(
        c,
        "You are unsubscribed",
        <>
          <p>
            You get no more mail about: <strong>{what}</strong>.
          </p>
          {form("resubscribe", "That was a mistake: send it again")}
        </>,
      );
    case "subscribed":
      return page(
        c,
        "You are subscribed",
        <p>
          You get mail about: <strong>{what}</strong>.
        </p>,
      );
  }
}

async function page(c: Context<AppEnv>, title: string, content: Child): Promise<Response> {
  const text = await html`<!doctype html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={assetPath(c, "page.css")} />
      </head>
      <body>
        <div class="wrap">
          <main>
            <section class="card narrow" aria-labelledby="title">
              <h1 id="title">{title}</h1>
              {content}
            </section>
          </main>
        </div>
      </body>
    </html>
  )}`;
  return new Response(text, {
    headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy },
  });
}
