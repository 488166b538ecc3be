/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The chat page: a frame that is the same for everybody. Its script fills it, for who has a token.
 *
 * @module
 */
import type { Context } from "hono";
import { html } from "hono/html";
import type { AppEnv } from "../../context.ts";
import { assetPath } from "../../pages/assets.ts";
import { Conversations, SignIn, Talk } from "./page_parts.tsx";
import { chatAssetPath } from "./page_assets.ts";

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  // No text of anybody's can become markup, not even by a mistake in the script.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Answers the page. */
export async function chatPage(c: Context<AppEnv>): Promise<Response> {
  const text = await html`<!doctype html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark" />
        <title>Chat · Zeropoll</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={assetPath(c, "page.css")} />
        <link rel="stylesheet" href={chatAssetPath(c, "page.css")} />
        <script type="module" src={chatAssetPath(c, "page.js")} />
      </head>
      <body>
        <noscript>
          <p class="card narrow">The chat needs JavaScript.</p>
        </noscript>
        <SignIn />
        <div id="chat" class="frame" hidden>
          <a class="skip" href="#text" id="skip">Skip to the message</a>
          <Conversations />
          <Talk />
        </div>
        <p id="spoken" class="unseen" role="status"></p>
        <dialog id="other-user" aria-labelledby="other-user-title">
          <form method="dialog">
            <h2 id="other-user-title">Sign in as somebody else?</h2>
            <p>
              This link signs in <strong id="other-name"></strong>. You are signed in as{" "}
              <strong id="own-name"></strong>.
            </p>
            <p class="actions">
              <button type="submit" value="stay">Stay signed in</button>
              <button type="submit" value="switch">Switch</button>
            </p>
          </form>
        </dialog>
        <dialog id="removal" aria-labelledby="removal-title">
          <form method="dialog">
            <h2 id="removal-title">Delete this conversation?</h2>
            <p>Its messages go with it, for good, on all of your devices.</p>
            <p class="actions">
              <button type="submit" value="keep">Keep it</button>
              <button type="submit" value="remove" class="danger">Delete it</button>
            </p>
          </form>
        </dialog>
      </body>
    </html>
  )}`;
  return new Response(text, {
    headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy },
  });
}
