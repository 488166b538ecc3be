/**
 * Who may import whom, and where the outside (clock, chance, environment, network) may appear.
 *
 * The table below is the architecture; a violation names the file, the line and the rule.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path/posix";
import { findInCode, importsOf } from "./support/source.ts";

/** A part of the tree, and what it may import. The first row that matches a file is its own. */
interface Row {
  part: string;
  files: RegExp;
  /** Files it may import, besides what `mayImportTypes` allows. */
  mayImport: RegExp;
  /** Files of which it may import the types alone. */
  mayImportTypes?: RegExp;
  /** Packages it may import, by bare name. */
  packages: RegExp;
  /** It may read the clock, chance, the environment, and talk to the outside. */
  outside?: boolean;
}

const anyPackage = /./;
const contracts = /^shared\/(contracts\/.+|ports|errors|config)\.ts$/;

const table: Row[] = [
  {
    part: "tests and bench",
    files: /^(tests|bench)\//,
    mayImport: /./,
    packages: anyPackage,
    outside: true,
  },
  {
    part: "contracts, ports, errors and config",
    files: contracts,
    mayImport: contracts,
    packages: /^zod$/,
  },
  {
    part: "shared/core",
    files: /^shared\/core\//,
    mayImport: /^shared\/(core|contracts)\/|^shared\/(ports|errors)\.ts$/,
    packages: /^zod$/,
  },
  {
    part: "shared/adapters",
    files: /^shared\/adapters\//,
    // The two policies of core that every adapter of its kind must keep to.
    mayImport:
      /^shared\/(contracts|adapters)\/|^shared\/core\/(breaker|redis_policy)\.ts$|^shared\/(ports|errors)\.ts$/,
    packages: anyPackage,
    outside: true,
  },
  {
    part: "shared/testing",
    files: /^shared\/testing\//,
    mayImport: /^(shared|dev)\//,
    packages: anyPackage,
    outside: true,
  },
  {
    part: "shared/mod.ts",
    files: /^shared\/mod\.ts$/,
    mayImport: /^shared\/(?!testing\/)/,
    packages: /^$/,
  },
  {
    part: "functions' entries and deps.ts",
    files: /^functions\/(main|worker|app|deps|plan_schedules)\.tsx?$/,
    mayImport: /^(functions|shared)\/(?!testing\/)/,
    packages: anyPackage,
    outside: true,
  },
  {
    part: "functions/context.ts",
    files: /^functions\/context\.ts$/,
    mayImport: /^$/,
    mayImportTypes: /^functions\/|^shared\/mod\.ts$/,
    packages: /^$/,
  },
  {
    part: "functions/middleware",
    files: /^functions\/middleware\//,
    mayImport: /^shared\/mod\.ts$|^functions\/middleware\//,
    mayImportTypes: /^functions\//,
    packages: /^(hono|zod)(\/|$)/,
  },
  {
    part: "a function",
    files: /^functions\/[^/]+\//,
    // Its own folder is added below.
    mayImport: /^shared\/mod\.ts$|^functions\/middleware\//,
    mayImportTypes: /^functions\//,
    packages: /^(hono|zod)(\/|$)/,
  },
  {
    part: "a protocol server in dev",
    files: /^dev\/[^/]+\//,
    mayImport: /^dev\/|^shared\/contracts\//,
    packages: anyPackage,
    outside: true,
  },
  {
    part: "dev's entries",
    files: /^dev\/[^/]+\.tsx?$/,
    mayImport: /^(dev|functions|shared)\//,
    packages: anyPackage,
    outside: true,
  },
];

/** What only rows with `outside` may touch. */
const outsides: [what: string, pattern: RegExp][] = [
  ["Deno", /(?<![\w$.])Deno\s*[.[]/],
  ["the environment", /(?<![\w$.])process\s*\.\s*env\b|import\.meta\.env\b/],
  ["fetch", /(?<![\w$.])fetch\s*\(|globalThis\s*\.\s*fetch\b/],
  ["console", /(?<![\w$.])console\s*\./],
  [
    "the clock",
    /(?<![\w$.])(Date\.now\b|new\s+Date\s*(\(\s*\)|(?!\s*\()(?=[;,)\s]))|performance\s*\.\s*now\b)/,
  ],
  ["chance", /(?<![\w$])(Math\.random\b|crypto\.(randomUUID|getRandomValues)\b)/],
];

const { imports: packages } = JSON.parse(
  await Deno.readTextFile(new URL("../deno.json", import.meta.url)),
) as { imports: Record<string, string> };
const packageNames = Object.keys(packages);

/** Everything wrong with the file at `path` (relative to the root), one line for each. */
function faultsOf(path: string, source: string): string[] {
  const row = table.find(({ files }) => files.test(path));
  if (!row) return [`${path}:1 stands in no part of the table`];
  const faults: string[] = [];
  const fault = (line: number, rule: string) => faults.push(`${path}:${line} ${rule}`);

  for (const { specifier, typeOnly, clause, line } of importsOf(source)) {
    if (/^\*(?!\s*as\b)/.test(clause)) fault(line, `no \`export *\`: name what is exported`);
    if (specifier === "zod" && !/^\*\s*as\b/.test(clause)) {
      fault(line, `zod is imported as a namespace: import * as z from "zod"`);
    }
    if (specifier.startsWith(".")) {
      if (!/\.(tsx?|json)$/.test(specifier)) fault(line, `"${specifier}" lacks its .ts`);
      const target = join(dirname(path), specifier);
      const own = row.part === "a function" ? path.split("/").slice(0, 2).join("/") + "/" : "\0";
      const allowed = row.mayImport.test(target) || target.startsWith(own) ||
        (typeOnly && row.mayImportTypes?.test(target));
      if (!allowed) {
        fault(line, `${row.part} may not import ${typeOnly ? "types of " : ""}${target}`);
      }
      if (/^(tests|bench)\//.test(target) && row.part !== "tests and bench") {
        fault(line, `nothing imports tests or bench`);
      }
    } else if (specifier.startsWith("node:")) {
      if (!row.outside) fault(line, `${row.part} may not import ${specifier}`);
    } else if (
      !packageNames.some((name) => specifier === name || specifier.startsWith(name + "/"))
    ) {
      fault(line, `"${specifier}" is neither relative nor a package of deno.json`);
    } else if (!row.packages.test(specifier)) {
      fault(line, `${row.part} may not import the package ${specifier}`);
    }
  }
  if (row.part !== "tests and bench" && path !== "functions/worker.ts") {
    for (const { line } of findInCode(source, /^export\s+default\b/)) {
      fault(line, "only the Workers entry has a default export");
    }
  }
  if (!row.outside) {
    for (const [what, pattern] of outsides) {
      for (const { line, text } of findInCode(source, pattern)) {
        fault(line, `${row.part} may not touch ${what}: ${text}`);
      }
    }
  }
  return faults;
}

Deno.test("every file imports only what its place allows", async () => {
  const root = new URL("..", import.meta.url).pathname;
  const faults: string[] = [];
  for await (const path of sourceFiles(root)) {
    const name = relative(root, path);
    faults.push(...faultsOf(name, await Deno.readTextFile(path)));
  }
  assert.deepEqual(faults, [], "\n" + faults.join("\n"));
});

Deno.test("packages are pinned exactly, and the lock names no address", async () => {
  for (const [name, target] of Object.entries(packages)) {
    assert.match(target, /^npm:(@[^@]+|[^@]+)@\d+\.\d+\.\d+$/, name);
  }
  const lock = await Deno.readTextFile(new URL("../deno.lock", import.meta.url));
  assert.doesNotMatch(lock, /https?:|"tarball"/);
});

const refused: { path: string; source: string; because: RegExp }[] = [
  {
    path: "shared/core/a.ts",
    source: `import { Redis } from "@upstash/redis";`,
    because: /^shared\/core\/a\.ts:1 shared\/core may not import the package @upstash\/redis$/,
  },
  {
    path: "shared/core/a.ts",
    source: `\n\nimport type { Config } from "../config.ts";`,
    because: /a\.ts:3 shared\/core may not import types of shared\/config\.ts/,
  },
  {
    path: "shared/core/a.ts",
    source: `import { x } from "../../tests/x.ts";`,
    because: /nothing imports tests or bench/,
  },
  { path: "shared/core/a.ts", source: `const at = Date.now();`, because: /the clock: Date\.now/ },
  { path: "shared/core/a.ts", source: `const at = new Date();`, because: /the clock: new Date/ },
  { path: "shared/core/a.ts", source: "const a = `${Math.random()}`;", because: /chance/ },
  { path: "shared/core/a.ts", source: `await fetch("http://a");`, because: /fetch/ },
  {
    path: "shared/contracts/a.ts",
    source: `import { z } from "zod";`,
    because: /namespace/,
  },
  {
    path: "shared/mod.ts",
    source: `export * from "./errors.ts";`,
    because: /no `export \*`/,
  },
  {
    path: "functions/feed/routes.ts",
    source: `import { jobs } from "../jobs/registry.ts";`,
    because: /a function may not import functions\/jobs\/registry\.ts/,
  },
  {
    path: "functions/feed/routes.ts",
    source: `import { keys } from "../../shared/core/keys.ts";`,
    because: /a function may not import shared\/core\/keys\.ts/,
  },
  {
    path: "functions/feed/routes.ts",
    source: `import process from "node:process";`,
    because: /may not import node:process/,
  },
  {
    path: "dev/redis/server.ts",
    source: `import { createKeys } from "../../shared/core/keys.ts";`,
    because: /a protocol server in dev may not import shared\/core\/keys\.ts/,
  },
  {
    path: "functions/feed/routes.ts",
    source: `\nexport default 1;`,
    because: /routes\.ts:2 only the Workers entry has a default export/,
  },
  {
    path: "functions/app.ts",
    source: `import { x } from "npm:hono";`,
    because: /neither relative nor a package/,
  },
];
for (const { path, source, because } of refused) {
  Deno.test(`the import table refuses ${path} with ${source.trim()}`, () => {
    const faults = faultsOf(path, source);
    assert.ok(faults.some((fault) => because.test(fault)), `got ${JSON.stringify(faults)}`);
  });
}

const accepted: { path: string; source: string }[] = [
  { path: "shared/core/a.ts", source: `// fetch("x") and Date.now()\nconst a = "Deno.env";` },
  { path: "shared/core/a.ts", source: `const at = new Date(ms); const f = port.fetch(1);` },
  { path: "shared/core/a.ts", source: "const a = `Math.random() ${b}`; /[\"'`]/.test(a);" },
  { path: "functions/feed/routes.ts", source: `import type { A } from "../jobs/registry.ts";` },
  { path: "functions/feed/routes.ts", source: `import { type A } from "../jobs/registry.ts";` },
  { path: "functions/feed/routes.ts", source: `import { rank } from "./ranking.ts";` },
  { path: "functions/feed/routes.ts", source: `export { rank } from "./ranking.ts";` },
];
for (const { path, source } of accepted) {
  Deno.test(`the import table accepts ${path} with ${JSON.stringify(source)}`, () => {
    assert.deepEqual(faultsOf(path, source), []);
  });
}

async function* sourceFiles(root: string): AsyncGenerator<string> {
  const folders = ["shared", "functions", "dev", "tests", "bench"].map((name) => join(root, name));
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for await (const entry of readFolder(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) folders.push(path);
      else if (/\.tsx?$/.test(entry.name)) yield path;
    }
  }
}

/** A part that has no files yet has no folder in a fresh clone. */
async function* readFolder(folder: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
