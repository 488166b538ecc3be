import assert from "node:assert/strict";
import { lexiconScore } from "../../functions/profiles/sentiment/lexicon.ts";

const scores: { text: string; score: number | null; because: string }[] = [
  { text: "What a GOOD day", score: 0.6, because: "good is rated 3 of 5" },
  { text: "good, and bad", score: 0, because: "what is rated adds up" },
  { text: "the train leaves at nine", score: null, because: "no word is rated" },
  { text: "", score: null, because: "there is no word" },
  { text: "constructor __proto__ toString", score: null, because: "no word is a built-in" },
  { text: "I do not like it", score: -0.2, because: "a negated word is half its opposite" },
  { text: "I don’t really love it", score: -0.3, because: "a negation reaches two words" },
  { text: "no. I love it", score: 0.6, because: "a negation ends with its clause" },
  { text: "not good", score: -0.4, because: "the phrase is rated itself" },
  { text: "I dont like it", score: -0.4, because: "so is this one" },
  { text: "self-confident and well-loved", score: 0.5, because: "2 for one word, 3 for a part" },
  { text: "ich liebe es", score: null, because: "it knows English alone" },
];
for (const { text, score, because } of scores) {
  Deno.test(`"${text}" sounds ${score}: ${because}`, () => {
    assert.equal(lexiconScore([text]), score);
  });
}

Deno.test("several texts are scored by all of their rated words, in any order", () => {
  const texts = ["good good good", "bad", "nine trains"];
  assert.equal(lexiconScore(texts), 0.3);
  assert.equal(lexiconScore(texts.toReversed()), 0.3);
});
