import assert from "node:assert/strict";
import { EmailAddress } from "../../shared/mod.ts";

const local = "x".repeat(64);
const taken: Record<string, string> = {
  "ada@example.com": "ada@example.com",
  " Ada@Example.com ": "Ada@Example.com",
  "a!#$%&'*+/=?^_`{|}~-b@example.com": "a!#$%&'*+/=?^_`{|}~-b@example.com",
  "first&last@example.com": "first&last@example.com",
  "ada_mail.example#EXT#@tenant.onmicrosoft.com": "ada_mail.example#EXT#@tenant.onmicrosoft.com",
  "user@xn--e1afmkfd.xn--p1ai": "user@xn--e1afmkfd.xn--p1ai",
  "user@пример.рф": "user@xn--e1afmkfd.xn--p1ai",
  "ada@bücher.example": "ada@xn--bcher-kva.example",
  "ada@BÜCHER.example": "ada@xn--bcher-kva.example",
  "ada@例え。テスト": "ada@xn--r8jz45g.xn--zckzah",
  "ada@a.b.c.museum": "ada@a.b.c.museum",
  "1@4.photography": "1@4.photography",
  [`${local}@example.com`]: `${local}@example.com`,
};
for (const [address, sent] of Object.entries(taken)) {
  Deno.test(`${address} exists, and is written to as ${sent}`, () => {
    assert.equal(EmailAddress.parse(address), sent);
    assert.equal(EmailAddress.parse(sent), sent);
  });
}

const refused = [
  "",
  "ada",
  "@example.com",
  "ada@",
  "ada@localhost",
  "ada@127.0.0.1",
  "a da@example.com",
  "ada@exam ple.com",
  "ada@example.com\r\nBcc: eve@example.com",
  "ada@example..com",
  ".ada@example.com",
  "ada.@example.com",
  "a..da@example.com",
  "ada@-example.com",
  "ada@bücher.example/path",
  "ada@bücher.example:25",
  "ada@bücher.example?x",
  "ada@eve@example.com",
  "Ada <ada@example.com>",
  "ada@example.com,eve@example.com",
  "ä@example.com",
  `${local}x@example.com`,
  `a@${"x".repeat(64)}.com`,
  `a@${"abcdefgh.".repeat(30)}com`,
];
for (const address of refused) {
  Deno.test(`${JSON.stringify(address)} is no address`, () => {
    assert.equal(EmailAddress.safeParse(address).success, false);
  });
}
