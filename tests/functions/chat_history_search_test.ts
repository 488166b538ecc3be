/**
 * Search: what a user may find, how it is ranked and shown, and what hostile text does: nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { searchMessages } from "../../functions/chat/history/search.ts";
import { createRandom } from "../simulation/random.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { historyTests, type HistoryWorld } from "./chat_history_world.ts";
import { keys } from "./limits_world.ts";

const AT = Date.parse("2026-11-21T10:00:00Z");

async function search({ call }: HistoryWorld, q: string, more = "", user = "ada") {
  const query = `q=${encodeURIComponent(q)}${more}`;
  const { status, headers, body } = await call("GET", `/api/chat/search?${query}`, { as: user });
  assert.equal(status, 200, `${q}: ${JSON.stringify(body)}`);
  return { ...body, headers };
}

/** The ids of what is found, sorted. */
async function found(world: HistoryWorld, q: string, user?: string): Promise<string[]> {
  const { results } = await search(world, q, "", user);
  return results.map(({ message }: { message: { id: string } }) => message.id).sort();
}

const said: Record<string, string> = {
  both: "The cat sat on the mat",
  cat: "A cat, one more cat and another cat",
  dog: "My dog's name is Rex; see https://example.com/dogs/rex?age=3",
  hyphen: "It is well-known and state-of-the-art",
  german: "Die Äpfel und Übungen schmecken süß: Straße",
  greek: "Καλημέρα κόσμε",
  russian: "Привет, мир",
  japanese: "東京 タワー",
  composed: "caf\u00e9",
  decomposed: "re\u0301sume\u0301",
  code: "<script>alert('x')</script> & <b>bold</b>",
  percent: "100% of 50_000 \\ backslash",
};

const finds: [q: string, ids: string[], because: string][] = [
  ["cat", ["both", "cat"], "a word"],
  ["CAT", ["both", "cat"], "in any case"],
  ["cat mat", ["both"], "all words"],
  ["mat or rex", ["both", "dog"], "either"],
  ["cat -mat", ["cat"], "one without the other"],
  ["cat -ma", ["both", "cat"], "what is left out is a whole word"],
  ['"the mat"', ["both"], "a phrase"],
  ['"mat the"', [], "not in another order"],
  ['"the ma', ["both"], "a phrase that is being typed"],
  ['"the ma"', [], "a phrase is of whole words"],
  ["ca", ["both", "cat", "composed"], "the beginning of the last word"],
  ["ca mat", [], "only of the last one"],
  ["well-known", ["hyphen"], "a word with a hyphen"],
  ["well-kno", ["hyphen"], "the beginning of one"],
  ["state-of-the-art", ["hyphen"], "with several"],
  ["example.com", ["dog"], "a host"],
  ["äpfel", ["german"], "umlauts"],
  ["straße", ["german"], "other letters"],
  ["καλη", ["greek"], "Greek"],
  ["привет мир", ["russian"], "Russian"],
  ["東京", ["japanese"], "Japanese, by its spaces"],
  ["cafe\u0301", ["composed"], "an accent of its own"],
  ["r\u00e9sum\u00e9", ["decomposed"], "and the other way"],
  ["alert", ["code"], "what is between tags"],
  ["<b>", ["code", "percent"], "and a tag itself, as a word that is being typed"],
  ["100", ["percent"], "a number"],
];

/** Each must be an answer, and find nothing that is not there. */
const hostile = [
  "'",
  "''",
  "\\",
  "\\'",
  "'; DROP TABLE chat_messages; --",
  "' OR 1=1 --",
  "cat' | 'dog",
  "!cat",
  "cat & | ! ( ) <-> :*",
  "cat:*",
  "cat:A",
  "((((",
  "))))",
  '"',
  '""',
  '"""',
  "-",
  "--",
  "- -",
  "or",
  "or or or",
  "<->",
  "$1",
  "%",
  "_",
  "\u0002\u0003",
  "\uFFFD",
  "\u202Ecat",
  "👩‍👩‍👧‍👦",
  "ada",
  " ada",
  "' ada'",
  "a".repeat(200),
  "- ".repeat(100),
  '"a '.repeat(60),
  "x or ".repeat(40),
];

const pieces =
  `" ' \\ - -- or OR a cat é <-> & | ! ( ) :* :A < > / @ . 1e9 % 東京 \u00a0 \u2028 \u200b \t \n`
    .split(" ");

/** Pieces of queries, put together at random, the same for each seed. */
function hostileText(seed: number): string {
  const { below, chance, pick } = createRandom(seed);
  const parts = Array.from({ length: 1 + below(120) }, () => chance(0.3) ? " " : pick(pieces));
  return parts.join("").slice(0, 200);
}

for (const engine of postgresEngines()) {
  const test = historyTests(engine);

  test("what is asked for is found, and nothing else", async (world) => {
    for (const [id, text] of Object.entries(said)) await world.say(text, { id });
    for (const [q, ids, because] of finds) {
      assert.deepEqual(await found(world, q), [...ids].sort(), `${q}: ${because}`);
    }
  });

  test("hostile text is text: an answer each time, and nothing of others", async (world) => {
    await world.say("a cat of Ada's", { id: "mine" });
    await world.say("x a or cat ada", { id: "theirs", user: "eve", conversation: "c2" });
    for (const q of hostile) {
      for (const id of await found(world, q)) assert.equal(id, "mine", q);
    }
    assert.deepEqual(await found(world, "cat"), ["mine"]);
  });

  test("1,000 random texts of operators, quotes and signs are each an answer", async ({ say, sql }) => {
    await say("a cat of Ada's", { id: "mine" });
    await say("a cat or 1e9 é 東京", { id: "theirs", user: "eve", conversation: "c2" });
    for (let seed = 1; seed <= 1_000; seed++) {
      const text = hostileText(seed);
      const { results } = await searchMessages(sql, { user: "ada", text, limit: 20 });
      for (const { message } of results) assert.equal(message.id, "mine", `${seed}: ${text}`);
    }
  });

  test("nobody finds what somebody else said, whatever they are called", async (world) => {
    const users = ["ada", "ada'", "ada\\", "' | ' ada", "ada:*", "a", " ada", "ада", "a b", "ad*"];
    for (const [index, user] of users.entries()) {
      await world.say("secret plans", { id: `of${index}`, user, conversation: `c${index}` });
    }
    for (const [index, user] of users.entries()) {
      assert.deepEqual(await found(world, "secret", user), [`of${index}`], user);
      assert.deepEqual(await found(world, "-nothing", user), [`of${index}`], user);
    }
    assert.deepEqual(await found(world, "secret", "nobody"), []);
  });

  test("the best match comes first, and says where it is", async (world) => {
    await world.say("Once there was a cat in a very long story about other things, mostly dogs");
    await world.exchange("Do you like cats?", "Cat, cat, cat!", { conversation: "c2" });
    const { results } = await search(world, "cat");
    assert.deepEqual(
      results.map(({ message, conversation }: Record<string, Record<string, string>>) => [
        message.role,
        conversation.id,
        conversation.title,
      ]),
      [
        ["assistant", "c2", "Do you like cats?"],
        ["user", "c2", "Do you like cats?"],
        ["user", "c1", "Once there was a cat in a very long story about other things, mostly dogs"],
      ],
    );
    const path = `/api/chat/conversations/c2/messages?after=${results[0].from}`;
    const { body } = await world.call("GET", path, { as: "ada" });
    assert.equal(body.messages[0].id, results[0].message.id);
  });

  test("excerpts are plain text in pieces, with what matched apart", async (world) => {
    const spoof = "\u0002not a match\u0003";
    await world.say(`Is <img src=x onerror=alert(1)> a Cat? ${spoof} or "cats"`);
    const [{ excerpt }] = (await search(world, "cat")).results;
    assert.deepEqual(
      excerpt.filter(({ match }: { match: boolean }) => match).map(({ text }: { text: string }) =>
        text
      ),
      ["Cat", "cats"],
    );
    const whole = excerpt.map(({ text }: { text: string }) => text).join("");
    assert.match(whole, /onerror=alert\(1\)> a Cat\? not a match or "cats$/);
    assert.ok(!whole.includes("\u0002"));
  });

  test("an excerpt is short, even where a message is one word of 20,000 letters", async (world) => {
    await world.say("x".repeat(1_500) + "👋".repeat(5_000) + " needle " + "y".repeat(9_000));
    const [{ excerpt }] = (await search(world, "needle")).results;
    const whole = excerpt.map(({ text }: { text: string }) => text).join("");
    assert.ok(whole.length <= 600 && whole.isWellFormed(), `${whole.length}`);
  });

  test("pages of what is found have no gap and nothing twice while more is said", async (world) => {
    for (let number = 0; number < 11; number++) {
      // Of equal rank, some in the same moment.
      await world.say("needle", { id: `n${number}`, at: AT + Math.floor(number / 3) });
    }
    const ids: string[] = [];
    let cursor = "";
    for (let page = 0; page < 6; page++) {
      const { results, cursor: next } = await search(world, "needle", `&limit=2${cursor}`);
      ids.push(...results.map(({ message }: { message: { id: string } }) => message.id));
      await world.say("needle needle", { id: `later${page}` });
      if (next === undefined) break;
      cursor = `&cursor=${next}`;
    }
    assert.deepEqual(
      ids.filter((id) => id.startsWith("n")).sort(),
      Array.from({ length: 11 }, (_, number) => `n${number}`).sort(),
    );
    assert.equal(new Set(ids).size, ids.length);
    const { cursor: of } = await search(world, "needle", "&limit=2");
    for (const [q, user] of [["needles", "ada"], ["needle", "eve"]]) {
      const { status, body } = await world.call(
        "GET",
        `/api/chat/search?q=${q}&cursor=${of}`,
        { as: user },
      );
      assert.equal(status, 422);
      assert.deepEqual(body.fields, [{ path: "cursor", message: "is of something else" }]);
    }
  });

  test("recent searches are newest first, each once, without what was typed on the way", async (world) => {
    const { call, commands, redis } = world;
    const recent = async () => (await call("GET", "/api/chat/searches", { as: "ada" })).body;
    commands();
    assert.deepEqual(await recent(), { searches: [] });
    assert.equal(commands(), 1);
    await search(world, "cat");
    assert.equal(commands(), 3);
    for (const q of ["dog", "Cat", "f", "fo", "Fox"]) await search(world, q);
    commands();
    await search(world, "fox", "&keep=false");
    await search(world, "nobody else's", "", "eve");
    assert.equal(commands(), 3);
    assert.deepEqual(await recent(), { searches: ["Fox", "Cat", "dog"] });
    const key = keys.recentSearches("ada");
    assert.equal(await redis("TTL", key), 30 * 86_400);
    for (let number = 0; number < 30; number++) await search(world, `${number} things`);
    assert.equal((await recent()).searches.length, 10);
    assert.equal(await redis("LLEN", key), 20);
  });

  test("with Redis away it finds all the same, and keeps no searches", async (world) => {
    await world.say("needle", { id: "one" });
    world.cloud.redis.faults.add({ kind: "refuse", times: 100 });
    const { results, headers } = await search(world, "needle");
    assert.equal(results.length, 1);
    assert.equal(headers.get("x-degraded"), "cache");
    const recent = await world.call("GET", "/api/chat/searches", { as: "ada" });
    assert.deepEqual([recent.status, recent.body], [200, { searches: [] }]);
    assert.equal(recent.headers.get("x-degraded"), "cache");
  });
}
