import assert from "node:assert/strict";
import { createLimitsWorld, START } from "./limits_world.ts";

const CHECK = "/api/limits/spotify/check";

Deno.test("a backend's checks pass up to the limit, with headers that count down, and then answer 429", async () => {
  await using world = await createLimitsWorld();
  for (let check = 1; check <= 100; check++) {
    const { status, headers, body } = await world.call("POST", CHECK, {
      as: "backend",
      body: { identifier: "ann" },
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.remaining, 100 - check);
    assert.equal(headers.get("ratelimit-policy"), '"spotify";q=100;w=60');
    assert.equal(headers.get("ratelimit"), `"spotify";r=${100 - check};t=60`);
    assert.equal(headers.get("x-ratelimit-limit"), "100");
    assert.equal(headers.get("x-ratelimit-remaining"), `${100 - check}`);
    assert.equal(headers.get("x-ratelimit-reset"), `${START / 1_000 + 60}`);
  }
  const refused = await world.call("POST", CHECK, { as: "backend", body: { identifier: "ann" } });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  assert.equal(refused.body.code, "limit_exceeded");
  assert.match(refused.body.type, /\/docs#limit_exceeded$/);
  assert.deepEqual(refused.body["violated-policies"], ["spotify"]);
  // The window before weighs on the next one: it opens a little after it has begun.
  assert.equal(refused.headers.get("retry-after"), "61");
  assert.equal(refused.headers.get("ratelimit"), '"spotify";r=0;t=61');
  assert.equal(refused.headers.get("ratelimit-policy"), '"spotify";q=100;w=60');
  assert.equal(refused.headers.get("x-ratelimit-remaining"), "0");
  assert.equal(refused.headers.get("x-ratelimit-reset"), `${START / 1_000 + 61}`);
  const other = await world.call("POST", CHECK, { as: "backend", body: { identifier: "bob" } });
  assert.equal(other.status, 200);
});
