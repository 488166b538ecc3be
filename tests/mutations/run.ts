/**
 * `deno task mutations`: plants one fault at a time in a copy of the tree, and runs the tests that
 * should notice it.
 *
 * The copy is in a temporary folder, so nothing has to be restored. Each set of tests runs once
 * without a fault before: one that fails then notices nothing. `--only=text` takes those whose
 * sentence or file holds it, `--list` names them, `--unchecked` leaves the run without faults out.
 * Exits with 1 where a fault survived, or its place was not found.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { type Fault, faults, formerFaults } from "./faults.ts";

const root = new URL("../..", import.meta.url).pathname;
const only = Deno.args.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
const isUnchecked = Deno.args.includes("--unchecked");

type Verdict =
  | { kind: "noticed"; by: string }
  | { kind: "survived" }
  | { kind: "no run"; because: string };

const chosen = [...formerFaults, ...faults].filter(({ what, file }) =>
  only === undefined || what.includes(only) || file.includes(only)
);

if (Deno.args.includes("--list")) {
  for (const { what, file } of chosen) console.log(`${file}: ${what}`);
} else {
  Deno.exitCode = await tryAll();
}

async function tryAll(): Promise<number> {
  const startedAt = performance.now();
  const copy = await Deno.makeTempDir({ prefix: "zeropoll-mutations-" });
  Deno.addSignalListener("SIGINT", () => {
    Deno.removeSync(copy, { recursive: true });
    Deno.exit(130);
  });
  const counts = { "noticed": 0, "survived": 0, "no run": 0 };
  try {
    await copyTree(copy);
    const sound = new Map<string, string | undefined>();
    for (const [index, fault] of chosen.entries()) {
      console.log(`${index + 1} of ${chosen.length}  ${fault.file}: ${fault.what}`);
      const since = performance.now();
      const verdict = await tryOne(copy, fault, sound);
      counts[verdict.kind]++;
      const seconds = ((performance.now() - since) / 1_000).toFixed(0);
      console.log(`    ${said(verdict)} (${seconds} s)`);
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(
    `\n${counts.noticed} of ${chosen.length} noticed, ${counts.survived} survived, ` +
      `${counts["no run"]} without a run, in ${minutes} min`,
  );
  return counts.noticed === chosen.length ? 0 : 1;
}

function said(verdict: Verdict): string {
  switch (verdict.kind) {
    case "noticed":
      return `noticed by: ${verdict.by}`;
    case "survived":
      return "SURVIVED";
    case "no run":
      return `NO RUN: ${verdict.because}`;
  }
}

async function tryOne(
  copy: string,
  { file, find, replace, tests }: Fault,
  sound: Map<string, string | undefined>,
): Promise<Verdict> {
  const path = join(copy, file);
  const code = await Deno.readTextFile(path);
  const times = code.split(find).length - 1;
  if (times !== 1) {
    return { kind: "no run", because: `its place stands ${times} times in the file` };
  }
  const set = tests.join(" ");
  if (!isUnchecked && !sound.has(set)) sound.set(set, (await runTests(copy, tests)).failed[0]);
  const fails = sound.get(set);
  if (fails !== undefined) {
    return { kind: "no run", because: `without a fault, this fails: ${fails}` };
  }
  await Deno.writeTextFile(path, code.replace(find, () => replace));
  try {
    const { failed, isBroken } = await runTests(copy, tests);
    if (isBroken) return { kind: "no run", because: "with it the tests cannot be loaded" };
    return failed.length > 0 ? { kind: "noticed", by: failed[0] } : { kind: "survived" };
  } finally {
    await Deno.writeTextFile(path, code);
  }
}

/** The names of the tests that failed; it ends with the first. */
async function runTests(
  cwd: string,
  tests: readonly string[],
): Promise<{ failed: string[]; isBroken: boolean }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", "--fail-fast", ...tests],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const failed = [...printed.matchAll(/^(.*) \.\.\. FAILED/gm)].map(([, name]) => name);
  return { failed, isBroken: code !== 0 && failed.length === 0 };
}

/** Everything that git knows or would, with the packages linked. */
async function copyTree(to: string): Promise<void> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd: root,
  }).output();
  for (const file of new TextDecoder().decode(stdout).split("\0").filter((name) => name !== "")) {
    await Deno.mkdir(dirname(join(to, file)), { recursive: true });
    await Deno.copyFile(join(root, file), join(to, file)).catch((error) => {
      // Taken away, and not yet from git's list.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  await Deno.symlink(join(root, "node_modules"), join(to, "node_modules"));
}
