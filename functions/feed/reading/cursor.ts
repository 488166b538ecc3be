/**
 * A feed's cursor: the ranking, the position after which to go on, and the segment it is for.
 *
 * @module
 */
import { BodyInvalidError } from "../../../shared/mod.ts";
import type { Place } from "./feed_pages.ts";

const CURSOR = /^(\d{1,18})\.(\d{1,10})\.(.+)$/;

/** The cursor as callers carry it. */
export function writeCursor({ ranking, position }: Place, segment: string): string {
  return btoa(`${ranking}.${position}.${segment}`)
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @throws {BodyInvalidError} for one that is none of ours, or of another segment */
export function readCursor(cursor: string, segment: string): Place {
  const [, ranking, position, its] = CURSOR.exec(decode(cursor)) ?? [];
  if (ranking === undefined) throw invalid("is none that a page ended with");
  if (its !== segment) throw invalid("is of another segment");
  return { ranking, position: Number(position) };
}

function decode(cursor: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor) || cursor.length % 4 === 1) return "";
  return atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
}

function invalid(message: string): BodyInvalidError {
  return new BodyInvalidError([{ path: "cursor", message }], "query");
}
