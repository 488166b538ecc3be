import assert from "node:assert/strict";
import { Receiver } from "@upstash/qstash";
import { installClock, VirtualClock } from "../../../dev/clock.ts";
import { hashBody, signClaims, signDelivery } from "../../../dev/qstash/signing.ts";

const key = "sig_current_key";
const url = "https://example.com/hook?x=1";
const text = '{"hello":"wörld"}';
const body = new TextEncoder().encode(text);

const receiver = new Receiver({
  currentSigningKey: key,
  nextSigningKey: "sig_next_key",
  devMode: false,
});

function decode(part: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: "base64url" }));
}

Deno.test("signClaims() gives the signature that the vendor's SDK was seen to accept", () => {
  const hash = hashBody(new TextEncoder().encode('{"a":1}'));
  assert.equal(hash, "AVq9f1zFei3ZS3WQ8ErYCEJzkF7jPsXOvq5iJ2qX-GI");
  const token = signClaims("sig_vector_current", {
    iss: "Upstash",
    sub: "https://x.dev/job",
    exp: 4102444800,
    nbf: 0,
    iat: 1790000000,
    jti: "jwt_vec",
    body: hash,
  });
  assert.equal(token.split(".")[2], "A9C1f2gJwh3UgLIEjf282pZPEwHlV4RBoXZ7ocJub0k");
});

Deno.test("signDelivery() writes header and claims in QStash's order", () => {
  const token = signDelivery({ key, url, body, now: 1_790_000_000_900 });
  const [header, payload] = token.split(".").map((part, index) => index < 2 ? decode(part) : part);
  assert.equal(header, '{"alg":"HS256","typ":"JWT"}');
  const { jti } = JSON.parse(payload);
  assert.match(jti, /^jwt_[0-9a-f]{32}$/);
  assert.equal(
    payload,
    `{"iss":"Upstash","sub":"${url}","exp":1790000300,"nbf":0,"iat":1790000000,` +
      `"jti":"${jti}","body":"${hashBody(body)}"}`,
  );
});

Deno.test("signDelivery() never gives the same token twice", async () => {
  const now = Date.now();
  const tokens = await Promise.all([1, 2].map(() => signDelivery({ key, url, body, now })));
  assert.notEqual(tokens[0], tokens[1]);
});

Deno.test("the vendor's Receiver accepts it, with the current key and with the next", async () => {
  for (const signer of [key, "sig_next_key"]) {
    const signature = signDelivery({ key: signer, url, body, now: Date.now() });
    assert.equal(await receiver.verify({ signature, body: text, url }), true);
  }
});

const refused: [name: string, change: { key?: string; body?: string; url?: string }][] = [
  ["another key", { key: "sig_other" }],
  ["another body", { body: text + " " }],
  ["another url", { url: url + "/" }],
];
for (const [name, change] of refused) {
  Deno.test(`the vendor's Receiver refuses ${name}`, async () => {
    const signature = signDelivery({ key: change.key ?? key, url, body, now: Date.now() });
    await assert.rejects(
      receiver.verify({ signature, body: change.body ?? text, url: change.url ?? url }),
    );
  });
}

Deno.test("the vendor's Receiver refuses it after five minutes", async () => {
  const clock = new VirtualClock();
  const undo = installClock(clock);
  try {
    const signature = signDelivery({ key, url, body, now: clock.now() });
    await clock.advance(299_000);
    assert.equal(await receiver.verify({ signature, body: text, url }), true);
    await clock.advance(2_000);
    await assert.rejects(receiver.verify({ signature, body: text, url }), /SignatureError/);
  } finally {
    undo();
  }
});
