/**
 * Cursors as pages carry them: where to go on, and of what, so that none leads into another list.
 *
 * @module
 */
import { BodyInvalidError } from "../../../shared/mod.ts";

/** The numbers of a place, and what it is a place in. */
export interface Cursor {
  place: readonly string[];
  of: string;
}

/** The cursor as callers carry it: base64url. */
export function writeCursor({ place, of }: Cursor): string {
  const bytes = new TextEncoder().encode(JSON.stringify([...place, of]));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The place that a cursor of `of` leads to, each part as its pattern has it.
 *
 * @throws {BodyInvalidError} naming `field`, for one that is none of ours, or of something else
 */
export function readCursor(
  cursor: string,
  { field, of, parts }: { field: string; of: string; parts: readonly RegExp[] },
): string[] {
  const read = decode(cursor);
  const isOurs = read?.length === parts.length + 1 &&
    parts.every((pattern, index) => pattern.test(read[index]));
  if (!isOurs) throw invalid(field, "is none that a page ended with");
  if (read.at(-1) !== of) throw invalid(field, "is of something else");
  return read.slice(0, -1);
}

/** A count that fits Postgres' bigint. */
export const COUNT = /^(0|[1-9]\d{0,17})$/;

function decode(cursor: string): string[] | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor) || cursor.length % 4 === 1) return undefined;
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const read: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const isText = Array.isArray(read) && read.every((part) => typeof part === "string");
    return isText ? read : undefined;
  } catch {
    // No JSON: the caller says whose fault that is.
    return undefined;
  }
}

function invalid(field: string, message: string): BodyInvalidError {
  return new BodyInvalidError([{ path: field, message }], "query");
}
