/**
 * `deno task demo` against a running dev: the ledger adds up, and finds its ports by itself.
 *
 * @module
 */
import assert from "node:assert/strict";
import { copyOfTheTree, runIn, startDev, stopDev } from "../support/dev_session.ts";

const demo = ["run", "--allow-all", "--no-check", "dev/demo.ts"];

Deno.test("deno task demo adds up, wherever dev has found its ports", async () => {
  const folder = await copyOfTheTree();
  const session = startDev(folder);
  try {
    await session.until(/A first job:/);
    const { code, printed } = await runIn(folder, ...demo, "--jobs=20", "--idle-seconds=1");
    assert.equal(code, 0, printed);
    assert.match(printed, /by the price list +20 +28 +68\n +as the meters saw it +28 +68\n/);
    assert.match(printed, /1 idle seconds added 0 commands\n\nEverything adds up\n$/);
  } finally {
    await stopDev(session);
    await Deno.remove(folder, { recursive: true });
  }
});

const mistaken = [
  { args: ["--app=http://127.0.0.1:1"], says: /^Nothing answers at http:\/\/127.0.0.1:1, / },
  { args: ["--jobs=many"], says: /^--jobs must be a whole number from 5 on, got many/ },
];
for (const { args, says } of mistaken) {
  Deno.test(`deno task demo ${args.join(" ")} says what is wrong`, async () => {
    const root = new URL("../..", import.meta.url).pathname;
    const { code, printed } = await runIn(root, ...demo, ...args);
    assert.equal(code, 1);
    assert.match(printed, says);
  });
}
