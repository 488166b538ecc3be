/**
 * What pages load: a style sheet and scripts, as files of their own, so that no page needs inline code.
 *
 * @module
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { publicPath } from "../middleware/location.ts";
import { filterScript } from "./filter_script.ts";
import { pageScript } from "./page_script.ts";
import { pageStyle } from "./page_style.ts";
import { signInScript } from "./sign_in_script.ts";

export interface Asset {
  text: string;
  contentType: string;
  /** Another for every text. */
  fingerprint: string;
}

const css = "text/css; charset=utf-8";
const javascript = "text/javascript; charset=utf-8";

const assets = {
  "filter.js": asset(javascript, filterScript),
  "page.css": asset(css, pageStyle),
  "page.js": asset(javascript, pageScript),
  "sign-in.js": asset(javascript, signInScript),
} as const;

export type AssetName = keyof typeof assets;
export const assetNames = Object.keys(assets) as AssetName[];

/** The file of this name, if there is one. */
export function findAsset(name: string): Asset | undefined {
  return Object.hasOwn(assets, name) ? assets[name as AssetName] : undefined;
}

/** Its address, which changes with its text: a browser may keep it for good. */
export function assetPath(c: Context<AppEnv>, name: AssetName): string {
  return publicPath(c, `/admin/assets/${name}?v=${assets[name].fingerprint}`);
}

function asset(contentType: string, text: string): Asset {
  return { text, contentType, fingerprint: fingerprintOf(text) };
}

/** Another for every text. FNV-1a: it tells versions apart, and guards nothing. */
export function fingerprintOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}
