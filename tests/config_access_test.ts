/**
 * The settings that say who may: tokens with roles and scopes, users' tokens, secrets.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ConfigError, readConfig } from "../shared/config.ts";

const complete = {
  PUBLIC_URL: "https://app.example",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "redis-token",
  QSTASH_TOKEN: "qstash-token",
  QSTASH_CURRENT_SIGNING_KEY: "sig_current",
  QSTASH_NEXT_SIGNING_KEY: "sig_next",
};
const read = (more: Record<string, string>) => readConfig({ ...complete, ...more });

function faultsOf(more: Record<string, string>) {
  try {
    read(more);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.faults;
  }
  return [];
}

const operators: [item: string, token: string, role: string][] = [
  ["token-of-an-operator", "token-of-an-operator", "administer"],
  ["token-of-an-operator=read", "token-of-an-operator", "read"],
  ["token-of-an-operator=operate", "token-of-an-operator", "operate"],
  ["token-of-an-operator=administer", "token-of-an-operator", "administer"],
  ["token-of-an-operator==read", "token-of-an-operator=", "read"],
  ["dG9rZW4tb2Ytb3BlcmF0b3I=", "dG9rZW4tb2Ytb3BlcmF0b3I=", "administer"],
  ["token-of-an-operator=reader", "token-of-an-operator=reader", "administer"],
  ["token-of-an-operator=read+operate", "token-of-an-operator=read+operate", "administer"],
  ["token-of-an-operator=read=x", "token-of-an-operator=read=x", "administer"],
  ["token-of-an-operator:ACCESS_MONITORING", "token-of-an-operator", "operate"],
];
for (const [item, token, role] of operators) {
  Deno.test(`the operator of ${item} may ${role}`, () => {
    assert.deepEqual(read({ OPERATOR_TOKENS: item }).operators, [{ token, role }]);
  });
}

const services: [item: string, token: string, scopes?: string[]][] = [
  ["token-of-a-backend", "token-of-a-backend"],
  ["token-of-a-backend=jobs:write", "token-of-a-backend", ["jobs:write"]],
  ["token-of-a-backend=jobs:write+feed", "token-of-a-backend", ["jobs:write", "feed"]],
  ["token-of-a-backend=feed+feed", "token-of-a-backend", ["feed"]],
  ["token=of=a=backend==people", "token=of=a=backend=", ["people"]],
  ["dG9rZW4tb2YtYmFja2VuZA==", "dG9rZW4tb2YtYmFja2VuZA=="],
  ["token-of-a-backend=jobs:write+all", "token-of-a-backend=jobs:write+all"],
  ["token-of-a-backend=jobs:write+", "token-of-a-backend=jobs:write+"],
];
for (const [item, token, scopes] of services) {
  Deno.test(`the backend of ${item} has ${scopes?.join(" and ") ?? "no scopes of its own"}`, () => {
    assert.deepEqual(read({ SERVICE_TOKENS: item }).serviceTokens, [
      scopes ? { token, scopes } : { token },
    ]);
  });
}

const warned: [what: string, settings: Record<string, string>, message: RegExp][] = [
  ["the old permission", { OPERATOR_TOKENS: "token-of-an-operator:ACCESS_MONITORING" }, /=operate/],
  ["a role that is none", { OPERATOR_TOKENS: "token-of-an-operator=reader" }, /read, operate/],
  ["a scope that is none", { SERVICE_TOKENS: "token-of-a-backend=job:write" }, /jobs:write/],
  ["a short service token", { SERVICE_TOKENS: "fifteen letters" }, /openssl rand -hex 24/],
  ["a short webhook secret", { WEBHOOK_SECRET_GITHUB: "fifteen letters" }, /openssl rand/],
  ["a short key of base64", { WEBHOOK_SECRET_STANDARD: "whsec_ZWxldmVuIG9uZXM=" }, /whsec_\$\(/],
  [
    "tokens without an end",
    { AUTH_SECRET: "sixteen letters.", AUTH_REQUIRE_EXP: "false" },
    /never/,
  ],
];
for (const [what, settings, message] of warned) {
  Deno.test(`${what} is taken, with a warning that keeps the secret`, () => {
    const { warnings } = read(settings);
    assert.deepEqual(warnings.map(({ setting }) => setting), [Object.keys(settings).at(-1)]);
    assert.match(warnings[0].message, message);
    for (const value of Object.values(settings).filter((value) => value !== "false")) {
      assert.ok(!warnings[0].message.includes(value.split(/[:=]/)[0]));
    }
  });
}

Deno.test("what is as it should be is not warned of", () => {
  const { warnings } = read({
    SERVICE_TOKENS: "token-of-a-backend=feed, dG9rZW4tb2YtYmFja2VuZA==",
    OPERATOR_TOKENS: "token-of-an-operator=read",
    WEBHOOK_SECRET_RESEND: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    AUTH_SECRET: "sixteen letters.",
  });
  assert.deepEqual(warnings, []);
});

const refused: [setting: string, value: string, message: RegExp][] = [
  ["SERVICE_TOKENS", "a", /openssl rand -hex 24/],
  ["SERVICE_TOKENS", "a-token-of-a-backend, b=feed", /at least 16/],
  ["SERVICE_TOKENS", "=feed", /at least 16/],
  ["SERVICE_TOKENS", "xxxxxxxxxxxxxxxxxxxx", /repeat/],
  ["SERVICE_TOKENS", "token-of-a-backend=feed,token-of-a-backend=people", /twice/],
  ["OPERATOR_TOKENS", "fifteen-letters", /at least 16/],
  ["OPERATOR_TOKENS", "short=administer", /at least 16/],
  ["OPERATOR_TOKENS", "token-of-an-operator:SOMETHING", /colons/],
  ["OPERATOR_TOKENS", "token-of-an-operator=read,token-of-an-operator", /twice/],
  ["WEBHOOK_SECRET_GITHUB", "s", /at least 16/],
  ["WEBHOOK_SECRET_SUPABASE", "1", /at least 16/],
  ["WEBHOOK_SECRET_STANDARD", "not base64!", /base64/],
  ["WEBHOOK_SECRET_RESEND", "whsec_a-secret_of_base64url", /base64/],
  ["WEBHOOK_SECRET_PAYLOAD", "whsec_", /at least 16/],
  ["WEBHOOK_SECRET_STANDARD", "whsec_YQ==", /whsec_\$\(openssl/],
  ["WEBHOOK_SECRET_ANOTHER", "whsec_%%%", /base64/],
  ["QSTASH_CURRENT_SIGNING_KEY", "k", /console/],
  ["QSTASH_NEXT_SIGNING_KEY", "k", /console/],
];
for (const [setting, value, message] of refused) {
  Deno.test(`${setting}=${value} is refused at boot, in words that help`, () => {
    const faults = faultsOf({ [setting]: value });
    assert.deepEqual(faults.map((fault) => fault.setting), [setting]);
    assert.match(faults[0].message, message);
  });
}

const JWKS = { AUTH_JWKS_URL: "https://issuer.example/keys" };
const halves: [what: string, settings: Record<string, string>, faults: string[]][] = [
  ["the URL alone", JWKS, ["AUTH_ISSUER", "AUTH_AUDIENCE"]],
  ["an issuer alone", { ...JWKS, AUTH_ISSUER: "https://issuer.example" }, ["AUTH_AUDIENCE"]],
  ["an audience alone", { ...JWKS, AUTH_AUDIENCE: "shop" }, ["AUTH_ISSUER"]],
  ["lists of nothing", { ...JWKS, AUTH_ISSUER: ",", AUTH_AUDIENCE: " , " }, [
    "AUTH_ISSUER",
    "AUTH_AUDIENCE",
  ]],
  ["none and others", { ...JWKS, AUTH_ISSUER: "none", AUTH_AUDIENCE: "none, shop" }, [
    "AUTH_AUDIENCE",
  ]],
  ["a party without a name", { ...JWKS, AUTH_ISSUER: "none", AUTH_AUDIENCE: "azp:" }, [
    "AUTH_AUDIENCE",
  ]],
];
for (const [what, settings, wanted] of halves) {
  Deno.test(`users' tokens by keys at a URL with ${what} are refused at boot`, () => {
    assert.deepEqual(faultsOf(settings).map(({ setting }) => setting), wanted);
  });
}

Deno.test("`none`, written out, looks at no issuer and no audience", () => {
  const { userTokens } = read({ ...JWKS, AUTH_ISSUER: "none", AUTH_AUDIENCE: "none" });
  assert.deepEqual(userTokens, { jwksUrl: JWKS.AUTH_JWKS_URL });
});

Deno.test("a secret of our own needs neither, and keeps to those that are set", () => {
  const secret = "sixteen letters.";
  assert.deepEqual(read({ AUTH_SECRET: secret }).userTokens, { secret });
  assert.deepEqual(read({ AUTH_SECRET: secret, AUTH_ISSUER: "site" }).userTokens, {
    secret,
    issuers: ["site"],
  });
});

Deno.test("one message names the faults of all settings, whatever their kind", () => {
  const faults = faultsOf({
    ...JWKS,
    PUBLIC_URL: "none",
    AUTH_SECRET: "short",
    OPERATOR_TOKENS: "short",
    SERVICE_TOKENS: "a,b",
    WEBHOOK_SECRET_GITHUB: "s",
    WEBHOOK_SECRET_STANDARD: "not base64!",
    QSTASH_NEXT_SIGNING_KEY: "k",
    RESEND_API_KEY: "re_1",
  });
  assert.deepEqual(faults.map(({ setting }) => setting).sort(), [
    "AUTH_AUDIENCE",
    "AUTH_ISSUER",
    "AUTH_JWKS_URL",
    "AUTH_SECRET",
    "MAIL_FROM",
    "OPERATOR_TOKENS",
    "PUBLIC_URL",
    "QSTASH_NEXT_SIGNING_KEY",
    "SERVICE_TOKENS",
    "WEBHOOK_SECRET_GITHUB",
    "WEBHOOK_SECRET_STANDARD",
  ]);
});

Deno.test("limits on what is open are named, or off, and nothing else", () => {
  assert.deepEqual(read({ OPEN_LIMITS: "events=5000, reads=off" }).openLimits, {
    events: 5_000,
    reads: 1_000_000,
  });
  assert.deepEqual(read({}).openLimits, {});
  for (const wrong of ["event=5", "events", "events=0", "events=1", "events=2000000", "steam=5"]) {
    assert.deepEqual(faultsOf({ OPEN_LIMITS: wrong }).map(({ setting }) => setting), [
      "OPEN_LIMITS",
    ]);
  }
});
