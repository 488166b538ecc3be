/**
 * Whose word counts for a booking.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sign } from "hono/jwt";
import { cloudSecrets } from "../../dev/cloud.ts";
import { ConfigError, readConfig } from "../../shared/mod.ts";
import { createEventsWorld } from "./feed_events_world.ts";

const AUTH_SECRET = "the-secret-of-users-tokens";
const booking = { kind: "locations", id: 42, booking: "b-1" };
const token = await sign(
  { sub: "u1", exp: Math.floor(Date.UTC(2026, 10, 22) / 1_000) },
  AUTH_SECRET,
  "HS256",
);
const callers = {
  anonymous: {},
  session: { body: { session: "session-of-a-browser" } },
  user: { headers: { authorization: `Bearer ${token}` } },
  beacon: { body: { token } },
  backend: { headers: { authorization: `Bearer ${cloudSecrets.SERVICE_TOKENS}` } },
};
type Caller = keyof typeof callers;
const may: Record<string, Caller[]> = {
  "": ["backend"],
  backend: ["backend"],
  users: ["user", "beacon", "backend"],
  anyone: ["anonymous", "session", "user", "beacon", "backend"],
};

for (const [setting, allowed] of Object.entries(may)) {
  Deno.test(`FEED_BOOKINGS=${setting || "(not set)"} takes the word of: ${allowed.join(", ")}`, async () => {
    await using world = await createEventsWorld({
      environment: { AUTH_SECRET, FEED_BOOKINGS: setting },
    });
    for (const [caller, said] of Object.entries(callers)) {
      const { body = {}, headers = {} } = said as { body?: object; headers?: HeadersInit };
      const asked = { ...booking, booking: caller, ...body };
      const { status, body: answer } = await world.post("bookings", asked, headers);
      const isAllowed = allowed.includes(caller as Caller);
      assert.deepEqual(
        [status, answer.outcome ?? answer.code],
        isAllowed ? [200, "counted"] : [403, "booking_refused"],
        caller,
      );
    }
    assert.equal((await world.members()).length, allowed.length);
  });
}

Deno.test("FEED_BOOKINGS=users without a way to know users is refused at boot", () => {
  assert.throws(
    () =>
      readConfig({
        ...cloudSecrets,
        PUBLIC_URL: "https://app.example",
        UPSTASH_REDIS_REST_URL: "https://redis.example",
        UPSTASH_REDIS_REST_TOKEN: "a-token",
        QSTASH_TOKEN: "a-token",
        QSTASH_CURRENT_SIGNING_KEY: "a-key",
        QSTASH_NEXT_SIGNING_KEY: "a-key",
        FEED_BOOKINGS: "users",
      }),
    (error) => error instanceof ConfigError && /FEED_BOOKINGS.*AUTH_SECRET/s.test(error.message),
  );
});
