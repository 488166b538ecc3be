import assert from "node:assert/strict";
import { defineLimits, type LimitDefinition, type Limits } from "../../../shared/mod.ts";

const minute: LimitDefinition = { limit: 10, windowMs: 60_000, whenAway: "open" };

Deno.test("a limit is a sliding window per user, on leases, unless told otherwise", () => {
  assert.deepEqual(defineLimits({ one: minute }).one, {
    name: "one",
    limit: 10,
    windowMs: 60_000,
    algorithm: "sliding-window",
    refill: 0,
    per: "user",
    whenAway: "open",
    lease: true,
  });
});

Deno.test("a token bucket has no leases: a token in a hand is refilled as if it had been spent", () => {
  const row = { ...minute, algorithm: "token-bucket", refill: 2, lease: true } as const;
  assert.equal(defineLimits({ one: row }).one.lease, false);
});

const refused: { what: string; row: LimitDefinition }[] = [
  { what: "a limit of nothing", row: { ...minute, limit: 0 } },
  { what: "half a unit", row: { ...minute, limit: 0.5 } },
  { what: "more than a million", row: { ...minute, limit: 1_000_001 } },
  { what: "a window under a second", row: { ...minute, windowMs: 999 } },
  { what: "a window of more than 31 days", row: { ...minute, windowMs: 32 * 86_400_000 } },
  { what: "no refill", row: { ...minute, algorithm: "token-bucket", refill: 0 } },
  { what: "a refill above the limit", row: { ...minute, algorithm: "token-bucket", refill: 11 } },
];
for (const { what, row } of refused) {
  Deno.test(`defineLimits() rejects ${what}`, () => {
    assert.throws(() => defineLimits({ one: row }), RangeError);
  });
}

for (const name of ["", "Spotify", "a:b", "a b", "x".repeat(49)]) {
  Deno.test(`defineLimits() rejects the name ${JSON.stringify(name)}`, () => {
    assert.throws(() => defineLimits({ [name]: minute }), TypeError);
  });
}

Deno.test("a name that is in no table does not compile", () => {
  const check = (limits: Limits<"spotify">) => {
    // @ts-expect-error -- there is no such limit
    void limits.check("spotfiy", "ann");
    void limits.check("spotify", "ann");
  };
  assert.equal(typeof check, "function");
});
