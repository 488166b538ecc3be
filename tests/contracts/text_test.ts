import assert from "node:assert/strict";
import { isSound, soundText, startOf } from "../../shared/mod.ts";

const texts = [
  { text: "", isSound: true, sound: "" },
  { text: "né 😀", isSound: true, sound: "né 😀" },
  { text: "a\0b", isSound: false, sound: "ab" },
  { text: "cut\ud83d", isSound: false, sound: "cut\ufffd" },
  { text: "\ude00cut", isSound: false, sound: "\ufffdcut" },
];
for (const { text, ...expected } of texts) {
  Deno.test(`soundText(${JSON.stringify(text)}) is ${JSON.stringify(expected.sound)}`, () => {
    assert.equal(isSound(text), expected.isSound);
    assert.equal(soundText(text), expected.sound);
  });
}

const starts = [
  { text: "abc", most: 3, start: "abc" },
  { text: "abcd", most: 3, start: "abc" },
  { text: "ab😀", most: 3, start: "ab" },
  { text: "ab😀", most: 4, start: "ab😀" },
  { text: "😀", most: 1, start: "" },
  { text: "😀😀", most: 3, start: "😀" },
];
for (const { text, most, start } of starts) {
  Deno.test(`startOf(${text}, ${most}) is "${start}"`, () => {
    assert.equal(startOf(text, most), start);
  });
}
