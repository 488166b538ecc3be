/**
 * Headers as Go's HTTP library writes them, because the API shows them that way.
 *
 * @module
 */
import type { HeaderMap } from "./model.ts";

/** Never taken over from an incoming request: they belong to one connection or to the delivery. */
const OWN_TO_A_HOP = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** `x-api-key` as `X-Api-Key`; a name with other characters stays as it is. */
export function goCase(name: string): string {
  if (!TOKEN.test(name)) return name;
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** Whether a delivery may carry a header that came with a publish. */
export function isForwardable(name: string): boolean {
  return !OWN_TO_A_HOP.has(name.toLowerCase());
}

/** The headers of a response. */
export function toHeaderMap(headers: Headers): HeaderMap {
  const map: HeaderMap = {};
  for (const [name, value] of headers) (map[goCase(name)] ??= []).push(value);
  return map;
}
