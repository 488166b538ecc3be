/**
 * The app runs with what it needs and no more: it talks to the network, and reads its settings.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createCloud } from "../../dev/cloud.ts";
import { listen } from "../../dev/server.ts";
import packagesOf from "../../deno.json" with { type: "json" };

const tasks: Readonly<Record<string, string>> = packagesOf.tasks;
const APPS = ["--allow-net", "--allow-env"];

function flagsOf(task: string): string[] {
  return task.split(" ").filter((word) => /^(-A|--allow-)/.test(word));
}

for (const [name, task] of Object.entries(tasks)) {
  if (!/ functions\/\w+\.ts/.test(task)) continue;
  Deno.test(`deno task ${name} may use the network and read settings, and nothing else`, () => {
    assert.deepEqual(flagsOf(task), APPS);
    assert.ok(task.includes("--no-prompt"), "what is missing is refused, not asked for");
  });
}

Deno.test("deno task dev, which starts workerd, names what it may do", () => {
  for (const name of ["dev", "dev:workers"]) {
    assert.deepEqual(
      flagsOf(tasks[name]).sort(),
      [
        ...APPS,
        "--allow-read",
        "--allow-run",
        "--allow-sys",
        "--allow-write",
      ].sort(),
    );
  }
});

Deno.test("deno task start serves, and does a job, under those permissions", async () => {
  const probe = listen(() => new Response());
  await probe.close();
  const { port } = probe;
  await using cloud = await createCloud({
    clock: "wall",
    app: () => ({ fetch: () => new Response("starting", { status: 503 }) }),
  });
  const app = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...tasks.start.split(" ").slice(2)],
    cwd: new URL("../..", import.meta.url).pathname,
    clearEnv: true,
    env: {
      HOME: Deno.env.get("HOME") ?? "",
      DENO_DIR: Deno.env.get("DENO_DIR") ?? "",
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      ...cloud.environment,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let printed = "";
  const succeeded = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      printed += part;
      if (printed.includes("Listening on")) started.resolve();
      if (printed.includes('"event":"job.succeeded"')) succeeded.resolve();
    }
  };
  const ended = Promise.all([read(app.stdout), read(app.stderr)]).then(() => {
    for (const { reject } of [started, succeeded]) reject(new Error(`it ended:\n${printed}`));
  });
  succeeded.promise.catch(() => {/* The test waits for it, or has failed before. */});
  try {
    const url = `http://127.0.0.1:${port}`;
    await started.promise;
    // The cloud's address is the one that deliveries are signed for; it passes everything on.
    cloud.restart(() => ({
      fetch: (request) => {
        const { pathname, search } = new URL(request.url);
        return fetch(new Request(`${url}${pathname}${search}`, request));
      },
    }));
    for (const path of ["/health", "/docs", "/openapi.json", "/client.js", "/admin/sign-in"]) {
      const answer = await fetch(url + path);
      assert.equal(answer.status, 200, path);
      await answer.body?.cancel();
    }
    const enqueued = await fetch(`${url}/api/jobs/debug.echo`, {
      method: "POST",
      headers: { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
      body: JSON.stringify({ input: { message: "hello" } }),
    });
    assert.equal(enqueued.status, 202, await enqueued.text());
    await succeeded.promise;
    assert.equal(await cloud.redis.meter.snapshot().commands, 2);
  } finally {
    try {
      app.kill("SIGKILL");
    } catch {
      // It has ended, as the test says.
    }
    await app.status;
    await ended;
  }
});
