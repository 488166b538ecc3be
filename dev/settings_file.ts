/**
 * `.dev.env`: the settings of the local cloud that runs, for other commands of this folder.
 *
 * Written by `deno task dev` and removed at its end; it names the ports that were free. It holds
 * nothing of the environment that dev was started in, so no real token.
 *
 * @module
 */
import { parseEnv } from "node:util";

const FILE = new URL("../.dev.env", import.meta.url);

/** Writes the file; the undo leaves the file of a dev that was started later. */
export function writeSettings(settings: Readonly<Record<string, string>>): () => void {
  const text = Object.entries(settings).map(([name, value]) => `${name}="${value}"\n`).join("");
  Deno.writeTextFileSync(FILE, text);
  return () => {
    if (readText() === text) Deno.removeSync(FILE);
  };
}

/** The settings of the dev that runs; empty when none does. */
export function readSettings(): Record<string, string | undefined> {
  return parseEnv(readText());
}

function readText(): string {
  try {
    return Deno.readTextFileSync(FILE);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "";
  }
}
