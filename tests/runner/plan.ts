/**
 * Which test files run together in one process, and what each such batch may weigh.
 *
 * A process keeps what its files leave behind, a Postgres above all; so it ends after a few of them.
 *
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Files for one `deno test`. */
export interface Batch {
  files: string[];
  /** What it is expected to hold at its peak, with all that it starts. */
  megabytes: number;
  /** Whether the examples in documentation are run, in place of test files. */
  isDocumentation?: boolean;
}

export const root = new URL("../../", import.meta.url);

/** By what a test file and the modules beside it start; the first that fits. Measured, rounded up. */
const WEIGHTS: readonly { starts: RegExp; megabytes: number; files: number }[] = [
  // A browser, workerd or another process, each with a Postgres beside it.
  {
    starts: /\b(launchChromium|start\w*Worker|startDev|startLocalCloud|openEmpty)\(|\/dev\/demo/,
    megabytes: 1_200,
    files: 1,
  },
  {
    starts:
      /\b(startDatabase|startPostgres|createPostgresServer|postgresEngines)\(|postgres: true|PGlite\.create/,
    megabytes: 700,
    files: 3,
  },
  { starts: /^/, megabytes: 300, files: 25 },
];

/** Every test file under `folders`, as paths from the root. */
export function testFiles(folders: readonly string[] = ["tests", "shared", "functions", "dev"]) {
  const files: string[] = [];
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
      if (isDirectory && name !== "node_modules") walk(`${folder}/${name}`);
      else if (/_test\.tsx?$/.test(name)) files.push(`${folder}/${name}`);
    }
  };
  for (const folder of folders) walk(folder);
  return files.sort();
}

const texts = new Map<string, string>();
const graphs = new Map<string, Set<string>>();

/** The text of a module of this project; empty where there is none. */
export function textOf(path: string): string {
  let text = texts.get(path);
  if (text === undefined) {
    try {
      text = Deno.readTextFileSync(new URL(path, root));
    } catch {
      text = ""; // A path in a text that is no import.
    }
    texts.set(path, text);
  }
  return text;
}

/** A test file and every module of this project that it imports, by whatever way. */
export function modulesOf(file: string): Set<string> {
  const known = graphs.get(file);
  if (known) return known;
  const found = new Set([file]);
  for (const path of found) {
    for (const [, specifier] of textOf(path).matchAll(/["'](\.{1,2}\/[^"'\s]+\.tsx?)["']/g)) {
      const url = new URL(specifier, new URL(path, root));
      found.add(relative(fileURLToPath(root), fileURLToPath(url)));
    }
  }
  graphs.set(file, found);
  return found;
}

/** Whether any test of `file` may be long: only `long` gives the name that says so. */
export function mayBeLong(file: string): boolean {
  return modulesOf(file).has("tests/support/long.ts");
}

/** The modules of tests/ that `file` reaches, itself first, and whose code has what `pattern` says. */
export function findIn(file: string, pattern: RegExp): string[] {
  return [...modulesOf(file)].filter((path) =>
    path.startsWith("tests/") && pattern.test(withoutDefinitions(textOf(path)))
  );
}

/** A module that offers a thing does not start it. */
function withoutDefinitions(text: string): string {
  return text.replace(/^export (?:async )?function \w+\(/gm, "").replace(/^ *(?:\*|\/\/).*$/gm, "");
}

/** Batches of files that weigh the same, the heaviest first. */
export function batchesOf(files: readonly string[]): Batch[] {
  const batches: Batch[] = [];
  const byWeight = Map.groupBy(
    files,
    (file) => WEIGHTS.find(({ starts }) => findIn(file, starts).length > 0)!,
  );
  for (const weight of WEIGHTS) {
    const ofWeight = byWeight.get(weight) ?? [];
    const count = Math.ceil(ofWeight.length / weight.files);
    // Dealt out, since neighbours are alike in what they take.
    for (let batch = 0; batch < count; batch++) {
      batches.push({
        files: ofWeight.filter((_, index) => index % count === batch),
        megabytes: weight.megabytes,
      });
    }
  }
  return batches;
}
