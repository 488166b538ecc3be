/**
 * Yes and no, in the spellings that QStash takes: Go's, among which are Python's `True` and `False`.
 *
 * @module
 */
import { ApiError } from "./api_error.ts";

const YES = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const NO = new Set(["0", "f", "F", "FALSE", "false", "False", ""]);

/** @throws {ApiError} 400, naming `name`, for a text that is neither */
export function parseFlag(name: string, text: string | null | undefined): boolean {
  const word = text?.trim() ?? "";
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  throw new ApiError(400, `invalid ${name} "${word}": must be true or false`);
}

/** The same where nobody can be told: what is neither is no. */
export function isYes(text: string | null | undefined): boolean {
  return YES.has(text?.trim() ?? "");
}
