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
  const config = readConfig({ ...complete, WEBHOOK_SECRET_GITHUB: "s" });
  assert.equal(config.publicUrl, "https://app.example");
  assert.equal(config.queue.url, "https://qstash.upstash.io");
  assert.equal(config.namespace, "zeropoll");
  assert.deepEqual(config.serviceTokens, []);
  assert.deepEqual(config.webhookSecrets, { github: "s" });
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
