import assert from "node:assert/strict";
import {
  parseRedactFields,
  redactBody,
  redacted,
  redactHeaders,
  RedactionError,
} from "../../../dev/qstash/redaction.ts";

const headers = {
  Authorization: ["Bearer x"],
  "X-Many": ["a", "b"],
  "Content-Type": ["text/plain"],
};
const body = new TextEncoder().encode("abc");
const ABC = "REDACTED:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

const cases: [fields: string | null, hidden: string[], bodyHidden: boolean][] = [
  [null, [], false],
  ["", [], false],
  ["body", [], true],
  ["header", ["Authorization", "X-Many", "Content-Type"], false],
  ["headers", ["Authorization", "X-Many", "Content-Type"], false],
  ["header[Authorization]", ["Authorization"], false],
  ["headers[x-many]", ["X-Many"], false],
  ["body, header[authorization],header[X-Many]", ["Authorization", "X-Many"], true],
  ["header[Absent]", [], false],
];
for (const [fields, hidden, bodyHidden] of cases) {
  Deno.test(`"${fields}" hides ${[...hidden, ...(bodyHidden ? ["the body"] : [])]}`, () => {
    const redaction = parseRedactFields(fields);
    const seen = redactHeaders(redaction, headers);
    for (const [name, values] of Object.entries(headers)) {
      assert.deepEqual(seen[name], hidden.includes(name) ? values.map(redacted) : values);
    }
    assert.equal(new TextDecoder().decode(redactBody(redaction, body)), bodyHidden ? ABC : "abc");
  });
}

Deno.test("redactHeaders() leaves the original alone", () => {
  const seen = redactHeaders(parseRedactFields(null), headers);
  seen["X-Many"].push("c");
  assert.deepEqual(headers["X-Many"], ["a", "b"]);
});

Deno.test("an empty body has nothing to hide", () => {
  assert.equal(redactBody(parseRedactFields("body"), new Uint8Array()).length, 0);
});

for (const fields of ["query", "header[]", "body,secret", "header[a"]) {
  Deno.test(`parseRedactFields() rejects "${fields}"`, () => {
    assert.throws(() => parseRedactFields(fields), RedactionError);
  });
}
