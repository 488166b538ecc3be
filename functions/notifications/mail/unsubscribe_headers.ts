/**
 * The headers by which mail readers offer to unsubscribe with one press (RFC 8058).
 *
 * @module
 */
import { webAddress } from "./clean.ts";

/**
 * The headers for mail that can be unsubscribed from at `url`, which takes a POST without a session.
 *
 * @throws {TypeError} if `url` is not http or https
 */
export function unsubscribeHeaders(url: string): Record<string, string> {
  return {
    "List-Unsubscribe": `<${webAddress(url)}>`,
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
  };
}
