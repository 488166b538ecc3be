/**
 * What the worker weighs, and how soon it answers: the two things that a user of it pays for.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { createCloud } from "../dev/cloud.ts";
import { needs } from "./support/needs.ts";
import { startWorker } from "./support/workerd.ts";

/** The worker, minified and gzipped. Raised by a change that names why; never past 110. */
const LIMIT_KIB = 79;
/** From nothing to the first answer, wrangler's bundling and a busy machine included. */
const START_LIMIT_MS = 20_000;

Deno.test({
  name: `the worker weighs less than ${LIMIT_KIB} KiB, minified and gzipped`,
  ...needs("workerd"),
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "zeropoll-bundle-" });
    try {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["task", "--eval", `wrangler deploy --dry-run --minify --outdir ${folder}`],
        cwd: new URL("..", import.meta.url).pathname,
        env: { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
        stdin: "null",
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const bundle = await Deno.readFile(`${folder}/worker.js`);
      const kib = (bytes: number) => Math.round(bytes / 1024 * 100) / 100;
      const zipped = kib(gzipSync(bundle).length);
      console.log(`the worker: ${kib(bundle.length)} KiB minified, ${zipped} KiB gzipped`);
      assert.ok(zipped < LIMIT_KIB, `${zipped} KiB is over the limit of ${LIMIT_KIB} KiB`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "the worker answers soon after its start in workerd",
  ...needs("workerd"),
  fn: async () => {
    await using cloud = await createCloud({
      clock: "wall",
      app: () => ({ fetch: () => new Response() }),
    });
    const startedAt = performance.now();
    const worker = await startWorker({ ...cloud.environment });
    try {
      const response = await fetch(`${worker.url}/health`);
      const ms = Math.round(performance.now() - startedAt);
      console.log(`the worker: ${ms} ms from nothing to the first answer of /health`);
      assert.equal(response.status, 200, await response.text());
      assert.ok(ms < START_LIMIT_MS, `${ms} ms is over the limit of ${START_LIMIT_MS} ms`);
    } finally {
      await worker.close();
    }
  },
});
