import assert from "node:assert/strict";
import { parseJson } from "../../functions/middleware/json.ts";
import { BodyInvalidError } from "../../shared/mod.ts";

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

const refused: { name: string; text: string; path: string; message: RegExp }[] = [
  { name: "a NUL", text: '{"a":[{"b":"x\\u0000"}]}', path: "a[0].b", message: /NUL/ },
  { name: "half a character", text: '{"a":"\\ud83d"}', path: "a", message: /half/ },
  { name: "the other half", text: '{"a":"\\ude00"}', path: "a", message: /half/ },
  { name: "a NUL in a name", text: '{"a":{"b\\u0000":1}}', path: "a.b", message: /name/ },
  { name: "a NUL for a body", text: '"\\u0000"', path: "body", message: /NUL/ },
  { name: "an integer past 2^53", text: '{"id":9007199254740993}', path: "id", message: /2\^53/ },
  { name: "one below -2^53", text: "[-9007199254740993]", path: "[0]", message: /2\^53/ },
  { name: "one that is even", text: '{"id":1152921504606846976}', path: "id", message: /text/ },
  { name: "a number past all", text: '{"a":1e999}', path: "a", message: /past/ },
  {
    name: "201 levels",
    text: `{"then":{"input":${nested(201)}}}`,
    path: "then.input.a.a.a.a.a.a…",
    message: /200 levels/,
  },
  { name: "10,000 levels", text: nested(10_000), path: "a.a.a.a.a.a.a.a…", message: /levels/ },
  {
    name: "10,000 lists",
    text: "[".repeat(10_000) + "]".repeat(10_000),
    path: "[0][0][0][0][0][0][0][0]…",
    message: /levels/,
  },
];
for (const { name, text, path, message } of refused) {
  Deno.test(`JSON with ${name} is refused, naming ${path}`, () => {
    assert.throws(() => parseJson(text), (error) => {
      assert(error instanceof BodyInvalidError);
      assert.equal(error.fields[0].path, path);
      assert.match(error.fields[0].message, message);
      return true;
    });
  });
}

const taken: { name: string; text: string; value: unknown }[] = [
  { name: "the largest integer that a number holds", text: "9007199254740991", value: 2 ** 53 - 1 },
  { name: "digits in a text", text: '"9007199254740993"', value: "9007199254740993" },
  {
    name: "digits in a text behind quotes",
    text: '{"a\\"1152921504606846977":"\\\\","b":"x \\" 1152921504606846977"}',
    value: { 'a"1152921504606846977': "\\", b: 'x " 1152921504606846977' },
  },
  { name: "many decimals", text: "[0.12345678901234567890]", value: [0.12345678901234567890] },
  { name: "a large number with an exponent", text: "[1e20]", value: [1e20] },
  { name: "150 levels", text: nested(150), value: JSON.parse(nested(150)) },
  { name: "a byte order mark", text: "\ufeff[1]", value: [1] },
  { name: "one name twice", text: '{"a":1,"a":2}', value: { a: 2 } },
];
for (const { name, text, value } of taken) {
  Deno.test(`JSON with ${name} is taken as it is`, () => assert.deepEqual(parseJson(text), value));
}

const mended: { name: string; text: string; value: unknown }[] = [
  { name: "NUL and halves", text: '{"a":["x\\u0000y","\\ud83d"]}', value: { a: ["xy", "\ufffd"] } },
  { name: "a NUL in a name", text: '{"a\\u0000":1}', value: { a: 1 } },
  {
    name: "large integers",
    text: '{"id":1161380288898609914,"old":-1161380288898609915}',
    value: { id: "1161380288898609914", old: "-1161380288898609915" },
  },
  { name: "a number past all", text: "[1e999]", value: [null] },
  { name: "a prototype", text: '{"a":1,"__proto__":{"b":2}}', value: { a: 1 } },
];
for (const { name, text, value } of mended) {
  Deno.test(`JSON of others with ${name} is mended`, () => {
    assert.deepEqual(parseJson(text, { mend: "all" }), value);
  });
}

Deno.test("text is mended below the named fields alone", () => {
  const text = '{"data":{"text":"a\\u0000"},"dedupeId":"a\\u0000"}';
  assert.throws(() => parseJson(text, { mend: ["data"] }), (error) => {
    assert(error instanceof BodyInvalidError);
    assert.deepEqual(error.fields.map(({ path }) => path), ["dedupeId"]);
    return true;
  });
});

Deno.test("a list of nothing but large integers takes no longer than its length", () => {
  const all = Array.from({ length: 100_000 }, (_, n) => `${9007199254740993n + BigInt(n)}`);
  const read = parseJson(`[${all.join(",")}]`, { mend: "all" });
  assert.deepEqual(read, all);
});
