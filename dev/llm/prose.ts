/**
 * Readable English of any length, the same for the same seed.
 *
 * @module
 */
import { seededRandom } from "../random.ts";

const openings = [
  "In short,",
  "Most of the time",
  "For a start,",
  "As a rule,",
  "In practice",
  "On a quiet day",
  "Once that is done,",
  "Seen from the other side,",
];
const subjects = [
  "a good plan",
  "the first draft",
  "a small team",
  "the old harbour",
  "an honest answer",
  "the morning train",
  "a patient teacher",
  "the whole garden",
  "a clear question",
  "the longer road",
];
const verbs = [
  "helps more than",
  "grows out of",
  "matters as much as",
  "comes before",
  "stands beside",
  "takes longer than",
  "rests on",
  "is kinder than",
];
const objects = [
  "a hurried one",
  "what was said before",
  "the map on the wall",
  "a second opinion",
  "the tools at hand",
  "a walk along the river",
  "the noise of the street",
  "three careful steps",
];
const endings = [
  "and nobody has to wait for it.",
  "which is easy to try for yourself.",
  "even when little time is left.",
  "so it pays to begin early.",
  "and the rest follows by itself.",
  "as most people find out sooner or later.",
  "but only where somebody looks after it.",
  "and that is worth a note.",
];

/** Sentences of at least `words` words in all. */
export function prose(seed: number, words: number): string {
  const random = seededRandom(seed);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)];
  const sentences: string[] = [];
  for (let count = 0; count < words;) {
    const comma = random() < 0.5 ? "," : "";
    const sentence = `${pick(openings)} ${pick(subjects)} ${pick(verbs)} ${pick(objects)}${comma} ${
      pick(endings)
    }`;
    // A paragraph now and then, as models write.
    sentences.push(sentence, random() < 0.2 ? "\n\n" : " ");
    count += sentence.split(" ").length;
  }
  return sentences.join("").trimEnd();
}
