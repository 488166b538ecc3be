/**
 * What the runner shows: a dot for each test, each failure's name at once, and a summary.
 *
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { LONG } from "../support/long.ts";
import type { Outcome } from "./deno_test.ts";
import { root } from "./plan.ts";

/** A test that was left out. */
export interface Skipped {
  file: string;
  name: string;
  reason: string;
}

const MARKS = { ok: ".", FAILED: "!", cancelled: "!", ignored: "," };
const PER_LINE = 100;

/** Shows progress where nobody sees Deno's own, and keeps what the summary needs. */
export class Report {
  passed = 0;
  failed = 0;
  /** Left to the long run. */
  left = 0;
  /** Not run on a moved clock; on the machine's they were, or are listed as skipped. */
  unmoved = 0;
  readonly failures: Outcome[] = [];
  readonly #ignored: Outcome[] = [];
  readonly #startedAt = performance.now();
  readonly #total: number;
  #filesDone = 0;
  #dots = 0;

  /** For this many files; 0 where every line of Deno's is shown anyway. */
  constructor(total = 0) {
    this.#total = total;
  }

  note(outcome: Outcome, { isMoved = false } = {}): void {
    if (outcome.result === "ok") this.passed++;
    else if (outcome.result !== "ignored") this.fail(outcome);
    else if (isMoved) this.unmoved++;
    else if (outcome.name.includes(LONG) && !skippedBy(outcome.name)) this.left++;
    else this.#ignored.push(outcome);
    if (this.#total > 0) this.#dot(MARKS[outcome.result]);
  }

  /** Counts a failure, and names it at once. */
  fail(outcome: Outcome): void {
    this.failed++;
    this.failures.push(outcome);
    if (this.#total === 0) return;
    this.print(`FAILED ${nameOf(outcome)}`);
    if (outcome.output) this.print(outcome.output);
  }

  filesEnded(count: number): void {
    this.#filesDone += count;
  }

  /** A line of its own, whatever was printed before. */
  print(line: string): void {
    write(`${this.#dots % PER_LINE === 0 ? "" : "\n"}${line}\n`);
    this.#dots -= this.#dots % PER_LINE;
  }

  seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }

  #dot(mark: string): void {
    write(mark);
    if (++this.#dots % PER_LINE !== 0) return;
    const left = this.left + this.unmoved + this.#ignored.length;
    const tests = this.passed + this.failed + left;
    const files = `${this.#filesDone} of ${this.#total} files`;
    write(` ${tests} tests, ${files}, ${Math.round(this.seconds())} s\n`);
  }

  /** What was left out, with its reason: from the test's name, or from its file's journal. */
  skipped(journal: string): Skipped[] {
    const reasons = new Map<string, Set<string>>();
    for (const line of journal.split("\n").filter(Boolean)) {
      const { file, reason } = JSON.parse(line) as { file: string; reason: string };
      const path = relative(fileURLToPath(root), file);
      reasons.set(path, (reasons.get(path) ?? new Set()).add(reason));
    }
    return this.#ignored.map(({ file, name: title }) => {
      const name = title.replace(` ${LONG}`, "");
      const named = skippedBy(name);
      if (named) return { file, ...named };
      const known = [...reasons.get(file) ?? []].join(", or: ");
      return { file, name, reason: known || "no reason given: see tests/support/needs.ts" };
    });
  }

  showFailures(): void {
    if (this.failures.length === 0) return;
    console.log("\nFailed:");
    for (const failure of this.failures) console.log(`  ${nameOf(failure)}`);
  }
}

/**
 * A test that runs on several things says in its name which are missing, once or more, anywhere:
 * `redis-server (skipped: not on PATH (apt-get …)), Postgres: a view counts`. Undefined if it doesn't.
 */
export function skippedBy(title: string): { name: string; reason: string } | undefined {
  const reasons = new Set<string>();
  let name = "";
  let rest = title;
  for (;;) {
    const at = rest.indexOf(" (skipped: ");
    if (at < 0) break;
    const from = at + " (skipped: ".length;
    let end = from;
    for (let depth = 1; end < rest.length; end++) {
      if (rest[end] === "(") depth++;
      if (rest[end] === ")" && --depth === 0) break;
    }
    reasons.add(rest.slice(from, end));
    name += rest.slice(0, at);
    rest = rest.slice(end + 1);
  }
  if (reasons.size === 0) return undefined;
  return { name: name + rest, reason: [...reasons].join("; ") };
}

/** Reasons, with the tests that are left out for each. */
export function showSkipped(skipped: readonly Skipped[], isRequired: boolean): void {
  if (skipped.length === 0) return console.log("\nNothing was skipped");
  console.log(`\nSkipped${isRequired ? ", and everything is required here" : ""}:`);
  for (const [reason, tests] of Map.groupBy(skipped, ({ reason }) => reason)) {
    console.log(`  ${reason}: ${tests.length}`);
    for (const [file, ofFile] of Map.groupBy(tests, ({ file }) => file)) {
      const names = ofFile.length > 3
        ? `${ofFile.length} tests`
        : ofFile.map(({ name }) => name).join("; ");
      console.log(`    ${file}: ${names}`);
    }
  }
}

function nameOf({ file, name }: Outcome): string {
  return `${file}: ${name}`;
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
