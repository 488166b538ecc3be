/**
 * An empty database, made once and kept as a file: to make one is 3 s of work, to open it half a second.
 *
 * It stays in node_modules/.cache under the version of PGlite. Where it cannot be written or read,
 * each start makes its own.
 *
 * @module
 */
import { PGlite } from "@electric-sql/pglite";

const manifest = new URL("../package.json", import.meta.resolve("@electric-sql/pglite"));
const { version } = JSON.parse(Deno.readTextFileSync(manifest));
const cache = new URL("../../node_modules/.cache/zeropoll/", import.meta.url);

/** An empty database in memory, opened from the file in `folder` if there is one. */
export async function openEmpty(folder = cache): Promise<PGlite> {
  const file = new URL(`pglite-${version}.tar`, folder);
  const kept = await readKept(file);
  if (kept) {
    try {
      return await PGlite.create({ loadDataDir: kept });
    } catch {
      // Whatever spoiled the file: it is made again.
    }
  }
  const db = await PGlite.create();
  await keep(db, file);
  return db;
}

async function readKept(file: URL): Promise<Blob | undefined> {
  try {
    return new Blob([await Deno.readFile(file)]);
  } catch {
    return undefined; // The first start of this version, or nobody may read it.
  }
}

async function keep(db: PGlite, file: URL): Promise<void> {
  const unfinished = new URL(`${file.href}.${crypto.randomUUID()}`);
  try {
    await Deno.mkdir(new URL(".", file), { recursive: true });
    // Compressed, it never comes to an end on Deno.
    await Deno.writeFile(unfinished, (await db.dumpDataDir("none")).stream());
    // Seen whole or not at all: others start at the same time.
    await Deno.rename(unfinished, file);
  } catch {
    // Nothing is kept, as where the folder is not ours to write to.
    await Deno.remove(unfinished).catch(() => {});
  }
}
