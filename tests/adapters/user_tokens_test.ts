import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { sign } from "hono/jwt";
import { createUserTokens } from "../../shared/adapters/user_tokens.ts";
import type { UserTokenRules } from "../../shared/ports.ts";

const SECRET = "the-secret-of-users-tokens";
const NOW = Date.parse("2030-01-01T00:00:00Z");
const SECOND = NOW / 1_000;
const clock = { now: () => NOW };
const invalid = { code: "token_invalid" };

type SignAlgorithm = "HS256" | "HS384" | "HS512" | "RS256" | "ES256";
const segment = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value))
    .toBase64({ alphabet: "base64url", omitPadding: true });
const EXP = SECOND + 600;
/** Tokens end, unless a test takes their end away: `exp: undefined` is not written. */
const withEnd = (payload: unknown) =>
  typeof payload === "object" ? { exp: EXP, ...payload } : payload;
const signed = (header: unknown, payload: unknown, key = SECRET) => {
  const text = `${segment(header)}.${segment(withEnd(payload))}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
};

Deno.test("the user of a token is its subject", async () => {
  const tokens = createUserTokens({ secret: SECRET }, clock);
  assert.equal(await tokens.verify(await sign({ sub: "u1", exp: EXP }, SECRET, "HS256")), "u1");
  assert.equal(await tokens.verify(signed({ alg: "HS256" }, { sub: "ü ☃" })), "ü ☃");
  assert.equal(await tokens.verify(signed({ alg: "HS256", typ: "at+jwt" }, { sub: "u1" })), "u1");
});

const header = { alg: "HS256", typ: "JWT" };
const refused: [what: string, token: () => string | Promise<string>][] = [
  ["nothing", () => ""],
  ["no token", () => "a.b.c"],
  ["two parts", () => signed(header, { sub: "u1" }).split(".").slice(0, 2).join(".")],
  ["four parts", () => `${signed(header, { sub: "u1" })}.x`],
  ["an empty signature", () => signed(header, { sub: "u1" }).replace(/[^.]*$/, "")],
  ["alg none", () => `${segment({ alg: "none", typ: "JWT" })}.${segment({ sub: "u1" })}.`],
  ["alg None with a signature", () => signed({ alg: "None" }, { sub: "u1" })],
  ["no alg", () => signed({ typ: "JWT" }, { sub: "u1" })],
  ["alg as a list", () => signed({ alg: ["HS256"] }, { sub: "u1" })],
  ["HS384 by the right secret", () => sign({ sub: "u1", exp: EXP }, SECRET, "HS384")],
  ["HS512 by the right secret", () => sign({ sub: "u1", exp: EXP }, SECRET, "HS512")],
  ["RS256 in its header alone", () => signed({ alg: "RS256" }, { sub: "u1" })],
  ["another secret", () => sign({ sub: "u1", exp: EXP }, `${SECRET}.`, "HS256")],
  ["another payload", () => {
    const [head, , tail] = signed(header, { sub: "u1" }).split(".");
    return `${head}.${segment({ sub: "u2" })}.${tail}`;
  }],
  ["extensions that must be understood", () => signed({ ...header, crit: ["b64"] }, { sub: "u1" })],
  ["another type", () => signed({ ...header, typ: "dpop+jwt" }, { sub: "u1" })],
  ["no subject", () => signed(header, {})],
  ["an empty subject", () => signed(header, { sub: "" })],
  ["a subject that is no text", () => signed(header, { sub: 42 })],
  ["a subject that is too long", () => signed(header, { sub: "x".repeat(257) })],
  ["a payload that is no object", () => signed(header, "null")],
  ["a payload that is no JSON", () => signed(header, "{")],
  ["no end", () => signed(header, { sub: "u1", exp: undefined })],
  ["an end of null", () => signed(header, { sub: "u1", exp: null })],
  ["an end past all numbers", () => signed(header, `{"sub":"u1","exp":1e999}`)],
  ["an end that came 60 s ago", () => signed(header, { sub: "u1", exp: SECOND - 60 })],
  ["an end that is no number", () => signed(header, { sub: "u1", exp: `${SECOND + 60}` })],
  ["a beginning to come", () => signed(header, { sub: "u1", nbf: SECOND + 61 })],
  ["a time of issue to come", () => signed(header, { sub: "u1", iat: SECOND + 61 })],
  ["a NUL in its subject", () => signed(header, { sub: "u\u00001" })],
  ["half a character in its subject", () => signed(header, `{"sub":"u\\ud83d","exp":${EXP}}`)],
  ["10 KB of text", () => signed(header, { sub: "u1", extra: "x".repeat(10_000) })],
];
for (const [what, token] of refused) {
  Deno.test(`a token with ${what} is refused`, async () => {
    const tokens = createUserTokens({ secret: SECRET }, clock);
    await assert.rejects(tokens.verify(await token()), invalid);
  });
}

Deno.test("time is the clock's, not the machine's", async () => {
  const tokens = createUserTokens({ secret: SECRET }, clock);
  const claims = { sub: "u1", iat: SECOND, nbf: SECOND, exp: SECOND + 1 };
  assert.equal(await tokens.verify(signed(header, claims)), "u1");
});

Deno.test("the issuer's clock may be a minute off, either way", async () => {
  const tokens = createUserTokens({ secret: SECRET }, clock);
  for (const claims of [{ iat: SECOND + 60, nbf: SECOND + 60 }, { exp: SECOND - 59 }]) {
    assert.equal(await tokens.verify(signed(header, { sub: "u1", ...claims })), "u1");
  }
});

Deno.test("a token that never ends passes where an end is not asked for, and one that has ended does not", async () => {
  const tokens = createUserTokens({ secret: SECRET, requireExp: false }, clock);
  assert.equal(await tokens.verify(signed(header, { sub: "u1", exp: undefined })), "u1");
  await assert.rejects(tokens.verify(signed(header, { sub: "u1", exp: SECOND - 60 })), invalid);
});

const rules = {
  issuers: ["https://issuer.example/", "https://old.example"],
  audiences: ["shop", "https://api.shop.example"],
  parties: ["https://shop.example"],
};
const forUs: [what: string, claims: Record<string, unknown>][] = [
  ["one of our audiences", { aud: "shop" }],
  ["one of our audiences among others", { aud: ["another", "https://api.shop.example"] }],
  ["one of our parties, and no audience", { azp: "https://shop.example" }],
  ["one of our parties, and another audience", { aud: "x", azp: "https://shop.example" }],
];
const forOthers: [what: string, claims: Record<string, unknown>][] = [
  ["no audience", {}],
  ["another application's audience", { aud: "another" }],
  ["a list of other audiences", { aud: ["another", 7, null] }],
  ["an audience that only begins like ours", { aud: "shop.evil.example" }],
  ["an audience in other letters", { aud: "Shop" }],
  ["an audience that is no text", { aud: { shop: "shop" } }],
  ["another party", { azp: "https://evil.example" }],
  ["our party in the place of an audience", { aud: "https://shop.example" }],
  ["our audience in the place of a party", { azp: "shop" }],
  ["no issuer", { aud: "shop", iss: undefined }],
  ["another issuer", { aud: "shop", iss: "https://evil.example" }],
  ["an issuer without its slash", { aud: "shop", iss: "https://issuer.example" }],
  ["a list of issuers", { aud: "shop", iss: ["https://issuer.example/"] }],
];
for (const isOurs of [true, false]) {
  for (const [what, claims] of isOurs ? forUs : forOthers) {
    Deno.test(`a token with ${what} is ${isOurs ? "taken" : "somebody else's"}`, async () => {
      const tokens = createUserTokens({ secret: SECRET, ...rules }, clock);
      const token = signed(header, { sub: "u1", iss: "https://old.example", ...claims });
      if (isOurs) assert.equal(await tokens.verify(token), "u1");
      else await assert.rejects(tokens.verify(token), invalid);
    });
  }
}

Deno.test("a secret that looks like a PEM is a secret all the same", async () => {
  const secret = "-----BEGIN PUBLIC KEY----- not really";
  const tokens = createUserTokens({ secret }, clock);
  assert.equal(await tokens.verify(signed(header, { sub: "u1" }, secret)), "u1");
});

interface Pair {
  privateKey: CryptoKey;
  jwk: JsonWebKey & { kid?: string };
}

async function newPair(alg: "RS256" | "ES256", kid?: string): Promise<Pair> {
  const algorithm = alg === "ES256" ? { name: "ECDSA", namedCurve: "P-256" } : {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2_048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  };
  const pair = await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { privateKey: pair.privateKey, jwk: { ...jwk, ...(kid && { kid }) } };
}

async function tokenBy(
  { privateKey, jwk }: Pair,
  sub: string,
  alg: SignAlgorithm,
  claims: Record<string, unknown> = {},
) {
  // A day, as a test of the keys' own age moves the clock by an hour.
  const payload = { sub, exp: SECOND + 86_400, ...claims };
  const text = `${segment({ alg, typ: "JWT", kid: jwk.kid })}.${segment(payload)}`;
  const algorithm = alg === "ES256"
    ? { name: "ECDSA", hash: "SHA-256" }
    : { name: "RSASSA-PKCS1-v1_5" };
  const bytes = await crypto.subtle.sign(algorithm, privateKey, new TextEncoder().encode(text));
  return `${text}.${new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** A URL with keys, that can be away. */
function newIssuer(...keys: unknown[]) {
  return newIssuerFor({}, ...keys);
}

function newIssuerFor(rules: Partial<UserTokenRules>, ...keys: unknown[]) {
  const state = { keys, asked: 0, isAway: false, now: NOW };
  const fetch = (url: string): Promise<Response> => {
    assert.equal(url, "https://issuer.example/keys");
    state.asked++;
    if (state.isAway) return Promise.reject(new TypeError("connection refused"));
    return Promise.resolve(Response.json({ keys: state.keys }));
  };
  const options = { jwksUrl: "https://issuer.example/keys", fetch, ...rules };
  const tokens = createUserTokens(options, { now: () => state.now });
  return Object.assign(state, { tokens, advance: (ms: number) => void (state.now += ms) });
}

for (const alg of ["RS256", "ES256"] as const) {
  Deno.test(`a token by ${alg} is checked by the key that it names, and the keys are asked for once`, async () => {
    const [one, other] = await Promise.all([newPair(alg, "one"), newPair(alg, "other")]);
    const issuer = newIssuer(one.jwk, other.jwk);
    assert.equal(await issuer.tokens.verify(await tokenBy(one, "u1", alg)), "u1");
    assert.equal(await issuer.tokens.verify(await tokenBy(other, "u2", alg)), "u2");
    const forged = { ...one, jwk: { ...one.jwk, kid: "other" } };
    await assert.rejects(issuer.tokens.verify(await tokenBy(forged, "u1", alg)), invalid);
    assert.equal(issuer.asked, 1);
  });

  Deno.test(`a token by ${alg} that names no key may be any key's of that algorithm`, async () => {
    const [one, other] = await Promise.all([newPair(alg, "one"), newPair(alg, "other")]);
    const issuer = newIssuer(one.jwk, other.jwk);
    const unnamed = { ...other, jwk: {} };
    assert.equal(await issuer.tokens.verify(await tokenBy(unnamed, "u1", alg)), "u1");
  });
}

Deno.test("a token that the same issuer gave to another application is refused", async () => {
  const pair = await newPair("RS256", "one");
  const issuer = newIssuerFor(
    { issuers: ["https://issuer.example"], audiences: ["ours"] },
    pair.jwk,
  );
  const claims = { iss: "https://issuer.example", aud: "theirs" };
  await assert.rejects(issuer.tokens.verify(await tokenBy(pair, "u1", "RS256", claims)), invalid);
  const own = await tokenBy(pair, "u1", "RS256", { ...claims, aud: "ours" });
  assert.equal(await issuer.tokens.verify(own), "u1");
});

Deno.test("a public key is no secret: what is signed by its text as HS256 is refused", async () => {
  const pair = await newPair("RS256", "one");
  const issuer = newIssuer(pair.jwk);
  for (const key of [JSON.stringify(pair.jwk), pair.jwk.n!]) {
    await assert.rejects(
      issuer.tokens.verify(signed({ alg: "HS256", kid: "one" }, { sub: "u1" }, key)),
      invalid,
    );
  }
});

const unusable: [what: string, change: (jwk: JsonWebKey) => unknown][] = [
  ["is for encryption", (jwk) => ({ ...jwk, use: "enc" })],
  ["is for another algorithm", (jwk) => ({ ...jwk, alg: "RS512" })],
  ["lacks its modulus", ({ n: _, ...jwk }) => jwk],
];
for (const [what, change] of unusable) {
  Deno.test(`a key that ${what} checks nothing`, async () => {
    const pair = await newPair("RS256", "one");
    const issuer = newIssuer(change(pair.jwk));
    await assert.rejects(issuer.tokens.verify(await tokenBy(pair, "u1", "RS256")), invalid);
  });
}

Deno.test("a shared secret among the keys is none of a user's", async () => {
  const issuer = newIssuer({ kty: "oct", k: segment(SECRET), alg: "HS256" });
  await assert.rejects(issuer.tokens.verify(signed(header, { sub: "u1" })), invalid);
});

Deno.test("a new key is found when a token names it, and asked for at most every 30 s", async () => {
  const [one, other] = await Promise.all([newPair("ES256", "one"), newPair("ES256", "other")]);
  const issuer = newIssuer(one.jwk);
  await issuer.tokens.verify(await tokenBy(one, "u1", "ES256"));
  issuer.keys = [other.jwk];
  for (let time = 0; time < 20; time++) {
    await assert.rejects(issuer.tokens.verify(await tokenBy(other, "u1", "ES256")), invalid);
  }
  assert.equal(issuer.asked, 1, "it was asked a moment ago");
  issuer.advance(30_000);
  assert.equal(await issuer.tokens.verify(await tokenBy(other, "u1", "ES256")), "u1");
  await assert.rejects(issuer.tokens.verify(await tokenBy(one, "u1", "ES256")), invalid);
  assert.equal(issuer.asked, 2);
});

Deno.test("a key that was taken back is forgotten after an hour", async () => {
  const pair = await newPair("ES256", "one");
  const issuer = newIssuer(pair.jwk);
  const token = await tokenBy(pair, "u1", "ES256");
  await issuer.tokens.verify(token);
  issuer.keys = [];
  issuer.advance(3_599_999);
  assert.equal(await issuer.tokens.verify(token), "u1");
  issuer.advance(1);
  await assert.rejects(issuer.tokens.verify(token), invalid);
});

Deno.test("while the keys are away old ones serve, and it is asked at most every 30 s", async () => {
  const pair = await newPair("ES256", "one");
  const issuer = newIssuer(pair.jwk);
  const token = await tokenBy(pair, "u1", "ES256");
  await issuer.tokens.verify(token);
  issuer.isAway = true;
  issuer.advance(3_600_000);
  for (let time = 0; time < 5; time++) assert.equal(await issuer.tokens.verify(token), "u1");
  assert.equal(issuer.asked, 2);
});

Deno.test("without any key it is our failure, not the token's, and may be tried again", async () => {
  const pair = await newPair("ES256", "one");
  const issuer = newIssuer(pair.jwk);
  const token = await tokenBy(pair, "u1", "ES256");
  issuer.isAway = true;
  for (let time = 0; time < 5; time++) {
    await assert.rejects(issuer.tokens.verify(token), {
      code: "user_keys_unavailable",
      retryable: true,
      retryAfterMs: 30_000,
    });
  }
  assert.equal(issuer.asked, 1);
  issuer.isAway = false;
  issuer.advance(30_000);
  assert.equal(await issuer.tokens.verify(token), "u1");
});

const notKeys: [what: string, answer: () => Response][] = [
  ["a page", () => new Response("<!doctype html>")],
  ["JSON without keys", () => Response.json({})],
  ["null", () => Response.json(null)],
  ["a failure", () => new Response("", { status: 500 })],
  ["more than anyone needs", () => new Response(`{"keys":[]}${" ".repeat(300_000)}`)],
];
for (const [what, answer] of notKeys) {
  Deno.test(`a URL that answers ${what} has no keys`, async () => {
    const pair = await newPair("ES256", "one");
    const tokens = createUserTokens({
      jwksUrl: "https://issuer.example/keys",
      fetch: () => Promise.resolve(answer()),
    }, clock);
    await assert.rejects(tokens.verify(await tokenBy(pair, "u1", "ES256")), {
      code: "user_keys_unavailable",
    });
  });
}

Deno.test("text that is no token asks for no keys", async () => {
  const issuer = newIssuer();
  await assert.rejects(issuer.tokens.verify("nonsense"), invalid);
  assert.equal(issuer.asked, 0);
});
