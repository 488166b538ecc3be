import assert from "node:assert/strict";
import { join } from "node:path";
import worker from "../../functions/worker.ts";

const settings = {
  PUBLIC_URL: "https://app.example",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  QSTASH_TOKEN: "token",
  QSTASH_CURRENT_SIGNING_KEY: "sig_current",
  QSTASH_NEXT_SIGNING_KEY: "sig_next",
};
const root = join(import.meta.dirname!, "../..");

const OLD = "token-of-an-operator:ACCESS_MONITORING";
const context = { waitUntil() {}, passThroughOnException() {}, props: {} };

Deno.test("the worker answers 503 while settings are missing, and starts once they are there", async () => {
  const said: string[] = [];
  const { error } = console;
  console.error = (line: string) => void said.push(line);
  try {
    const request = () => new Request("https://app.example/health");
    const missing = await worker.fetch(request(), { PUBLIC_URL: "https://app.example" }, context);
    assert.equal(missing.status, 503);
    assert(!(await missing.text()).includes("QSTASH_TOKEN"), "callers are not told which");
    assert.match(said.join(), /QSTASH_TOKEN: is missing/);
    const there = await worker.fetch(request(), { ...settings, ASSETS: {} }, context);
    assert.equal(there.status, 200);
  } finally {
    console.error = error;
  }
});

Deno.test("main.ts names every missing setting in one message, and ends", async () => {
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "functions/main.ts"],
    cwd: root,
    env: { PUBLIC_URL: "nonsense", QSTASH_DEV: "true", ...unset(settings, ["PUBLIC_URL"]) },
  }).output();
  const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
  assert.equal(code, 1);
  assert.match(said, /Cannot start: 7 settings are wrong/);
  assert.match(said, /PUBLIC_URL: must be an http\(s\) URL/);
  assert.match(said, /QSTASH_DEV: must not be set/);
  assert.match(said, /QSTASH_NEXT_SIGNING_KEY: is missing/);
  assert(!/\bat .*\.ts:\d+/.test(said), "no stack trace");
});

/** Empties the settings, so that what this machine has set does not matter. */
function unset(record: Record<string, string>, except: string[]): Record<string, string> {
  return Object.fromEntries(
    Object.keys(record).filter((name) => !except.includes(name)).map((name) => [name, ""]),
  );
}

Deno.test("the worker says in its log what of the settings should be changed, once, and no secret", async () => {
  const { default: anew } = await import("../../functions/worker.ts?anew" as string);
  const said: string[] = [];
  const { log, warn } = console;
  console.log = console.warn = (line: string) => void said.push(line);
  try {
    const changed = { ...settings, SERVICE_TOKENS: "short-token", OPERATOR_TOKENS: OLD };
    for (let request = 0; request < 3; request++) {
      await anew.fetch(new Request("https://app.example/health"), changed, context);
    }
  } finally {
    Object.assign(console, { log, warn });
  }
  const warned = said.filter((line) => line.includes("setting.warned"));
  assert.deepEqual(warned.map((line) => JSON.parse(line).setting), [
    "OPERATOR_TOKENS",
    "SERVICE_TOKENS",
  ]);
  assert.doesNotMatch(said.join(), /short-token|token-of-an-operator/);
});
