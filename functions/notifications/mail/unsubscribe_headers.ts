/**
 * The headers that let a mail program unsubscribe with one click (RFC 8058).
 *
 * @module
 */

/** Headers for a mail that its recipient may unsubscribe from at `url`. */
export function unsubscribeHeaders(url: string): Record<string, string> {
  return {
    "List-Unsubscribe": `<${url}>`,
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
  };
}
