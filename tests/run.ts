/**
 * `deno task test`: runs the tests, then says what was skipped and why.
 *
 * The last line is `N passed, N failed`, as Deno counted them. With `ZEROPOLL_REQUIRE_ALL=1`
 * a skipped test is a failure. Paths narrow the run; other arguments go to `deno test`.
 *
 * @module
 */
import { relative } from "node:path";

/** A test that was left out. */
interface Skipped {
  file: string;
  name: string;
  reason: string;
}

const root = new URL("..", import.meta.url).pathname;
const scratch = await Deno.makeTempDir({ prefix: "zeropoll-test-" });
const requireAll = Deno.env.get("ZEROPOLL_REQUIRE_ALL") === "1";
const narrowed = Deno.args.length > 0;

try {
  Deno.exit(await run());
} finally {
  await Deno.remove(scratch, { recursive: true });
}

async function run(): Promise<number> {
  const startedAt = Date.now();
  const paths = narrowed
    ? Deno.args
    : ["tests", "shared", "functions", "dev", "README.md"].filter(exists);
  const test = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--allow-all",
      "--doc",
      // Types are the business of `deno task check`; here they would only be checked again.
      "--no-check",
      ...(narrowed ? [] : ["--parallel", "--reporter=dot"]),
      `--junit-path=${scratch}/junit.xml`,
      ...paths,
    ],
    cwd: root,
    env: {
      NO_COLOR: "1",
      ZEROPOLL_SKIPS: `${scratch}/skips`,
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();

  const counted = await showProgress(test.stdout);
  const { code } = await test.status;
  const skipped = await readSkipped();

  const passed = counted?.passed ?? 0;
  let failed = counted?.failed ?? 0;
  if (!counted) console.log("\nThe run broke off: Deno gave no summary");
  // A run that broke off, or failed without a failed test (a leak, a coverage bound), is one failure.
  if (code !== 0 && failed === 0) failed = 1;
  showSkipped(skipped);
  if (requireAll) failed += skipped.length;
  console.log(`\n${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Copies the output, dots in a row, and picks Deno's own count out of its last line. */
async function showProgress(output: ReadableStream<Uint8Array>) {
  const summary = /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed/;
  let counted: { passed: number; failed: number } | undefined;
  let dots = 0;
  let rest = "";
  const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
  const show = (line: string) => {
    if (!narrowed && /^[.,!]$/.test(line)) {
      print(line);
      if (++dots % 100 === 0) print(` ${dots}\n`);
      return;
    }
    const match = summary.exec(line);
    if (match) counted = { passed: Number(match[1]), failed: Number(match[2]) };
    if (dots % 100 !== 0) print("\n");
    dots = 0;
    print(line + "\n");
  };
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) show(line);
  }
  if (rest !== "") show(rest);
  return counted;
}

async function readSkipped(): Promise<Skipped[]> {
  const reasons = new Map<string, Set<string>>();
  for (const line of (await readIfThere(`${scratch}/skips`)).split("\n").filter(Boolean)) {
    const { file, reason } = JSON.parse(line) as { file: string; reason: string };
    const path = relative(root, file);
    reasons.set(path, (reasons.get(path) ?? new Set()).add(reason));
  }
  const junit = await readIfThere(`${scratch}/junit.xml`);
  const skipped: Skipped[] = [];
  for (const [, attributes] of junit.matchAll(/<testcase ([^>]*)>\s*<skipped\/>/g)) {
    const attribute = (name: string) =>
      unescapeXml(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    const file = attribute("classname").replace(/^\.\//, "");
    // A test that runs on several things says in its name which one is missing.
    const [, name, named] = /^(.*?)(?: \(skipped: (.*)\))?$/.exec(attribute("name"))!;
    const known = named ?? [...reasons.get(file) ?? []].join("; ");
    skipped.push({ file, name, reason: known || "no reason given: see tests/support/needs.ts" });
  }
  return skipped;
}

function showSkipped(skipped: Skipped[]): void {
  if (skipped.length === 0) return console.log("\nNothing was skipped");
  console.log(`\nSkipped${requireAll ? ", and everything is required here" : ""}:`);
  const byReason = Map.groupBy(skipped, ({ reason }) => reason);
  for (const [reason, tests] of byReason) {
    console.log(`  ${reason}: ${tests.length}`);
    for (const [file, ofFile] of Map.groupBy(tests, ({ file }) => file)) {
      const names = ofFile.length > 3
        ? `${ofFile.length} tests`
        : ofFile.map(({ name }) => name).join("; ");
      console.log(`    ${file}: ${names}`);
    }
  }
}

function unescapeXml(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => entities[name]);
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, `file://${root}`));
    return true;
  } catch {
    return false;
  }
}
