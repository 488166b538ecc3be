/**
 * `deno task test`: runs the tests in bounded processes, then says what failed and what was skipped.
 *
 * The last line is `N passed, N failed`, as Deno counted them. With `ZEROPOLL_REQUIRE_ALL=1` a skipped
 * test is a failure. `--long` runs what is long (tests/support/long.ts), and everything on a wall clock
 * again on moved ones. Paths run both kinds of these files; other arguments go to `deno test`.
 *
 * @module
 */
import { type DenoTest, startDenoTest } from "./runner/deno_test.ts";
import { type MovedRun, movedRuns } from "./runner/moved_clock.ts";
import { bringPackages } from "./runner/packages.ts";
import { type Batch, batchesOf, mayBeLong, testFiles } from "./runner/plan.ts";
import { Report, showSkipped } from "./runner/report.ts";
import { Slots } from "./runner/slots.ts";
import { needs, UNMOVED } from "./support/needs.ts";

const SEGMENTATION_FAULT = 128 + 11;

const isLong = Deno.args.includes("--long");
const given = Deno.args.filter((argument) => argument !== "--long");
const isNarrowed = given.length > 0;
const requireAll = Deno.env.get("ZEROPOLL_REQUIRE_ALL") === "1";

const scratch = await Deno.makeTempDir({ prefix: "zeropoll-test-" });
// A real Postgres runs as a user of its own, and has its folder in here.
await Deno.chmod(scratch, 0o711);
const running = new Set<DenoTest>();
let isInterrupted = false;
let killing: Promise<unknown> | undefined;

const environment: Record<string, string> = {
  ZEROPOLL_SKIPS: `${scratch}/skips`,
  // What a test leaves behind goes with the run.
  TMPDIR: scratch,
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  ...(!isNarrowed && { ZEROPOLL_TESTS: isLong ? "long" : "short" }),
};

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    isInterrupted = true;
    killing = Promise.all(Array.from(running, (test) => test.kill()));
  });
}

let code = 1;
try {
  code = await run();
} finally {
  await removeScratch();
}
Deno.exit(code);

async function run(): Promise<number> {
  await bringPackages();
  const files = isLong ? testFiles().filter(mayBeLong) : testFiles();
  const moved = isLong && !isNarrowed ? await movedRuns() : [];
  const movedFiles = (moved ?? []).reduce((sum, { batch }) => sum + batch.files.length, 0);
  const report = new Report(isNarrowed ? 0 : files.length + movedFiles);
  if (!moved) {
    const name = `all on a moved clock (skipped: ${needs("faketime").reason})`;
    report.note({ file: "tests/runner/moved_clock.ts", name, result: "ignored" });
  }
  if (isNarrowed) await runGiven(report);
  else await runAll(files, report, moved);
  await killing;

  let { passed, failed } = report;
  if (!isNarrowed || isInterrupted) report.showFailures();
  const skipped = report.skipped(await readIfThere(`${scratch}/skips`));
  showSkipped(skipped, requireAll);
  if (requireAll) failed += skipped.length;
  if (report.left > 0) console.log(`\n${report.left} tests are left to deno task test:long`);
  if (report.unmoved > 0) {
    const reasons = Object.values(UNMOVED).join("; ");
    console.log(`\n${report.unmoved} tests were not run on a moved clock: ${reasons}`);
  }
  if (isInterrupted) console.log("\nInterrupted: this is what had ended by then");
  console.log(`\n${report.seconds().toFixed(1)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  if (isInterrupted) return 130;
  return failed === 0 ? 0 : 1;
}

/** One process, whose every line is shown. */
async function runGiven(report: Report): Promise<void> {
  const test = startDenoTest({
    args: ["--doc", ...given],
    env: environment,
    onOutcome: (outcome) => report.note(outcome),
    onLine: (line) => console.log(line),
  });
  running.add(test);
  const { counted, code, complaint } = await test.ended;
  if (isInterrupted) return;
  if (counted) {
    report.passed = counted.passed;
    report.failed = counted.failed;
  } else {
    console.log(complaint);
    console.log("\nThe run broke off: Deno gave no summary");
  }
  // A run that broke off, or failed without a failed test (a coverage bound), is one failure.
  if (code !== 0 && report.failed === 0) report.failed = 1;
}

async function runAll(files: string[], report: Report, moved: MovedRun[] = []): Promise<void> {
  const slots = new Slots();
  const queue: Promise<void>[] = [];
  const add = (batch: Batch, moved?: MovedRun) => {
    queue.push(slots.use(batch.megabytes, async () => {
      if (!isInterrupted) await runBatch(batch, moved);
    }));
  };
  const titleOf = (name: string, moved?: MovedRun) => moved ? `${name} [${moved.moved}]` : name;
  const runBatch = async (batch: Batch, moved?: MovedRun) => {
    const seen = { passed: 0, failed: 0 };
    const test = startDenoTest({
      args: [
        ...(batch.isDocumentation ? ["--doc"] : []),
        ...(isLong && !moved ? ["--filter", "(long)"] : []),
        ...batch.files,
      ],
      env: { ...environment, ...moved && { ...moved.env(), ZEROPOLL_TESTS: "" } },
      onOutcome(outcome) {
        if (outcome.result === "ok") seen.passed++;
        else if (outcome.result !== "ignored") seen.failed++;
        report.note({ ...outcome, name: titleOf(outcome.name, moved) }, { isMoved: !!moved });
      },
    });
    running.add(test);
    const { counted, code, errors, complaint, begun } = await test.ended;
    running.delete(test);
    if (isInterrupted) return;
    if (errors !== "") report.print(`\n${errors}\n`);
    if (counted) {
      report.filesEnded(batch.files.length);
      // What counts is Deno's count, should a line of its have been missed.
      report.passed += counted.passed - seen.passed;
      report.failed += counted.failed - seen.failed;
      // Deno failed, though no test of it: nobody may overlook that. But a process that ends below
      // libfaketime sometimes crashes after its last word.
      const endedMoved = moved !== undefined && code === SEGMENTATION_FAULT;
      if (code !== 0 && counted.failed === 0 && !endedMoved) {
        fail(batch.files[0], titleOf(`Deno ended with ${code}`, moved));
      }
      return;
    }
    const unseen = batch.files.filter((file) => !begun.includes(file));
    const isWhole = begun.length === 0;
    if (isWhole && batch.files.length > 1) {
      // One that cannot be loaded keeps the others from running: each by itself.
      for (const file of batch.files) add({ ...batch, files: [file] }, moved);
      return;
    }
    report.print(`\n${complaint.trim()}\n`);
    report.filesEnded(batch.files.length - unseen.length);
    const what = titleOf("the run broke off, Deno gave no summary", moved);
    fail(begun.at(-1) ?? batch.files[0], what);
    if (!isWhole && unseen.length > 0) add({ ...batch, files: unseen }, moved);
  };
  const fail = (file: string, name: string) => report.fail({ file, name, result: "FAILED" });

  for (const batch of batchesOf(files)) add(batch);
  if (!isLong) {
    const documented = ["shared", "functions", "dev", "README.md"];
    add({ files: documented, megabytes: 300, isDocumentation: true });
  } else {
    for (const run of moved) add(run.batch, run);
  }
  // Batches that break off add others.
  for (let at = 0; at < queue.length; at++) await queue[at];
}

/** A browser that was ended may write a little longer; what it leaves is no reason to fail. */
async function removeScratch(): Promise<void> {
  for (let left = 20;; left--) {
    try {
      return await Deno.remove(scratch, { recursive: true });
    } catch (error) {
      if (left === 0) return console.error(`Cannot remove ${scratch}: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
