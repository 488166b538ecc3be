/**
 * The destination of a publish: the rest of the request target, as it was sent.
 *
 * `/v2/publish/https://h/p?x=1&upstash-retries=3` means `https://h/p?x=1`; settings may be
 * query keys, so a destination that owns such names loses them.
 *
 * @module
 */
import { ApiError } from "./api_error.ts";

/** Settings of a publish: header names in lower case, one text each. */
export type Settings = ReadonlyMap<string, string>;

/** What follows `prefix` in the target of `url`, and the settings among its query keys. */
export function splitTarget(
  url: string,
  prefix: string,
): { destination: string; settings: Settings } {
  const target = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  const rest = target.slice(prefix.length);
  const queryAt = rest.indexOf("?");
  const settings = new Map<string, string>();
  if (queryAt < 0) return { destination: decodeStart(rest), settings };

  const kept = rest.slice(queryAt + 1).split("&").filter((pair) => {
    const [[key, value] = ["", ""]] = [...new URLSearchParams(pair)];
    if (key !== "qstash_token" && !key.startsWith("upstash-")) return true;
    settings.set(key, value);
    return false;
  });
  const query = kept.join("&");
  const path = decodeStart(rest.slice(0, queryAt));
  return { destination: query === "" ? path : `${path}?${query}`, settings };
}

/** @throws {ApiError} 400 in the vendor's words unless `url` is an http or https address */
export function assertHttpUrl(url: string, what = "destination"): void {
  if (!/^https?:\/\//i.test(url)) {
    throw new ApiError(
      400,
      `invalid ${what} url: endpoint has invalid scheme, add http:// or https://`,
    );
  }
  if (!URL.canParse(url)) throw new ApiError(400, `invalid ${what} url: cannot parse "${url}"`);
}

/** Some clients percent-encode the whole destination. */
function decodeStart(path: string): string {
  if (!/^https?%3a/i.test(path)) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // A lone percent sign: the address check answers for it.
  }
}
