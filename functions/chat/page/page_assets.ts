/**
 * What the chat page loads.
 *
 * @module
 */
import type { Context } from "hono";
import type { AppEnv } from "../../context.ts";
import { publicPath } from "../../middleware/location.ts";
import { fingerprintOf } from "../../pages/assets.ts";
import { chatSource } from "../client/chat_source.ts";
import { chatPageScript } from "./page_script.ts";
import { chatPageStyle } from "./page_style.ts";

interface ChatAsset {
  text: string;
  contentType: string;
  /** Another for every text. */
  fingerprint: string;
}

// With the module that fits it: what a browser has of its address may be an hour old.
const imports = `import { createChat } from "../../chat.js?v=${fingerprintOf(chatSource)}";\n`;
const assets = {
  "page.css": asset("text/css; charset=utf-8", chatPageStyle),
  "page.js": asset("text/javascript; charset=utf-8", imports + chatPageScript),
} as const;

type ChatAssetName = keyof typeof assets;

/** The file of this name, if there is one. */
export function findChatAsset(name: string): ChatAsset | undefined {
  return Object.hasOwn(assets, name) ? assets[name as ChatAssetName] : undefined;
}

/** Its address, which changes with its text: a browser may keep it for good. */
export function chatAssetPath(c: Context<AppEnv>, name: ChatAssetName): string {
  return publicPath(c, `/chat/assets/${name}?v=${assets[name].fingerprint}`);
}

function asset(contentType: string, text: string): ChatAsset {
  return { text, contentType, fingerprint: fingerprintOf(text) };
}
