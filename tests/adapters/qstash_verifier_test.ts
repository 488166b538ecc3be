import assert from "node:assert/strict";
import { createDeliveryVerifier } from "../../shared/adapters/qstash_verifier.ts";
import { RequestError } from "../../shared/errors.ts";

const CURRENT = "sig_vector_current";
const NEXT = "sig_vector_next";
const URL_PUBLISHED = "https://x.dev/job";
const BODY = '{"a":1}';

const NOW = Date.parse("2030-01-01T00:00:00Z");
const clock = { now: () => NOW };
const keys = { currentSigningKey: CURRENT, nextSigningKey: NEXT };
const verifier = createDeliveryVerifier({ ...keys, clock });

const seconds = () => NOW / 1_000;
const encode = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const utf8 = (text: string) => new TextEncoder().encode(text);

const HEADER = { alg: "HS256", typ: "JWT" };

/** A signature as QStash makes it, with `claims` in place of the right ones; undefined leaves one out. */
async function sign(
  claims: Record<string, unknown> = {},
  key = CURRENT,
  header: unknown = HEADER,
): Promise<string> {
  const now = seconds();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(BODY)));
  const payload = {
    iss: "Upstash",
    sub: URL_PUBLISHED,
    exp: now + 300,
    nbf: 0,
    iat: now,
    jti: "jwt_1",
    body: encode(digest),
    ...claims,
  };
  const head = `${encode(utf8(JSON.stringify(header)))}.${encode(utf8(JSON.stringify(payload)))}`;
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", utf8(key), hmac, false, ["sign"]);
  return `${head}.${
    encode(new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(head))))
  }`;
}

const verify = (signature: string, { body = BODY, url = URL_PUBLISHED } = {}) =>
  verifier.verify({ signature, body, url });

Deno.test("a delivery signed with the current key passes", async () => {
  await verify(await sign());
});

Deno.test("a delivery signed with the next key passes, as while keys are rotated", async () => {
  await verify(await sign({}, NEXT));
});

Deno.test("a padded body hash passes", async () => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(BODY)));
  await verify(await sign({ body: `${encode(digest)}=` }));
});

const refused: [name: string, code: string, make: () => Promise<unknown>][] = [
  [
    "signed with another key",
    "signature_invalid",
    async () => verify(await sign({}, "sig_forged")),
  ],
  ["for another body", "signature_invalid", async () => verify(await sign(), { body: '{"a":2}' })],
  [
    "for another URL",
    "signature_invalid",
    async () => verify(await sign(), { url: `${URL_PUBLISHED}/` }),
  ],
  ["by another issuer", "signature_invalid", async () => verify(await sign({ iss: "Someone" }))],
  [
    "without a body claim",
    "signature_invalid",
    async () => verify(await sign({ body: undefined })),
  ],
  ["without an end", "signature_invalid", async () => verify(await sign({ exp: undefined }))],
  ["with an end of text", "signature_invalid", async () => verify(await sign({ exp: "never" }))],
  ["without an address", "signature_invalid", async () => verify(await sign({ sub: undefined }))],
  [
    "with a body claim of a number",
    "signature_invalid",
    async () => verify(await sign({ body: 1 })),
  ],
  [
    "by HS512 in its header alone",
    "signature_invalid",
    async () => verify(await sign({}, CURRENT, { alg: "HS512" })),
  ],
  ["by no algorithm", "signature_invalid", async () => verify(await sign({}, CURRENT, {}))],
  [
    "with extensions that must be understood",
    "signature_invalid",
    async () => verify(await sign({}, CURRENT, { alg: "HS256", crit: ["x"], x: 1 })),
  ],
  [
    "with nothing after its last dot",
    "signature_invalid",
    async () => verify((await sign()).replace(/[^.]*$/, "")),
  ],
  ["of 10 KB", "signature_invalid", async () => verify(await sign({ extra: "x".repeat(10_000) }))],
  [
    "that begins in a minute and a second",
    "signature_expired",
    async () => verify(await sign({ nbf: seconds() + 61 })),
  ],
  ["that is no token", "signature_invalid", () => verify("nonsense")],
  ["that is empty", "signature_invalid", () => verify("")],
  [
    "that has expired",
    "signature_expired",
    async () => verify(await sign({ exp: seconds() - 60 })),
  ],
  [
    "that has expired, under the next key",
    "signature_expired",
    async () => verify(await sign({ exp: seconds() - 60 }, NEXT)),
  ],
  [
    "that has expired, for another URL",
    "signature_invalid",
    async () => verify(await sign({ exp: seconds() - 60 }), { url: "https://y.dev" }),
  ],
];
for (const [name, code, make] of refused) {
  Deno.test(`a signature ${name} is ${code}`, async () => {
    await assert.rejects(make(), (error) => {
      assert(error instanceof RequestError, String(error));
      assert.equal(error.code, code);
      return true;
    });
  });
}

for (const off of [-59, -6, 6, 59]) {
  Deno.test(`a clock that is ${off} s off makes no delivery a 401`, async () => {
    const ours = createDeliveryVerifier({ ...keys, clock: { now: () => NOW + off * 1_000 } });
    // As QStash signed before September 2024: nothing before it was issued.
    const signature = await sign({ nbf: seconds(), iat: seconds() });
    await ours.verify({ signature, body: BODY, url: URL_PUBLISHED });
    const late = createDeliveryVerifier({
      ...keys,
      clock: { now: () => NOW + (299 + off) * 1_000 },
    });
    await late.verify({ signature, body: BODY, url: URL_PUBLISHED });
  });
}

Deno.test("a refusal for its time names both clocks", async () => {
  await assert.rejects(verify(await sign({ exp: seconds() - 100 })), {
    message: /good to 2029-12-31T23:58:20.000Z, and it is 2030-01-01T00:00:00.000Z here/,
  });
});

Deno.test("bytes are checked as they came: a byte order mark and what is no UTF-8 are a part of them", async () => {
  for (const bytes of [[0xef, 0xbb, 0xbf, 0x7b, 0x7d], [0x7b, 0xff, 0x7d]]) {
    const body = new Uint8Array(bytes);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    const signature = await sign({ body: encode(digest) });
    await verifier.verify({ signature, body, url: URL_PUBLISHED });
  }
});

Deno.test("the signature's id is its jti, where it is a text", async () => {
  const idOf = async (jti: unknown) =>
    (await verifier.verify({ signature: await sign({ jti }), body: BODY, url: URL_PUBLISHED })).id;
  assert.equal(await idOf("jwt_7"), "jwt_7");
  for (const jti of [undefined, "", 7]) assert.equal(await idOf(jti), undefined);
});

Deno.test("QSTASH_DEV in the environment does not swap in the public keys", async () => {
  Deno.env.set("QSTASH_DEV", "true");
  try {
    const forged = await sign({}, "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r");
    await assert.rejects(verify(forged), RequestError);
    await verify(await sign());
  } finally {
    Deno.env.delete("QSTASH_DEV");
  }
});
