/**
 * Where a person goes after signing in.
 *
 * @module
 */
export const HOME = "/admin";

/** The page that was asked for, if it is one of ours below /admin; else the first one. */
export function nextPage(asked: string | null | undefined): string {
  if (!asked || !URL.canParse(asked, "http://here.invalid")) return HOME;
  // Parsed as a browser would: backslashes, dots and tabs hide nothing after that.
  const { origin, pathname, search } = new URL(asked, "http://here.invalid");
  const isOurs = origin === "http://here.invalid" && pathname.startsWith(`${HOME}/`) &&
    !/^\/admin\/sign-(in|out)/.test(pathname);
  return isOurs ? pathname + search : HOME;
}
