/**
 * Stands before every server in dev: what a web page of somebody else's sends from the browser of
 * whoever runs it is refused, before anything of it is read.
 *
 * The tokens of these servers are known to all, so the guard goes by what a page cannot forge: the
 * name it was called by, `Origin` and `Sec-Fetch-*`. A program that is no browser sends none.
 *
 * @module
 */

/** Who may call beside this machine. */
export interface GuardOptions {
  /** Names beside the loopback ones, without a port; pages that stand there may call too. */
  allowHosts?: readonly string[];
  /** Origins of pages beside those, as a browser spells them. */
  allowOrigins?: readonly string[];
  /** Whether pages elsewhere may embed what needs no token: pictures, scripts. Default: false. */
  embeddable?: boolean;
  /** Whether pages of any origin may call: where a test asks the app itself whom it lets in. Default: false. */
  anyOrigin?: boolean;
}

/** What a browser opens inside a page; a tab of its own is a `document`. */
const FRAMES = new Set(["iframe", "frame", "embed", "object", "fencedframe"]);

/** The answer to a request that is refused; nothing when it may pass. */
export function refusal(request: Request, options: GuardOptions = {}): Response | undefined {
  const { allowHosts = [], allowOrigins = [], embeddable = false } = options;
  const { headers } = request;
  const isHere = (host: string) => {
    const name = hostnameOf(host);
    return name !== undefined && (isLoopback(name) || allowHosts.includes(name));
  };

  // A page can point a name of its own at this machine, and is then called its own.
  for (const host of [hostOf(request.url), headers.get("host")]) {
    if (host !== null && !isHere(host)) {
      return refuse(`called as ${JSON.stringify(host)}, no name of this machine`, host);
    }
  }
  if (options.anyOrigin) return undefined;
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin !== null) {
    // A page with the policy `no-referrer` sends `null` with its forms, to itself as well.
    if (origin === "null" && site === "same-origin") return undefined;
    const host = originHost(origin);
    if (allowOrigins.includes(origin) || (host !== undefined && isHere(host))) return undefined;
    return refuse(`a page of ${JSON.stringify(origin)} asked`, host);
  }
  if (site !== "cross-site") return undefined;
  // Following a link is fine; to act, or to be part of a page of another site, is not.
  const isRead = request.method === "GET" || request.method === "HEAD";
  const isEmbedded = (headers.get("sec-fetch-mode") ?? "navigate") !== "navigate" ||
    FRAMES.has(headers.get("sec-fetch-dest") ?? "document");
  if (isRead && (!isEmbedded || embeddable)) return undefined;
  return refuse("a page of another site asked");
}

/**
 * A token in the query, for programs that cannot send a header. A browser's counts for nothing:
 * any page may link to it, or show it as a picture.
 */
export function queryToken(request: Request, name: string): string | undefined {
  const { headers } = request;
  const isBrowser = headers.has("origin") || headers.has("sec-fetch-site") ||
    // Where the connection is not safe a browser does not say who asks.
    /^Mozilla\//.test(headers.get("user-agent") ?? "");
  return isBrowser ? undefined : new URL(request.url).searchParams.get(name) ?? undefined;
}

/** Whether a request comes from this server's own pages, or from no page at all. */
export function isOwnRequest({ url, method, headers }: Request): boolean {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin === "null") return site === "same-origin";
  if (origin !== null && originHost(origin) !== hostOf(url)) return false;
  // Following a link to a page is fine; pressing its buttons from elsewhere is not.
  return method === "GET" || site === null || site === "same-origin" || site === "none";
}

/** Whether `hostname` always means this machine, whoever looks it up. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** The name in `name` or `name:port`, in lower case; nothing when there is more in it. */
export function hostnameOf(host: string): string | undefined {
  if (/[\s/\\?#@]/.test(host)) return undefined;
  return URL.parse(`http://${host}`)?.hostname || undefined;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}

/** The host of an origin that is a web page's; an app's or an extension's is none. */
function originHost(origin: string): string | undefined {
  const url = URL.parse(origin);
  return url && /^https?:$/.test(url.protocol) ? url.host : undefined;
}

function refuse(why: string, host?: string): Response {
  const name = host && hostnameOf(host);
  const way = name ? `; if it is yours, start dev with --allow-host=${name}` : "";
  return Response.json({ error: `refused: ${why}${way}` }, { status: 403 });
}
