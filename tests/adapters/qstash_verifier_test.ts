import assert from "node:assert/strict";
import { createDeliveryVerifier } from "../../shared/adapters/qstash_verifier.ts";
import { RequestError } from "../../shared/errors.ts";

const CURRENT = "sig_vector_current";
const NEXT = "sig_vector_next";
const URL_PUBLISHED = "https://x.dev/job";
const BODY = '{"a":1}';

const verifier = createDeliveryVerifier({ currentSigningKey: CURRENT, nextSigningKey: NEXT });

const encode = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const utf8 = (text: string) => new TextEncoder().encode(text);

/** A signature as QStash makes it, with `claims` in place of the right ones; undefined leaves one out. */
async function sign(claims: Record<string, unknown> = {}, key = CURRENT): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
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
  const head = `${encode(utf8('{"alg":"HS256","typ":"JWT"}'))}.${
    encode(utf8(JSON.stringify(payload)))
  }`;
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

const seconds = () => Math.floor(Date.now() / 1_000);
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

Deno.test("a clock that is 4 s off still agrees", async () => {
  await verify(await sign({ exp: seconds() - 4 }));
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
