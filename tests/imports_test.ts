/**
 * Holds every file to the import table, and the packages to their pins.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join, relative } from "node:path/posix";
import packagesOf from "../deno.json" with { type: "json" };
import { faultsOf } from "./support/import_table.ts";

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
  for (const [name, target] of Object.entries(packagesOf.imports)) {
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
