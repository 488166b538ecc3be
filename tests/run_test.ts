/**
 * What `deno task test` says at its end: the reasons of what was skipped, the names of what failed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Outcome, readerOf } from "./runner/deno_test.ts";
import { isAlive } from "./support/dev_session.ts";

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
  await using folder = await fileOf(`
    Deno.test("this one holds", () => {});
    Deno.test("this one is broken", () => { throw new Error("on purpose"); });`);
  const { code, printed } = await run([folder.file], {});
  assert.equal(code, 1);
  assert.match(printed, /^ FAILURES \n\nthis one is broken => /m);
  assert.match(printed, /\n1 passed, 1 failed\n$/);
});

Deno.test("a test that takes more than a minute is counted, and named where it fails", () => {
  const lines = [
    "running 2 tests from ./tests/a_test.ts",
    "it is slow ...'it is slow' has been running for over (1m0s)",
    "'it is slow' has been running for over (2m0s)",
    " FAILED (2m1s)",
    "it is slow as well ...'it is slow as well' has been running for over (1m0s)",
    " ok (1m1s)",
    "it is quick ... ok (1ms)",
  ];
  const outcomes: Outcome[] = [];
  const read = readerOf((outcome) => outcomes.push(outcome));
  for (const line of lines) read(line);
  assert.deepEqual(outcomes.map(({ file, name, result }) => [file, name, result]), [
    ["tests/a_test.ts", "it is slow", "FAILED"],
    ["tests/a_test.ts", "it is slow as well", "ok"],
    ["tests/a_test.ts", "it is quick", "ok"],
  ]);
});

Deno.test("a name that holds its reason in the middle is listed under that reason, and without it", async () => {
  await using folder = await fileOf(`
    Deno.test({
      name: "redis-server (skipped: it is not on PATH (apt-get install it)), PGlite: a view counts",
      ignore: true,
      fn() {},
    });`);
  const { printed } = await run([folder.file], {});
  assert.match(printed, /^ {2}it is not on PATH \(apt-get install it\): 1$/m);
  assert.match(printed, /: redis-server, PGlite: a view counts$/m);
});

Deno.test("a file that breaks off is a failure", async () => {
  await using folder = await fileOf(`
    Deno.test("this one holds", () => {});
    Deno.test("this one ends the process", () => Deno.kill(Deno.pid, "SIGKILL"));`);
  const { code, printed } = await run([folder.file], {});
  assert.equal(code, 1);
  assert.match(printed, /The run broke off/);
  assert.match(printed, /\n1 passed, 1 failed\n$/);
});

Deno.test("a run that is interrupted ends what it started, and says what came of it until then", async () => {
  await using folder = await fileOf(`
    Deno.test("this one holds", () => {});
    Deno.test("this one is broken", () => { throw new Error("on purpose"); });
    Deno.test("this one stays", async () => {
      const child = new Deno.Command("sleep", { args: ["1000"] }).spawn();
      console.log("the child is " + child.pid + ".");
      await child.status;
    });`);
  const runner = spawn([folder.file], {});
  let printed = "";
  let child: number | undefined;
  for await (const text of runner.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    const told = /the child is (\d+)\./.exec(printed);
    if (!told || child) continue;
    child = Number(told[1]);
    runner.kill("SIGINT");
  }
  const { code } = await runner.status;
  assert.equal(code, 130, printed);
  assert.match(printed, /^this one is broken \.\.\. FAILED/m);
  assert.match(printed, /\nInterrupted: /);
  assert.match(printed, /^ {2}.*: this one is broken$/m);
  assert.match(printed, /\n1 passed, 1 failed\n$/);
  assert.equal(await isAlive(child!), false);
});

/** A test file with this in it, in a folder that goes with it. */
async function fileOf(source: string) {
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-run-" });
  const file = join(folder, "some_test.ts");
  await Deno.writeTextFile(file, source);
  return { file, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

async function run(paths: readonly string[], environment: Record<string, string>) {
  const { code, stdout } = await spawn(paths, environment).output();
  return { code, printed: new TextDecoder().decode(stdout) };
}

function spawn(paths: readonly string[], environment: Record<string, string>) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "tests/run.ts", ...paths],
    cwd: root,
    env: { ZEROPOLL_REQUIRE_ALL: "", ZEROPOLL_TESTS: "", REDIS_URL: "", ...environment },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}
