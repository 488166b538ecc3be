/**
 * What `deno task dev` may be told on the command line.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { hostnameOf } from "./guard.ts";

export interface DevArguments {
  /** Runs the app in workerd. */
  workers: boolean;
  /** Names, beside the loopback ones, that the servers may be called by. */
  allowHosts: string[];
}

/** @throws {TypeError} for an option that is unknown, or a host that is no plain name */
export function readArguments(args: readonly string[]): DevArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workers: { type: "boolean", default: false },
      "allow-host": { type: "string", multiple: true, default: [] },
    },
  });
  const names = values["allow-host"].flatMap((list) => list.split(",")).map((name) => name.trim());
  return { workers: values.workers, allowHosts: names.filter(Boolean).map(readHost) };
}

function readHost(name: string): string {
  const hostname = hostnameOf(name);
  // A port says nothing of who asks, and a pattern would let in names that nobody chose.
  if (hostname === undefined || hostname !== name.toLowerCase() || hostname.includes("*")) {
    throw new TypeError(
      `--allow-host takes the name of a host, such as devbox.test, got ${JSON.stringify(name)}`,
    );
  }
  return hostname;
}
