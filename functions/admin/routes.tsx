/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The way in and out for operators, the list of dashboards, and the files that pages load.
 *
 * @module
 */
import { Hono } from "hono";
import { RequestError } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { decodeText, readBytes } from "../middleware/body.ts";
import { publicPath } from "../middleware/location.ts";
import { assertOperators, operatorWithToken, SIGN_IN } from "../middleware/operator.ts";
import { endSession, operatorName, startSession } from "../middleware/operator_session.ts";
import { findAsset } from "../pages/assets.ts";
import { dashboardsOf } from "../pages/navigation.ts";
import { pageResponse } from "../pages/page.tsx";
import { SIGN_OUT } from "./guard.ts";
import { HOME, nextPage } from "./next_page.ts";
import { signInPage } from "./sign_in_page.tsx";

const FORM_BYTES = 8_000;
const FOR_GOOD = "public, max-age=31536000, immutable";

export const adminRoutes = new Hono<AppEnv>()
  .get(HOME, (c) => {
    const dashboards = dashboardsOf(c.var.operator);
    if (dashboards.length === 1) return c.redirect(publicPath(c, dashboards[0].path), 303);
    return pageResponse(
      c,
      { title: "Dashboards" },
      <>
        <h1>Dashboards</h1>
        <ul class="plain">
          {dashboards.map(({ path, title, about }) => (
            <li class="card">
              <h2>
                <a href={publicPath(c, path)}>{title}</a>
              </h2>
              <p class="quiet">{about}</p>
            </li>
          ))}
        </ul>
      </>,
    );
  })
  .get(SIGN_IN, (c) => signInPage(c, { next: nextPage(c.req.query("next")) }))
  .post(SIGN_IN, async (c) => {
    const { log } = c.var.deps;
    const form = new URLSearchParams(decodeText(await readBytes(c, { maxBytes: FORM_BYTES })));
    const next = nextPage(form.get("next"));
    assertOperators(c);
    const operator = await operatorWithToken(c, form.get("token")?.trim() ?? "");
    if (!operator) {
      log.warn("operator.refused");
      return await signInPage(c, { next, fault: "No operator has this token." });
    }
    await startSession(c, operator);
    log.info("operator.signed_in", { operator: await operatorName(operator) });
    return c.redirect(publicPath(c, next), 303);
  })
  .post(SIGN_OUT, (c) => {
    endSession(c);
    return c.redirect(publicPath(c, SIGN_IN), 303);
  })
  .get("/admin/assets/:name", (c) => {
    const asset = findAsset(c.req.param("name"));
    if (!asset) throw new RequestError("not_found", `Cannot find ${c.req.path}`);
    const { text, contentType, fingerprint } = asset;
    // While a deploy is under way, another version than the one that was asked for may answer.
    const mayKeep = c.req.query("v") === fingerprint;
    return c.body(text, 200, {
      "Content-Type": contentType,
      ...(mayKeep && { "Cache-Control": FOR_GOOD }),
    });
  });
