/**
 * What is printed cannot steer a terminal, wherever it comes from.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createConsoleLog } from "../../shared/adapters/console_log.ts";
import { printable, printableJson, printableLine } from "../../shared/adapters/terminal.ts";

const dangerous: [what: string, text: string, shown: string][] = [
  ["clears the screen", "\x1b[2J", "\\x1b[2J"],
  ["sets the window's title", "\x1b]0;owned\x07", "\\x1b]0;owned\\x07"],
  ["writes over its line", "harmless\rowned", "harmless\\rowned"],
  ["deletes what stands there", "safe\b\b\b\bowned", "safe\\x08\\x08\\x08\\x08owned"],
  ["is a control of one byte (CSI)", "\x9b31m", "\\x9b31m"],
  ["ends a line as NEL does", "a\x85b", "a\\x85b"],
  ["is DEL", "a\x7fb", "a\\x7fb"],
  ["is NUL", "a\0b", "a\\x00b"],
  ["turns the direction", "a\u202eb", "a\\u202eb"],
  ["isolates a direction", "a\u2066b", "a\\u2066b"],
  ["ends a line in Unicode", "a\u2028b", "a\\u2028b"],
];
for (const [what, text, shown] of dangerous) {
  Deno.test(`text that ${what} is shown, not done`, () => {
    assert.equal(printableLine(text), shown);
    assert.equal(printable(text), shown);
    const json = printableJson({ text });
    assert.doesNotMatch(json, /[\p{Cc}\p{Bidi_Control}\u2028]/u);
    assert.equal(JSON.parse(json).text, text, "the value is the same to who parses it");
  });
}

Deno.test("a text of several lines keeps them; one line stays one", () => {
  assert.equal(printable("a\n\tb"), "a\n\tb");
  assert.equal(printableLine("a\n\tb"), "a\\n\\tb");
});

Deno.test("words of any language and emoji are printed as they are", () => {
  const words = "Übergröße, 日本語, שלום, 👩‍👩‍👧 — “quoted”";
  assert.equal(printableLine(words), words);
});

Deno.test("no line of the log holds a control character", () => {
  const lines: string[] = [];
  const log = createConsoleLog({
    clock: { now: () => 0 } as Parameters<typeof createConsoleLog>[0]["clock"],
    write: (line) => lines.push(line),
  });
  log.info(
    "job.failed",
    { job: "a\x9b2Jb", error: "\x7f\u202e\x1b[31m", nested: ["\x85"] } as never,
  );
  assert.doesNotMatch(lines[0], /[\p{Cc}\p{Bidi_Control}]/u);
  assert.equal(JSON.parse(lines[0]).error, "\x7f\u202e\x1b[31m");
});

/** Where a terminal is written to without `print`: what stands there is made of numbers, or escaped. */
const direct = new Set([
  "shared/adapters/terminal.ts",
  "shared/adapters/console_log.ts",
  "dev/app_process.ts",
]);

Deno.test("whatever functions, shared and dev print goes through one place that escapes it", async () => {
  const root = new URL("../../", import.meta.url);
  const found: string[] = [];
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
      const path = `${folder}/${name}`;
      if (isDirectory) await walk(path);
      else if (/\.tsx?$/.test(name) && !direct.has(path)) {
        const source = await Deno.readTextFile(new URL(path, root));
        const code = source.replaceAll(/^\s*(\*|\/\/).*$/gm, "");
        if (/(?<![\w$.])console\s*\./.test(code)) found.push(path);
      }
    }
  };
  for (const folder of ["functions", "shared", "dev"]) await walk(folder);
  assert.deepEqual(found, []);
});
