/**
 * `.dev.env` while several devs run in one checkout, and after one was killed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { writeSettings } from "../../dev/settings_file.ts";

async function inFolder(work: (folder: URL) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-settings-" });
  try {
    await work(pathToFileURL(`${folder}/`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The port that `.dev.env` leads to; nothing when there is none. */
function portIn(folder: URL): string | undefined {
  if (!namesIn(folder).includes(".dev.env")) return undefined;
  return /PORT="(\d+)"/.exec(Deno.readTextFileSync(new URL(".dev.env", folder)))?.[1];
}

function namesIn(folder: URL): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("a dev that runs alone writes .dev.env, and leaves nothing behind", () =>
  inFolder((folder) => {
    const dev = writeSettings(1, { PORT: "1" }, folder);
    assert.equal(dev.name, ".dev.env");
    assert.equal(portIn(folder), "1");
    dev.remove();
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("a second dev leaves .dev.env to the first, while it runs and when it ends", () =>
  inFolder((folder) => {
    const first = writeSettings(1, { PORT: "1" }, folder);
    const second = writeSettings(2, { PORT: "2" }, folder);
    assert.equal(second.name, ".dev.2.env", "it has a file of its own");
    assert.match(Deno.readTextFileSync(new URL(second.name, folder)), /PORT="2"/);
    assert.equal(portIn(folder), "1");
    second.remove();
    assert.equal(portIn(folder), "1");
    first.remove();
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("when the first dev ends, .dev.env passes to the one that still runs", () =>
  inFolder((folder) => {
    const first = writeSettings(1, { PORT: "1" }, folder);
    const second = writeSettings(2, { PORT: "2" }, folder);
    first.remove();
    assert.equal(portIn(folder), "2");
    second.remove();
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("three devs end in any order, and the last one takes the file with it", () =>
  inFolder((folder) => {
    const devs = ["1", "2", "3"].map((port) => writeSettings(Number(port), { PORT: port }, folder));
    devs[1].remove();
    assert.equal(portIn(folder), "1");
    devs[0].remove();
    assert.equal(portIn(folder), "3");
    devs[2].remove();
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("what a killed dev has left belongs to nobody: the next one takes its place", () =>
  inFolder((folder) => {
    for (const name of [".dev.env", ".dev.7.env"]) {
      Deno.writeTextFileSync(new URL(name, folder), `PORT="7"\n`);
    }
    const next = writeSettings(8, { PORT: "8" }, folder);
    assert.equal(portIn(folder), "8");
    next.remove();
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("a dev at the port of a killed one takes over its file", () =>
  inFolder((folder) => {
    for (const name of [".dev.env", ".dev.8.env"]) {
      Deno.writeTextFileSync(new URL(name, folder), `PORT="8"\nOLD="1"\n`);
    }
    const next = writeSettings(8, { PORT: "8" }, folder);
    assert.equal(next.name, ".dev.env");
    assert.doesNotMatch(Deno.readTextFileSync(new URL(".dev.env", folder)), /OLD/);
    next.remove();
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("somebody who deletes the files meanwhile breaks no dev's end", () =>
  inFolder((folder) => {
    const dev = writeSettings(1, { PORT: "1" }, folder);
    for (const name of namesIn(folder)) Deno.removeSync(new URL(name, folder));
    dev.remove();
    assert.deepEqual(namesIn(folder), []);
  }));

Deno.test("the last dev that ends takes along what killed ones have left, and nothing of a person's", () =>
  inFolder((folder) => {
    const first = writeSettings(1, { PORT: "1" }, folder);
    const second = writeSettings(2, { PORT: "2" }, folder);
    // As after a kill: its files are there, and nobody holds them.
    const left = Deno.readTextFileSync(new URL(".dev.env", folder)).replaceAll("1", "7");
    for (const name of [".dev.env", ".dev.7.env"]) {
      Deno.writeTextFileSync(new URL(name, folder), left);
    }
    first.remove();
    assert.equal(portIn(folder), "2");
    second.remove();
    assert.deepEqual(namesIn(folder), []);
    const third = writeSettings(3, { PORT: "3" }, folder);
    Deno.writeTextFileSync(new URL(".dev.env", folder), `PORT="mine"\n`);
    third.remove();
    assert.deepEqual(namesIn(folder), [".dev.env"]);
  }));
