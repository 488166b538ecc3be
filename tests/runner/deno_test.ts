/**
 * One `deno test` process: tells what it prints, test by test, and what came of it.
 *
 * It has a process group of its own, so that all it started ends with it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { environmentWithoutShared } from "./moved_clock.ts";
import { root } from "./plan.ts";

/** A test that ended. */
export interface Outcome {
  file: string;
  name: string;
  result: "ok" | "FAILED" | "cancelled" | "ignored";
  /** What it printed itself, where it failed. */
  output?: string;
}

/** What came of a process. */
export interface Run {
  /** As Deno counted them; undefined where it broke off before its summary. */
  counted?: { passed: number; failed: number; ignored: number };
  code: number;
  /** What Deno says of the failures. */
  errors: string;
  /** What it printed when it could not begin, or broke off. */
  complaint: string;
  /** The files that were begun, in their order. */
  begun: string[];
}

export interface DenoTestOptions {
  args: readonly string[];
  env: Record<string, string>;
  onOutcome(outcome: Outcome): void;
  /** Every line as it comes, for whoever shows them all. */
  onLine?(line: string): void;
}

/** A process that runs. */
export interface DenoTest {
  readonly ended: Promise<Run>;
  /** Ends it and all that it started. */
  kill(): Promise<void>;
}

const GRACE_MS = 3_000;
const BEGIN = /^running \d+ tests? from (\S+)$/;
const RESULT = /^(\S.*) \.\.\. (ok|FAILED|ignored|cancelled)(?: \(.*\))?$/;
/** Of a test that takes more than a minute Deno says so, and ends the line; its result follows alone. */
const SLOW = /^(\S.*) \.\.\.'.*' has been running for over \(.*\)$/;
const SLOW_RESULT = /^ (ok|FAILED|ignored|cancelled) \(.*\)$/;
const BROKEN_FILE = /^Uncaught error from (\S+) FAILED$/;
const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/;
const OUTPUT_BEGINS = /^-+ (?:pre-test |post-test )?output -+$/;
const OUTPUT_ENDS = /^-+ (?:pre-test |post-test )?output end -+$/;

/** Starts `deno test` with its plain reporter. */
export function startDenoTest({ args, env, onOutcome, onLine }: DenoTestOptions): DenoTest {
  const process = new Deno.Command(Deno.execPath(), {
    // Types are the business of `deno task check`; here they would only be checked again.
    args: ["test", "--allow-all", "--no-check", ...args],
    cwd: fileURLToPath(root),
    env: { ...environmentWithoutShared(), ...env, NO_COLOR: "1" },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();

  const run: Run = { code: 0, errors: "", complaint: "", begun: [] };
  const read = readerOf(onOutcome, run, onLine);

  const ended = (async () => {
    const [complaint] = await Promise.all([
      new Response(process.stderr).text(),
      eachLine(process.stdout, read),
    ]);
    const { code } = await process.status;
    return Object.assign(run, { code, complaint, errors: run.errors.trim() });
  })();
  return {
    ended,
    async kill() {
      // Politely first: a server that is asked removes what it shares with others.
      signal(process.pid, "SIGINT");
      const timer = setTimeout(() => signal(process.pid, "SIGKILL"), GRACE_MS);
      await process.status;
      clearTimeout(timer);
      signal(process.pid, "SIGKILL");
    },
  };
}

/** Reads what Deno's plain reporter prints, line by line: tells outcomes, and notes the rest in `run`. */
export function readerOf(
  onOutcome: (outcome: Outcome) => void,
  run: Run = { code: 0, errors: "", complaint: "", begun: [] },
  onLine?: (line: string) => void,
): (line: string) => void {
  let file = "";
  let slow = "";
  let output: string[] | undefined;
  let isInside = false;
  let isErrors = false;

  return (line) => {
    onLine?.(line);
    if (OUTPUT_ENDS.test(line)) return void (isInside = false);
    if (OUTPUT_BEGINS.test(line)) {
      isInside = true;
      output = [];
      return;
    }
    // What a test prints may look like Deno's own lines.
    if (isInside) return void output?.push(line);
    const begun = BEGIN.exec(line);
    if (begun) {
      file = begun[1].replace(/^\.\//, "");
      return void run.begun.push(file);
    }
    slow = SLOW.exec(line)?.[1] ?? slow;
    const result = RESULT.exec(line) ??
      (slow && RESULT.exec(line.replace(SLOW_RESULT, `${slow} ...$&`)));
    if (result && !isErrors) {
      const [, name, what] = result as unknown as [string, string, Outcome["result"]];
      const failed = what !== "ok" ? output?.join("\n") : undefined;
      onOutcome({ file, name, result: what, ...(failed && { output: failed }) });
      return void (output = undefined);
    }
    const broken = BROKEN_FILE.exec(line);
    if (broken && !isErrors) {
      onOutcome({ file, name: "an error outside of any test", result: "FAILED" });
      return;
    }
    if (line === " ERRORS ") return void (isErrors = true);
    if (line === " FAILURES ") return void (isErrors = false);
    if (isErrors) return void (run.errors += line + "\n");
    const [, passed, failed, ignored = 0] = SUMMARY.exec(line) ?? [];
    if (passed !== undefined) {
      run.counted = { passed: Number(passed), failed: Number(failed), ignored: Number(ignored) };
    }
  };
}

/** To the whole group. */
function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(-pid, name);
  } catch {
    // All of it has ended.
  }
}

async function eachLine(stream: ReadableStream<Uint8Array>, show: (line: string) => void) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) show(line);
  }
  if (rest !== "") show(rest);
}
