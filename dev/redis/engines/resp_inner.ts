/**
 * Which commands ran inside a script on a real server: `INFO commandstats` before and after.
 *
 * Both readings stand in one MULTI block with the script, so nothing of another client can fall
 * between them and the difference is exact. A call that the server refused before running it
 * (unknown name, wrong arity) is not in these figures.
 *
 * @module
 */

import type { Command, Reply } from "./engine.ts";
import { commandOf } from "./resp_protocol.ts";

/** The command that reads the figures. */
export const statistics: Command = commandOf("INFO", "commandstats");

const decoder = new TextDecoder();
const scripts = new Set("EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO".split(" "));

/** Whether other commands can run inside `command`. */
export function isScript(command: Command): boolean {
  return command[0].byteLength <= 10 && scripts.has(nameOf(command));
}

/** The names of what ran between the two readings, apart from `command` and the first reading. */
export function countInner(command: Command, before: Reply, after: Reply): string[] {
  const earlier = callsByName(before);
  const later = callsByName(after);
  const own = new Map([["INFO", 1], [nameOf(command), 1]]);
  return [...later].flatMap(([name, calls]) => {
    const inner = calls - (earlier.get(name) ?? 0) - (own.get(name) ?? 0);
    return Array<string>(Math.max(0, inner)).fill(name);
  });
}

function callsByName(reply: Reply): Map<string, number> {
  const text = reply.type === "bulk" && reply.bytes ? decoder.decode(reply.bytes) : "";
  const lines = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  // A container's subcommand is listed as `xgroup|create`.
  return new Map(
    [...lines].map(([, name, calls]) => [name.toUpperCase().replace("|", " "), Number(calls)]),
  );
}

function nameOf(command: Command): string {
  return decoder.decode(command[0]).toUpperCase();
}
