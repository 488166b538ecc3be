/**
 * What a message hides from the API, the logs and the page: `Upstash-Redact-Fields`.
 *
 * Deliveries always use the originals.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A field list that cannot be read. */
export class RedactionError extends Error {
  override readonly name = "RedactionError";
}

/** What to hide. */
export interface Redaction {
  readonly body: boolean;
  /** All headers, or the named ones in lower case. */
  readonly headers: "all" | ReadonlySet<string>;
}

/** Hides nothing. */
export const NO_REDACTION: Redaction = { body: false, headers: new Set() };

/**
 * Reads a comma list of `body`, `header` or `headers`, and `header[Name]` or `headers[Name]`.
 * A missing or empty list hides nothing.
 *
 * @throws {RedactionError} on any other field
 */
export function parseRedactFields(text: string | null | undefined): Redaction {
  let body = false;
  let all = false;
  const names = new Set<string>();
  for (const item of (text ?? "").split(",")) {
    const field = item.trim();
    if (field === "") continue;
    const name = /^headers?\[\s*([^[\]\s]+)\s*\]$/i.exec(field)?.[1];
    if (name !== undefined) names.add(name.toLowerCase());
    else if (/^headers?$/i.test(field)) all = true;
    else if (/^body$/i.test(field)) body = true;
    else {
      throw new RedactionError(
        `invalid redact field "${field}": expected body, headers or headers[name]`,
      );
    }
  }
  return { body, headers: all ? "all" : names };
}

/** A copy of `headers` (name to values) whose hidden values are replaced. */
export function redactHeaders(
  redaction: Redaction,
  headers: Readonly<Record<string, readonly string[]>>,
): Record<string, string[]> {
  const hides = (name: string) =>
    redaction.headers === "all" || redaction.headers.has(name.toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      hides(name) ? values.map(redacted) : [...values],
    ]),
  );
}

/** `body`, or the UTF-8 of its replacement. An empty body stays empty: there is nothing to hide. */
export function redactBody(redaction: Redaction, body: Uint8Array): Uint8Array {
  if (!redaction.body || body.length === 0) return body;
  return new TextEncoder().encode(redacted(body));
}

/** What stands in the place of `value`: its SHA-256 in hex, so that two can be compared. */
export function redacted(value: string | Uint8Array): string {
  return `REDACTED:${createHash("sha256").update(value).digest("hex")}`;
}
