import assert from "node:assert/strict";
import { createProgress } from "./progress.ts";

Deno.test("a long list says how far it is: at its start, by tenths, and at its end", () => {
  let text = "";
  let now = 0;
  const progress = createProgress(20, {
    isTerminal: false,
    write: (more) => text += more,
    now: () => now,
  });
  for (let row = 0; row < 20; row++) {
    progress.begins(`row ${row}`);
    now += 5_000;
    progress.clear();
  }
  progress.ends();
  const lines = text.trimEnd().split("\n");
  assert.equal(lines[0], "0 of 20 measured, 0 s");
  assert.equal(lines[1], "2 of 20 measured, 10 s, about 90 s left");
  assert.equal(lines.at(-1), "20 of 20 measured in 100 s");
  assert.equal(lines.length, 11);
});

Deno.test("on a terminal it is one line that names what is measured, and leaves none behind", () => {
  let text = "";
  const progress = createProgress(2, {
    isTerminal: true,
    columns: 30,
    write: (more) => text += more,
    now: () => 0,
  });
  progress.begins("a flush of a day with many words");
  assert.match(text, /1 of 2, 0 s: a flush/);
  assert.ok(text.replace("\r\x1b[K", "").length < 30);
  progress.clear();
  assert.ok(text.endsWith("\r\x1b[K"));
});
