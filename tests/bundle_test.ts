/**
 * What the worker weighs, and how soon it answers: the two things that a user of it pays for. The
 * second is shown, not bounded: it is the machine's as much as ours.
 *
 * @module
 */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { createCloud } from "../dev/cloud.ts";
import { needs } from "./support/needs.ts";
import { startWorker } from "./support/workerd.ts";

/** What is bundled, and the most it may weigh minified and gzipped, in KiB. */
const bundles = [
  // Raised by a change that names why. By 19, from 80 and 110: postgres.js weighs 18.7. By 51: the
  // feed, its dashboard and its documentation weigh 37, hono's JSX, tokens and cookies 6. By 50: the
  // 38 notifications, their sending, triggers and pages weigh 34, @upstash/ratelimit 9, limits 5. By
  // 60: the chat with its page and streams weighs 33, profiles 7, the lexicon of sentiments 15. By
  // 25: sealed secrets, roles and scopes, Postgres' own queue, and inputs that are checked at the edge.
  { what: "the worker", entry: "functions/worker.ts", limitKib: 285 },
  {
    what: "the worker with all five packages",
    entry: "tests/bundle/all_packages.ts",
    limitKib: 305,
  },
];

for (const { what, entry, limitKib } of bundles) {
  Deno.test({
    name: `${what} weighs less than ${limitKib} KiB, minified and gzipped`,
    ...needs("workerd"),
    fn: async () => {
      const folder = await Deno.makeTempDir({ prefix: "zeropoll-bundle-" });
      try {
        const bundle = await bundled(entry, folder);
        const kib = (bytes: number) => Math.round(bytes / 1024 * 100) / 100;
        const zipped = kib(gzipSync(bundle).length);
        console.log(`${what}: ${kib(bundle.length)} KiB minified, ${zipped} KiB gzipped`);
        assert.ok(zipped < limitKib, `${zipped} KiB is over the limit of ${limitKib} KiB`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** What wrangler would upload for `entry`. */
async function bundled(entry: string, folder: string): Promise<Uint8Array> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "wrangler", "deploy", entry, "--dry-run", "--minify", "--outdir", folder],
    cwd: new URL("..", import.meta.url).pathname,
    env: { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return await Deno.readFile(join(folder, basename(entry).replace(/\.ts$/, ".js")));
}

Deno.test({
  name: "the worker starts in workerd, and answers",
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
    } finally {
      await worker.close();
    }
  },
});
