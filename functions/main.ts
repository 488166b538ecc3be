/**
 * The entry on Deno and Deno Deploy: `deno task start`, on port 8000.
 *
 * The environment is read once; a bad one is said in one message and ends the process.
 *
 * @module
 */
import process from "node:process";
import { printError } from "../shared/adapters/terminal.ts";
import { ConfigError, readConfig } from "../shared/config.ts";
import { createApp } from "./app.ts";
import { createDeps, warnOfSettings } from "./deps.ts";

function start() {
  try {
    const deps = createDeps(readConfig(process.env));
    warnOfSettings(deps);
    return createApp(deps, { isOwnHost: true });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    printError(error.message);
    return process.exit(1);
  }
}

const app = start();

// Deno Deploy runs the file as `deno run` does, and waits for a server: a default export is none.
Deno.serve((request, { remoteAddr }) =>
  app.fetch(request, {
    clientAddress: "hostname" in remoteAddr ? remoteAddr.hostname : undefined,
  })
);
