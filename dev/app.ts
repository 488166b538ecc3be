/**
 * The app as `deno task dev` runs it: a process of its own, so that it can start afresh.
 *
 * Settings come by environment. Each line on stdin is the clock's new offset in ms; the first
 * one starts the app, and the end of stdin ends it, so it cannot outlive who started it.
 *
 * @module
 */
import process from "node:process";
import { printError } from "../shared/adapters/terminal.ts";
import { createApp } from "../functions/app.ts";
import { createDeps, warnOfSettings } from "../functions/deps.ts";
import { ConfigError, readConfig } from "../shared/config.ts";
import { guardOf } from "./app_guard.ts";
import { answer, offsets, outliveInterrupt } from "./app_line.ts";
import { refusal } from "./guard.ts";
import { installClock, WallClock } from "./clock.ts";

outliveInterrupt();
const config = settings();
const guard = guardOf(process.env);
const clock = new WallClock();
let started = false;
for await (const offsetMs of offsets()) {
  await clock.advance(Math.max(0, offsetMs - clock.offsetMs));
  if (!started) {
    installClock(clock);
    const deps = createDeps(config);
    warnOfSettings(deps);
    const app = createApp(deps);
    Deno.serve(
      {
        hostname: "127.0.0.1",
        port: Number(process.env.APP_PORT),
        // Whoever started this holds the port until the app listens.
        reusePort: Deno.build.os === "linux",
        onListen: () => {},
      },
      (request, { remoteAddr: { hostname } }) =>
        refusal(request, guard) ?? app.fetch(request, { clientAddress: hostname }),
    );
    started = true;
  }
  answer(offsetMs);
}
Deno.exit(0);

function settings() {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    printError(error.message);
    return Deno.exit(1);
  }
}
