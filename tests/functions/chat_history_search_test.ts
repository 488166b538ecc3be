/**
 * Search: what a user may find, how it is ranked and shown, and what hostile text does: nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { writeCursor } from "../../functions/chat/history/cursors.ts";
import { searchMessages } from "../../functions/chat/history/search.ts";
import { unitsIn } from "../../functions/chat/history/search_words.ts";
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
async function found({ sql }: HistoryWorld, q: string, user = "ada"): Promise<string[]> {
  // Not over HTTP, where so many searches are over a limit.
  const { results } = await searchMessages(sql, { user, text: q, limit: 50 });
  return results.map(({ message }) => message.id).sort();
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
  covid: "The COVID-19 rules changed",
  date: "Meet on 2026-11-30 at noon",
  order: "Order INV-2026-0042 was paid",
  phone: "Ring 555-1234 or +49 (30) 901820 now",
  versions: "We use GPT-4, UTF-8, v1.2.3-rc.1 and 1e5",
  mail: "Write to ada.lovelace+news@example.org",
  link: "http://localhost:8787/chat?token=ab12#end",
  irish: "O\u2019Brien doesn't like it",
  snake: "Set MAX_RETRY_COUNT in my_file.test.ts",
  chinese: "\u6211\u4eec\u5728\u5317\u4eac\u5403\u70e4\u9e2d",
  mixed: "iPhone15\u3092\u8cb7\u3044\u307e\u3057\u305f\u3002",
  korean: "\uac80\uc0c9\uc5b4\ub97c \uc785\ub825",
  thai: "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e04\u0e23\u0e31\u0e1a",
  turkish: "\u0130stanbul",
  capitals: "\u039f\u0394\u039f\u03a3",
  wide: "\uff21\uff22\uff23\uff11\uff12",
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
  ["<b>", ["code", "irish", "percent"], "and a tag itself, as a word that is being typed"],
  ["100", ["percent"], "a number"],
  ["COVID-19", ["covid"], "a hyphen before digits"],
  ["covid-19 rules", ["covid"], "and a word behind"],
  ["-covid-19 rules", [], "left out"],
  ["2026-11-30", ["date"], "a date"],
  ["11-30", ["date"], "a part of it"],
  ["30-11", [], "in its order"],
  ["INV-2026-0042", ["order"], "a code"],
  ["0042", ["order"], "its last part"],
  ["inv-2026", ["order"], "its first"],
  ["555-1234", ["phone"], "a telephone number"],
  ["+49 (30) 901820", ["phone"], "another"],
  ["GPT-4", ["versions"], "a model"],
  ["UTF-8", ["versions"], "an encoding"],
  ["v1.2.3-rc.1", ["versions"], "a version"],
  ["1.2.3", [], "a word begins where it begins"],
  ["1e5", ["versions"], "a number in another form"],
  ["ada.lovelace+news@example.org", ["mail"], "an address"],
  ["ada.lovelace", ["mail"], "its person"],
  ["lovelace+news", ["mail"], "from its midst"],
  ["example.org", ["mail"], "its host"],
  ["@example", ["mail", "dog"], "how a host begins"],
  ["http://localhost:8787/chat?token=ab12#end", ["link"], "a link"],
  ["localhost:8787", ["link"], "its host"],
  ["https://example.com/dogs/rex?age=3", ["dog"], "another"],
  ["/dogs/rex", ["dog"], "its path"],
  ["o'brien", ["irish"], "an apostrophe, straight or not"],
  ["brien", ["irish"], "what is behind it"],
  ["doesn\u2019t", ["irish"], "the other way"],
  ["dog's", ["dog"], "a genitive"],
  ["MAX_RETRY_COUNT", ["snake"], "underscores"],
  ["retry_count", ["snake"], "a part between them"],
  ["my_file.test.ts", ["snake"], "a file"],
  ["50_000", ["percent"], "a number with one"],
  ["\u70e4\u9e2d", ["chinese"], "Chinese, from the midst of a sentence"],
  ["\u5317\u4eac\u5403", ["chinese"], "across words"],
  ["\u9e2d", ["chinese"], "one character, the last"],
  ["\u5317", ["chinese"], "one character, in the midst"],
  ["\u4eac\u5317", [], "in its order"],
  ["\u8cb7\u3044", ["mixed"], "Japanese behind Latin"],
  ["iphone15", ["mixed"], "Latin before Japanese"],
  ["\u30bf\u30ef", ["japanese"], "katakana"],
  ["\uac80\uc0c9", ["korean"], "Korean with an ending"],
  ["\u0e04\u0e23\u0e31\u0e1a", ["thai"], "Thai"],
  ["\u0130stanbul", ["turkish"], "a letter whose lower case is disputed"],
  ["\u039f\u0394\u039f\u03a3", ["capitals"], "another"],
  ["abc12", ["wide"], "wide letters"],
  ["\uff23\uff2f\uff36\uff29\uff24-\uff11\uff19", ["covid"], "and the other way"],
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
    assert.match(whole, /onerror=alert\(1\)> a Cat\? not a match or "cats"$/);
    assert.ok(!whole.includes("\u0002"));
  });

  test("what matched is one piece, as it is written", async (world) => {
    await world.say("Since COVID\u201119 (or covid 19) nothing is, in 19 towns, as it was");
    const [{ excerpt }] = (await search(world, "COVID-19")).results;
    assert.deepEqual(
      excerpt.filter(({ match }: { match: boolean }) => match).map(({ text }: { text: string }) =>
        text
      ),
      ["COVID\u201119", "covid 19"],
    );
  });

  test("every character is of the same kind in Postgres as in a search", async ({ sql }) => {
    const texts: string[] = [];
    for (let at = 1; at < 0x32000; at += 0x100) {
      if (at >= 0xd801 && at < 0xe000) continue;
      const characters = Array.from(
        { length: 0x100 },
        (_, index) => String.fromCodePoint(at + index),
      )
        .filter((it) => it.isWellFormed() && it === it.normalize("NFKC") && it !== "\u0130");
      texts.push(characters.map((it) => `a${it}b`).join(" "));
    }
    for (const text of texts) {
      const [{ words }] = await sql.query<{ words: string[] }>(
        "SELECT to_json(tsvector_to_array(chat_words($1))) AS words",
        [text],
      );
      const expected = new Set<string>();
      for (const part of text.split(" ")) {
        const units = [...unitsIn(part)];
        for (const [index, { text, isDense }] of units.entries()) {
          if (!isDense) expected.add(text);
          else if (units[index + 1]?.isDense) expected.add(text + units[index + 1].text);
          else expected.add(text);
          if (isDense && !units[index - 1]?.isDense) expected.add(text);
        }
      }
      // What is a capital letter Postgres and JavaScript know by different editions of Unicode.
      const fold = (all: Iterable<string>) => new Set([...all].map((it) => it.toLowerCase()));
      const differing = fold(words).symmetricDifference(fold(expected));
      assert.deepEqual([...differing], [], `from U+${text.codePointAt(1)?.toString(16)}`);
    }
  });

  test("a message of one kind of words or another is kept, however long", async (world) => {
    const { say, sql } = world;
    for (const piece of ["\u6f22\u5b57", "x", "word ", "a-", "\ud869\uded6", "'\\ "]) {
      await say(piece.repeat(20_000 / piece.length));
    }
    await sql.query("SELECT chat_words(repeat('\u6f22\u5b57', 500000))");
    await say("\u6f22".repeat(9_000) + "\u6700\u540e", { id: "last" });
    assert.deepEqual(await found(world, "\u6f22\u6700\u540e"), ["last"]);
  });

  for (
    const place of [
      ["1e99", "0", "a"],
      ["1e-99", "0", "a"],
      ["999999999.1e29", "0", "a\0"],
      ["NaN", "0", "a"],
      ["-1", "0", "a"],
      ["Infinity", "0", "a"],
      ["0.1", "1e9", "a"],
      ["0.1", "99999999999999999", "a"],
      ["0.1", "0", ""],
      ["0.1", "0", "a\0b"],
      ["0.1", "0"],
      ["0.1", "0", "a", "b"],
    ]
  ) {
    test(`a cursor to ${JSON.stringify(place)} is none of ours`, async (world) => {
      const cursor = writeCursor({ place, of: "ada cat" });
      const { status, body } = await world.call("GET", `/api/chat/search?q=cat&cursor=${cursor}`, {
        as: "ada",
      });
      assert.equal(status, 422);
      assert.equal(body.fields[0].path, "cursor");
    });
  }

  test("a cursor of the largest and the smallest rank is an answer", async (world) => {
    for (const rank of ["999999999.9e+29", "0.1e-29", "1e-20", "0"]) {
      const cursor = writeCursor({ place: [rank, "9999999999999999", "a"], of: "ada cat" });
      const { status } = await world.call("GET", `/api/chat/search?q=cat&cursor=${cursor}`, {
        as: "ada",
      });
      assert.equal(status, 200, rank);
    }
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
