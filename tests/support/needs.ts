/**
 * What a test needs that a machine may lack: such a test is skipped, and the summary says why.
 *
 * `Deno.test({ name, ...needs("chromium"), fn })`. Where everything is required
 * (`ZEROPOLL_REQUIRE_ALL=1`), the runner counts each skipped test as a failure.
 *
 * @module
 */
import { appendFileSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findChromium } from "./chromium.ts";
import { findPostgres } from "./postgres_server.ts";
import { findRedisServer } from "./redis_server.ts";

/** A program that tests use and that `deno install` does not always bring. */
export type Tool = "redis-server" | "postgresql" | "chromium" | "workerd" | "faketime";

const missing: Record<Tool, () => string | undefined> = {
  "redis-server": () =>
    findRedisServer() ? undefined : "redis-server is not on PATH (apt-get install redis-server)",
  "postgresql": () =>
    findPostgres() ? undefined : "postgresql is not installed (apt-get install postgresql)",
  "chromium": () =>
    findChromium() ? undefined : "chromium is not on PATH (apt-get install chromium)",
  "faketime": () =>
    isOnPath("faketime") ? undefined : "faketime is not on PATH (apt-get install faketime)",
  "workerd": () =>
    workerdPath() ? undefined : "wrangler brought no workerd binary for this platform",
};

/** Whether a program of this name is on PATH. */
function isOnPath(name: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(`${folder}/${name}`));
}

/** What a moved clock cannot be given to, with the reason; see tests/runner/moved_clock.ts. */
export const UNMOVED: Partial<Record<Tool, string>> = {
  chromium: "Chromium's processes wait for each other for ever under libfaketime",
  workerd: "workerd brings an allocator that asks for the time before libfaketime can answer",
};

/** `ignore` is true when one of `tools` is missing; `reason` then names each that is. */
export function needs(...tools: Tool[]): { ignore: boolean; reason?: string } {
  const isMoved = process.env.ZEROPOLL_MOVED === "1";
  const reasons = tools.map((tool) => isMoved && UNMOVED[tool] || missing[tool]())
    .filter((reason) => reason !== undefined);
  if (reasons.length === 0) return { ignore: false };
  const reason = reasons.join("; ");
  const journal = process.env.ZEROPOLL_SKIPS;
  if (journal) appendFileSync(journal, JSON.stringify({ file: callingFile(), reason }) + "\n");
  return { ignore: true, reason };
}

/**
 * `name`, with the reason where the test is left out: for tests that another file than the
 * caller of {@link needs} defines, since the summary knows reasons by file.
 */
export function titled(name: string, { reason }: { reason?: string }): string {
  return reason === undefined ? name : `${name} (skipped: ${reason})`;
}

/** The program that wrangler brought, if it did. */
export function workerdPath(): string | undefined {
  try {
    const path = createRequire(import.meta.resolve("wrangler"))("workerd").default;
    return existsSync(path) ? path : undefined;
  } catch {
    // Not installed for this platform: the caller names the reason.
    return undefined;
  }
}

function callingFile(): string {
  const frames = (new Error().stack ?? "").match(/file:\/\/\/[^\s:)]+/g) ?? [];
  const caller = frames.find((frame) => frame !== import.meta.url);
  return caller ? fileURLToPath(caller) : "";
}
