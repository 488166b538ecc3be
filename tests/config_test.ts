import assert from "node:assert/strict";
import { ConfigError, readConfig } from "../shared/config.ts";

const complete = {
  PUBLIC_URL: "https://app.example/",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "redis-token",
  QSTASH_TOKEN: "qstash-token",
  QSTASH_CURRENT_SIGNING_KEY: "sig_current",
  QSTASH_NEXT_SIGNING_KEY: "sig_next",
};

function faultsOf(environment: Record<string, string | undefined>): ConfigError {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error;
  }
  throw new Error("no fault was found");
}

Deno.test("what is required is enough, and the rest has its default", () => {
  const config = readConfig({ ...complete, WEBHOOK_SECRET_GITHUB: "the-secret-of-github" });
  assert.equal(config.publicUrl, "https://app.example");
  assert.equal(config.queue.url, "https://qstash.upstash.io");
  assert.equal(config.namespace, "zeropoll");
  assert.deepEqual(config.serviceTokens, []);
  assert.deepEqual(config.webhookSecrets, { github: "the-secret-of-github" });
});

Deno.test("one message names everything that is missing or wrong, and no value", () => {
  const error = faultsOf({
    PUBLIC_URL: "not-a-url-but-a-secret",
    QSTASH_TOKEN: "  ",
    QSTASH_DEV: "1",
    NAMESPACE: "A B",
  });
  assert.deepEqual(error.faults.map(({ setting }) => setting).sort(), [
    "NAMESPACE",
    "PUBLIC_URL",
    "QSTASH_CURRENT_SIGNING_KEY",
    "QSTASH_DEV",
    "QSTASH_NEXT_SIGNING_KEY",
    "QSTASH_TOKEN",
    "UPSTASH_REDIS_REST_TOKEN",
    "UPSTASH_REDIS_REST_URL",
  ]);
  for (const { setting } of error.faults) assert.ok(error.message.includes(`${setting}: `));
  assert.ok(!error.message.includes("secret"));
});

for (const suffix of ["?x=1", "/#top"]) {
  Deno.test(`a PUBLIC_URL that ends in ${suffix} is refused: no delivery could be signed for it`, () => {
    const { faults } = faultsOf({ ...complete, PUBLIC_URL: `https://app.example${suffix}` });
    assert.deepEqual(faults.map(({ setting }) => setting), ["PUBLIC_URL"]);
  });
}

Deno.test("a PUBLIC_URL with credentials is refused, as it stands in answers", () => {
  const { faults } = faultsOf({ ...complete, PUBLIC_URL: "https://user:pass@app.example" });
  assert.deepEqual(faults.map(({ setting }) => setting), ["PUBLIC_URL"]);
});

Deno.test("without settings of the feed its defaults hold, and what it needs is off", () => {
  const config = readConfig(complete);
  assert.deepEqual(config.feed, { uniques: "exact", flushMs: 7_200_000, bookings: "backend" });
  assert.deepEqual(config.corsOrigins, []);
  assert.equal(config.identitySecret, undefined);
  assert.equal(config.userTokens, undefined);
  assert.equal(config.clientIpHeader, undefined);
});

Deno.test("the feed's settings are taken as they are given", () => {
  const config = readConfig({
    ...complete,
    CORS_ORIGINS: "https://shop.example, http://localhost:5173",
    IDENTITY_SECRET: "sixteen letters.",
    AUTH_JWKS_URL: "https://issuer.example/.well-known/jwks.json",
    AUTH_ISSUER: "https://issuer.example/, https://old.example",
    AUTH_AUDIENCE: "shop, azp:https://shop.example",
    CLIENT_IP_HEADER: "X-Real-IP",
    FEED_UNIQUES: "approximate",
    FEED_FLUSH_MINUTES: "15",
    FEED_RANK: "declared",
    FEED_BOOKINGS: "users",
  });
  assert.deepEqual(config.feed, {
    uniques: "approximate",
    flushMs: 900_000,
    rank: "declared",
    bookings: "users",
  });
  assert.deepEqual(config.corsOrigins, ["https://shop.example", "http://localhost:5173"]);
  assert.deepEqual(config.userTokens, {
    jwksUrl: "https://issuer.example/.well-known/jwks.json",
    issuers: ["https://issuer.example/", "https://old.example"],
    audiences: ["shop"],
    parties: ["https://shop.example"],
  });
  assert.deepEqual(readConfig({ ...complete, AUTH_SECRET: "sixteen letters." }).userTokens, {
    secret: "sixteen letters.",
  });
});

const refusedSettings: [setting: string, value: string, because: string][] = [
  ["IDENTITY_SECRET", "short", "a short one can be guessed"],
  ["AUTH_SECRET", "short", "a short one can be guessed"],
  ["AUTH_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaa", "one character, repeated, can be guessed"],
  ["AUTH_REQUIRE_EXP", "no", "it is neither true nor false"],
  ["CORS_ORIGINS", "https://shop.example/", "an origin has no path"],
  ["CORS_ORIGINS", "shop.example", "an origin has a scheme"],
  ["CORS_ORIGINS", "https://Shop.example", "browsers send it in lower case"],
  ["CORS_ORIGINS", "https://shop.example:443", "browsers leave the scheme's own port out"],
  ["CORS_ORIGINS", "https://shop.example, null", "null is every sandbox"],
  ["CORS_ORIGINS", "https://*.shop.example", "a part of an origin is none"],
  ["CLIENT_IP_HEADER", "X Real IP", "no header has a space"],
  ["FEED_UNIQUES", "rough", "it is neither"],
  ["FEED_RANK", "some", "it is neither"],
  ["FEED_BOOKINGS", "nobody", "it is none of the three"],
  ["FEED_FLUSH_MINUTES", "7", "a slot would span midnight"],
  ["FEED_FLUSH_MINUTES", "1", "so many flushes cost more than they tell"],
  ["FEED_FLUSH_MINUTES", "2h", "it is no number"],
  ["FEED_FLUSH_MINUTES", "2880", "a day is the longest"],
];
for (const [setting, value, because] of refusedSettings) {
  Deno.test(`${setting}=${value} is refused at boot: ${because}`, () => {
    const error = faultsOf({ ...complete, [setting]: value });
    assert.deepEqual(error.faults.map((fault) => fault.setting), [setting]);
  });
}

Deno.test("users' tokens are checked in one way, not in two", () => {
  const { faults } = faultsOf({
    ...complete,
    AUTH_SECRET: "sixteen letters.",
    AUTH_JWKS_URL: "https://issuer.example/keys",
    AUTH_ISSUER: "none",
    AUTH_AUDIENCE: "none",
  });
  assert.deepEqual(faults.map(({ setting }) => setting), ["AUTH_JWKS_URL"]);
});
