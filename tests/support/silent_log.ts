/**
 * A log that says nothing, for tests whose output is their result.
 *
 * @module
 */
import type { Log } from "../../shared/mod.ts";

/** Drops every line. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };
