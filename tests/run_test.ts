/**
 * What `deno task test` says at its end: the reasons of what was skipped, the names of what failed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

Deno.test("a test that is left out is listed with its reason, whichever file defines it", async () => {
  const files = ["tests/conformance/redis_engine_test.ts", "tests/dev/redis/meter_test.ts"];
  const { code, printed } = await run(files, { PATH: "/nowhere" });
  assert.equal(code, 0, printed);
  assert.match(
    printed,
    /^Skipped:\n {2}redis-server is not on PATH \(apt-get install redis-server\): \d+\n/m,
  );
  assert.match(printed, /^ {4}tests\/conformance\/redis_engine_test\.ts: \d+ tests$/m);
  assert.match(printed, /^ {4}tests\/dev\/redis\/meter_test\.ts: a real server: the same prices$/m);
  assert.doesNotMatch(printed, /no reason given/);
  assert.match(printed, /\n\d+ passed, 0 failed\n$/);
});

Deno.test("where everything is required, a test that is left out has failed", async () => {
  const files = ["tests/dev/redis/meter_test.ts"];
  const { code, printed } = await run(files, { PATH: "/nowhere", ZEROPOLL_REQUIRE_ALL: "1" });
  assert.equal(code, 1);
  assert.match(printed, /^Skipped, and everything is required here:$/m);
  assert.match(printed, /\n\d+ passed, 1 failed\n$/);
});

Deno.test("a test that fails is named, and counted on the last line", async () => {
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-run-" });
  try {
    const file = join(folder, "broken_test.ts");
    await Deno.writeTextFile(
      file,
      `Deno.test("this one holds", () => {});
       Deno.test("this one is broken", () => { throw new Error("on purpose"); });`,
    );
    const { code, printed } = await run([file], {});
    assert.equal(code, 1);
    assert.match(printed, /^ FAILURES \n\nthis one is broken => /m);
    assert.match(printed, /\n1 passed, 1 failed\n$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function run(paths: readonly string[], environment: Record<string, string>) {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "tests/run.ts", ...paths],
    cwd: root,
    env: { ZEROPOLL_REQUIRE_ALL: "", REDIS_URL: "", ...environment },
    stdin: "null",
    stderr: "null",
  }).output();
  return { code, printed: new TextDecoder().decode(stdout) };
}
