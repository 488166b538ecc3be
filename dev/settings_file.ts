/**
 * `.dev.env`: the settings of a local cloud that runs, for other commands of this folder.
 *
 * Each dev writes a file of its own, `.dev.<port>.env`, and holds a lock on it while it lives, so
 * that one which was killed is told from one which runs. `.dev.env` is a copy of one of them, and
 * passes to another that runs when its owner ends. It holds no real token.
 *
 * @module
 */
import { parseEnv } from "node:util";

const FOLDER = new URL("..", import.meta.url);
/** Begins what a dev has written. */
const HEAD = "# Of the dev at port ";
const OWN = /^\.dev\.(\d+)\.env$/;

/** The settings of a dev, written where others find them. */
export interface SettingsFile {
  /** The file that other commands read; its own where another dev has `.dev.env`. */
  readonly name: string;
  /** Removes what is its own, and leaves what another dev has written. */
  remove(): void;
}

/** Writes the settings of the dev whose app is at `port`. */
export function writeSettings(
  port: number,
  settings: Readonly<Record<string, string>>,
  folder: URL = FOLDER,
): SettingsFile {
  const shared = new URL(".dev.env", folder);
  const name = `.dev.${port}.env`;
  const own = new URL(name, folder);
  const lines = Object.entries(settings).map(([name, value]) => `${name}="${value}"\n`).join("");
  const text = `${HEAD}${port}, process ${Deno.pid}\n${lines}`;
  const file = openLocked(own);
  file.truncateSync();
  file.writeSync(new TextEncoder().encode(text));
  const owner = running(folder, own).find((other) => read(other) === read(shared));
  if (!owner) replace(shared, text);
  return {
    name: owner ? name : ".dev.env",
    remove: () => {
      removeIfThere(own);
      file.close();
      const others = running(folder, own).map(read).filter((settings) => settings !== "");
      const held = read(shared);
      // What belongs to another dev that runs, or to a person, stays; that of a killed one does not.
      if (others.includes(held) || !held.startsWith(HEAD)) return;
      const heir = others.at(0);
      if (heir === undefined) removeIfThere(shared);
      else replace(shared, heir);
    },
  };
}

/** The settings of a dev that runs; empty when none does. */
export function readSettings(): Record<string, string | undefined> {
  return parseEnv(read(new URL(".dev.env", FOLDER)));
}

/** Opens the file for itself alone; anew where another dev swept it away in between. */
function openLocked(path: URL): Deno.FsFile {
  for (;;) {
    const file = Deno.openSync(path, { read: true, write: true, create: true });
    file.lockSync(true);
    const { ino } = file.statSync();
    try {
      if (Deno.statSync(path).ino === ino) return file;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    file.close();
  }
}

/** The files of the devs that run, but for `own`; those of killed ones are swept away. */
function running(folder: URL, own: URL): URL[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    OWN.test(name)
  );
  const files = names.sort().map((name) => new URL(name, folder));
  return files.filter((file) => file.href !== own.href && isHeld(file));
}

function isHeld(path: URL): boolean {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
  try {
    if (!file.tryLockSync(true)) return true;
    // An empty one is of a dev that is about to lock and to write it.
    if (file.statSync().size > 0) removeIfThere(path);
    return false;
  } finally {
    file.close();
  }
}

/** In one step: who reads at this moment gets the old text or the new one, whole. */
function replace(path: URL, text: string): void {
  const fresh = new URL(`${path.href}.${Deno.pid}.tmp`);
  Deno.writeTextFileSync(fresh, text);
  Deno.renameSync(fresh, path);
}

function removeIfThere(path: URL): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function read(path: URL): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "";
  }
}
