/**
 * Brings what senders call a row to one shape, so that one table serves all of them.
 *
 * Supabase sends flat columns (`owner_email`, `listing_title`), Payload related documents
 * (`owner.email`, `listing.title`). The latter is the shape.
 *
 * @module
 */
import { startOf } from "../../../shared/mod.ts";
import type { Row } from "./change.ts";

/** What columns are about, where their name begins with it. */
const subjects =
  /^(author|claimant|event|listing|organizer|owner|recipient|reporter|sender|user)_(.+)$/;

/** More than a join is deep: what lies below is left out. */
const MOST_DEPTH = 4;
/** What mails cut long texts to, and more items than any of them counts. */
const MOST_TEXT = 10_000;
const MOST_ITEMS = 1_000;

/** The row with nested subjects, names in camelCase and no null, in lists neither. */
export function rowOf(record: Readonly<Record<string, unknown>>, depth = 0): Row {
  const row: Record<string, unknown> = {};
  const grouped: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(record)) {
    if (value === null || value === undefined) continue;
    const [, subject, rest] = depth < MOST_DEPTH ? subjects.exec(name) ?? [] : [];
    if (subject) (grouped[subject] ??= {})[rest] = value;
    else row[camelCase(name)] = depth < MOST_DEPTH ? valueOf(value, depth + 1) : value;
  }
  for (const [subject, columns] of Object.entries(grouped)) {
    const related = row[subject];
    row[subject] = { ...rowOf(columns, depth + 1), ...(isRecord(related) && related) };
  }
  return row;
}

/** As much of the value as any trigger reads: a message has less room than a row. */
export function readOf(value: unknown): unknown {
  if (typeof value === "string") return startOf(value, MOST_TEXT);
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map(readOf);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, below]) => [name, readOf(below)]));
}

function valueOf(value: unknown, depth: number): unknown {
  if (isRecord(value)) return rowOf(value, depth);
  if (!Array.isArray(value)) return value;
  return value.filter((item) => item !== null && item !== undefined)
    .map((item) => isRecord(item) ? rowOf(item, depth) : item);
}

function camelCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
