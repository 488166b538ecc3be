/**
 * Brings every package before the first test, so that no test asks a registry.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import * as project from "../../deno.json" with { type: "json" };
import { root } from "./plan.ts";

const USE = "import";

/**
 * Installs what the lock names, and has Deno ask for what it looks up when a package is first used:
 * a program that a test starts would do so otherwise, and say it on its own output.
 */
export async function bringPackages(): Promise<void> {
  const uses = Object.keys(project.default.imports)
    .map((name) => `if (false) await ${USE}(${JSON.stringify(name)});`);
  await new Deno.Command(Deno.execPath(), {
    args: ["eval", uses.join("\n")],
    cwd: fileURLToPath(root),
    stdin: "null",
    stdout: "null",
    // What it cannot bring, the tests that need it say.
    stderr: "null",
  }).output();
}
