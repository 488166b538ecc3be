/**
 * The app in workerd, for tests: bundled by wrangler, on a port of its own.
 *
 * @module
 */
import process from "node:process";

/** A worker that runs; `url` has no trailing slash. */
export interface RunningWorker {
  readonly url: string;
  close(): Promise<void>;
}

/** Bundles the worker of a wrangler.toml, starts it with `vars`, and resolves once it listens. */
export async function startWorker(
  vars: Record<string, string>,
  configPath: string | URL = new URL("../../wrangler.toml", import.meta.url),
): Promise<RunningWorker> {
  // Read when wrangler is loaded: no questions, and no look-ups on the network.
  process.env.WRANGLER_SEND_METRICS = "false";
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
  // wrangler's own use of an old module is no news to anyone here.
  Object.assign(process, { noDeprecation: true });
  process.env.WRANGLER_LOG = "error";
  const { createTestHarness } = await import("wrangler");
  const harness = createTestHarness({
    workers: [{ configPath, vars }],
  });
  const { url } = await harness.listen();
  return { url: url.origin, close: () => harness.close() };
}
