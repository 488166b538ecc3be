import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createIdentities } from "../../../shared/mod.ts";

const SECRET = "a-secret-of-tests";
const TODAY = "2026-11-21";
const TOMORROW = "2026-11-22";
const everything = { user: "u1", session: "session-1", address: "203.0.113.77" };

const hmac = (key: string | Uint8Array, text: string) =>
  new Uint8Array(createHmac("sha256", key).update(text).digest());
const short = (digest: Uint8Array) => digest.subarray(0, 12).toBase64({ alphabet: "base64url" });

Deno.test("a user counts before a session, a session before an address, an address before nobody", async () => {
  const { ofPerson } = createIdentities(SECRET);
  const { user, session, address } = everything;
  const ofUser = await ofPerson(TODAY, { user });
  const ofSession = await ofPerson(TODAY, { session });
  const ofAddress = await ofPerson(TODAY, { address });
  const anonymous = await ofPerson(TODAY, {});
  assert.equal(new Set([ofUser, ofSession, ofAddress, anonymous]).size, 4);
  assert.equal(await ofPerson(TODAY, everything), ofUser);
  assert.equal(await ofPerson(TODAY, { session, address }), ofSession);
  assert.equal(await ofPerson(TODAY, { address: "no address" }), anonymous);
});

Deno.test("an identity is 16 characters, 96 bits of an HMAC-SHA256", async () => {
  const { ofPerson, ofBooking } = createIdentities(SECRET);
  const expected = short(hmac(SECRET, "user:u1"));
  assert.match(expected, /^[A-Za-z0-9_-]{16}$/);
  assert.equal(await ofPerson(TODAY, { user: "u1" }), expected);
  assert.equal(await ofBooking("b1"), short(hmac(SECRET, "booking:b1")));
});

Deno.test("users, sessions and bookings are the same on every day", async () => {
  const { ofPerson } = createIdentities(SECRET);
  for (const person of [{ user: "u1" }, { session: "session-1" }]) {
    assert.equal(await ofPerson(TODAY, person), await ofPerson(TOMORROW, person));
  }
});

Deno.test("an address is masked, and hashed by a key that changes each day", async () => {
  const { ofPerson } = createIdentities(SECRET);
  const address = "203.0.113.77";
  const today = await ofPerson(TODAY, { address });
  assert.equal(await ofPerson(TODAY, { address: "203.0.113.3" }), today);
  assert.notEqual(await ofPerson(TODAY, { address: "203.0.114.3" }), today);
  assert.notEqual(await ofPerson(TOMORROW, { address }), today);
  assert.equal(await ofPerson(TODAY, { address }), today, "and back");
  const daily = hmac(SECRET, `day:${TODAY}`);
  assert.equal(today, short(hmac(daily, "address:203.0.113.0")));
});

Deno.test("nobody known is one person a day", async () => {
  const { ofPerson } = createIdentities(SECRET);
  assert.equal(await ofPerson(TODAY, {}), await ofPerson(TODAY, {}));
  assert.notEqual(await ofPerson(TODAY, {}), await ofPerson(TOMORROW, {}));
});

Deno.test("nobody can say of themselves what makes them somebody else", async () => {
  const { ofPerson, ofBooking } = createIdentities(SECRET);
  const identities = [
    await ofPerson(TODAY, { session: "user:u1" }),
    await ofPerson(TODAY, { user: "u1" }),
    await ofPerson(TODAY, { user: "session:u1" }),
    await ofPerson(TODAY, { session: "u1" }),
    await ofPerson(TODAY, { session: "" }),
    await ofPerson(TODAY, { session: "anonymous" }),
    await ofPerson(TODAY, {}),
    await ofBooking("u1"),
  ];
  assert.equal(new Set(identities).size, identities.length);
});

Deno.test("another secret makes others of the same people", async () => {
  const one = createIdentities(SECRET);
  const other = createIdentities(`${SECRET}.`);
  for (const person of [{ user: "u1" }, { address: "203.0.113.77" }, {}]) {
    assert.notEqual(await one.ofPerson(TODAY, person), await other.ofPerson(TODAY, person));
  }
});
