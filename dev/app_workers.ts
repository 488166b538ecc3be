/**
 * The app as `deno task dev:workers` runs it: in workerd, bundled and watched by wrangler.
 *
 * Takes the same lines as dev/app.ts, but workerd keeps real time: an offset other than 0 is
 * left unanswered.
 *
 * @module
 */
import process from "node:process";
import { answer, offsets, outliveInterrupt } from "./app_line.ts";

outliveInterrupt();
// Read when wrangler is loaded: no questions, and no look-ups on the network.
process.env.WRANGLER_SEND_METRICS = "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
// wrangler's own use of an old module is no news to anyone here.
Object.assign(process, { noDeprecation: true });
const { unstable_startWorker } = await import("wrangler");

const settings = (process.env.APP_SETTINGS ?? "").split(",").filter(Boolean);
let worker: Awaited<ReturnType<typeof unstable_startWorker>> | undefined;
for await (const offsetMs of offsets()) {
  if (!worker) {
    worker = await unstable_startWorker({
      // functions/worker.ts behind the guard.
      entrypoint: new URL("worker.ts", import.meta.url).pathname,
      config: new URL("../wrangler.toml", import.meta.url).pathname,
      bindings: Object.fromEntries(
        settings.map((name) => [name, { type: "secret_text", value: process.env[name] ?? "" }]),
      ),
      dev: {
        server: { hostname: "127.0.0.1", port: Number(process.env.APP_PORT) },
        inspector: false,
        watch: true,
        // The least at which the app's own log is shown.
        logLevel: "log",
      },
    });
    await worker.ready;
  }
  if (offsetMs === 0) answer(offsetMs);
}
await worker?.dispose();
Deno.exit(0);
