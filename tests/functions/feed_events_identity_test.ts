/**
 * Who an event is counted for: a user, a session, an address, or nobody known.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sign } from "hono/jwt";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { createIdentities, readConfig } from "../../shared/mod.ts";
import { cloudSecrets } from "../../dev/cloud.ts";
import { silentLog } from "../support/silent_log.ts";
import { BROWSER, createEventsWorld, DAY, type EventsWorld } from "./feed_events_world.ts";

const AUTH_SECRET = "the-secret-of-users-tokens";
const withUsers = { environment: { AUTH_SECRET } };
const listing = { kind: "locations", id: 42 };
const session = "session-of-a-browser";
const { ofPerson } = createIdentities(cloudSecrets.IDENTITY_SECRET);

const END = Date.parse(`${DAY}T23:59:59Z`) / 1_000;
const tokenOf = (sub: string, claims: Record<string, unknown> = {}) =>
  sign({ sub, exp: END, ...claims }, AUTH_SECRET, "HS256");
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asBackend = bearer(cloudSecrets.SERVICE_TOKENS);

/** Whom the only view of the world was counted for. */
async function countedFor(world: EventsWorld): Promise<string> {
  const members = await world.members();
  assert.equal(members.length, 1);
  return members[0].slice(1, 17);
}

Deno.test("a user's token in the header is who it is", async () => {
  await using world = await createEventsWorld(withUsers);
  const { status } = await world.post(
    "views",
    { ...listing, session },
    bearer(await tokenOf("u1")),
  );
  assert.equal(status, 200);
  assert.equal(await countedFor(world), await ofPerson(DAY, { user: "u1" }));
});

Deno.test("and so it is in the body, for senders that cannot set a header", async () => {
  await using world = await createEventsWorld(withUsers);
  const token = await tokenOf("u1");
  await world.post("views", { ...listing, session, token });
  assert.equal(await countedFor(world), await ofPerson(DAY, { user: "u1" }));
  const other = { ...listing, token: await tokenOf("u2") };
  assert.equal((await world.post("views", other, bearer(token))).body.outcome, "repeated");
});

Deno.test("a user is one person on two devices", async () => {
  await using world = await createEventsWorld(withUsers);
  const headers = bearer(await tokenOf("u1"));
  await world.post("views", { ...listing, session: "session-of-a-phone" }, headers);
  const { body } = await world.post("views", { ...listing, session: "session-of-a-desk" }, headers);
  assert.equal(body.outcome, "repeated");
});

const wrong: [what: string, token: () => Promise<string>][] = [
  ["no token at all", () => Promise.resolve("nonsense")],
  [
    "one of another secret",
    () => sign({ sub: "u1", exp: END }, "another-secret-of-tokens", "HS256"),
  ],
  ["one that has expired", () => tokenOf("u1", { exp: Date.parse(`${DAY}T09:58:59Z`) / 1_000 })],
  ["one that says nobody", () => sign({ exp: END }, AUTH_SECRET, "HS256")],
];
for (const [what, token] of wrong) {
  Deno.test(`${what} answers 401 rather than count a user as somebody else`, async () => {
    await using world = await createEventsWorld(withUsers);
    const paths = {
      views: listing,
      favorites: listing,
      bookings: { ...listing, booking: "b-1" },
      impressions: { batch: "batch-0123456789", impressions: [listing] },
    };
    for (const [path, body] of Object.entries(paths)) {
      const inHeader = await world.post(path, { ...body, session }, bearer(await token()));
      const inBody = await world.post(path, { ...body, session, token: await token() });
      for (const { status, headers, body: problem } of [inHeader, inBody]) {
        assert.equal(status, 401);
        assert.equal(problem.code, "token_invalid");
        assert.match(headers.get("www-authenticate")!, /^Bearer /);
      }
    }
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  });
}

Deno.test("without AUTH_SECRET or AUTH_JWKS_URL a token is not looked at, and the answer says why", async () => {
  await using world = await createEventsWorld();
  const { status, body } = await world.post("views", listing, bearer(await tokenOf("u1")));
  assert.equal(status, 503);
  assert.equal(body.code, "not_configured");
  assert.match(body.detail, /AUTH_SECRET or AUTH_JWKS_URL/);
});

Deno.test("credentials of another kind are none of ours", async () => {
  await using world = await createEventsWorld();
  const { body } = await world.post("views", { ...listing, session }, {
    authorization: "Basic dXNlcjpwYXNz",
  });
  assert.equal(body.outcome, "counted");
  assert.equal(await countedFor(world), await ofPerson(DAY, { session }));
});

Deno.test("a session counts before an address", async () => {
  await using world = await createEventsWorld();
  await world.post("views", { ...listing, session });
  assert.equal(await countedFor(world), await ofPerson(DAY, { session }));
});

Deno.test("without either it is the caller's address, and no header changes that", async () => {
  await using world = await createEventsWorld();
  for (
    const header of [
      "x-forwarded-for",
      "x-real-ip",
      "cf-connecting-ip",
      "forwarded",
      "true-client-ip",
    ]
  ) {
    await world.post("views", listing, { [header]: "203.0.113.77" });
  }
  assert.equal(await countedFor(world), await ofPerson(DAY, { address: "127.0.0.1" }));
});

const proxied: [header: string, sent: string | undefined, address: string | undefined][] = [
  ["X-Real-IP", "203.0.113.77", "203.0.113.77"],
  ["X-Forwarded-For", "203.0.113.77", "203.0.113.77"],
  ["X-Forwarded-For", "198.51.100.1, 203.0.113.77", "203.0.113.77"],
  ["X-Forwarded-For", "2001:db8:85a3::1", "2001:db8:85a3::1"],
  ["X-Forwarded-For", "203.0.113.77:4711", "203.0.113.77"],
  ["X-Forwarded-For", "unknown", undefined],
  ["X-Forwarded-For", undefined, undefined],
];
for (const [header, sent, address] of proxied) {
  Deno.test(`with CLIENT_IP_HEADER=${header}, ${sent} is the address ${address}`, async () => {
    await using world = await createEventsWorld({ environment: { CLIENT_IP_HEADER: header } });
    await world.post("views", listing, sent === undefined ? {} : { [header]: sent });
    assert.equal(await countedFor(world), await ofPerson(DAY, { address }));
  });
}

Deno.test("where the platform knows no address, everybody is one person", async () => {
  await using world = await createEventsWorld();
  const app = createApp(createDeps(readConfig(world.cloud.environment), { log: silentLog }));
  const send = () =>
    app.request("/api/metrics/views", {
      method: "POST",
      headers: { "user-agent": BROWSER },
      body: JSON.stringify(listing),
    });
  assert.equal((await (await send()).json()).outcome, "counted");
  assert.equal((await (await send()).json()).outcome, "repeated");
  assert.equal(await countedFor(world), await ofPerson(DAY, {}));
});

Deno.test("what was sent of a person is nowhere in Redis", async () => {
  await using world = await createEventsWorld(withUsers);
  const headers = bearer(await tokenOf("user-of-a-token"));
  await world.post("views", listing, headers);
  await world.post("favorites", { ...listing, session });
  await world.post("bookings", { ...listing, booking: "id-of-a-booking" });
  const held = JSON.stringify([await world.members(), await world.entries()]);
  for (const secret of ["user-of-a-token", session, "127.0.0", "id-of-a-booking"]) {
    assert.ok(!held.includes(secret), secret);
  }
});

const said: [what: string, body: Record<string, unknown>, person: Record<string, string>][] = [
  ["a user", { user: "u1" }, { user: "u1" }],
  ["a session", { session }, { session }],
  ["a visitor's address", { address: "203.0.113.77" }, { address: "203.0.113.77" }],
  ["a user before all else", { user: "u1", session, address: "203.0.113.77" }, { user: "u1" }],
  ["nobody: its own address is no visitor's", {}, {}],
];
for (const [what, body, person] of said) {
  Deno.test(`a backend may record for ${what}`, async () => {
    await using world = await createEventsWorld();
    const { status } = await world.post("views", { ...listing, ...body }, asBackend);
    assert.equal(status, 200);
    assert.equal(await countedFor(world), await ofPerson(DAY, person));
  });
}

Deno.test("a backend may hand on the user's token", async () => {
  await using world = await createEventsWorld(withUsers);
  await world.post("views", { ...listing, token: await tokenOf("u1") }, asBackend);
  assert.equal(await countedFor(world), await ofPerson(DAY, { user: "u1" }));
  const { status } = await world.post("views", { ...listing, token: "nonsense" }, asBackend);
  assert.equal(status, 401);
});

for (const [field, value] of [["user", "u1"], ["address", "203.0.113.77"]]) {
  Deno.test(`a browser may not say the ${field}`, async () => {
    await using world = await createEventsWorld(withUsers);
    for (const headers of [{}, bearer(await tokenOf("u1"))]) {
      const { status, body } = await world.post("views", { ...listing, [field]: value }, headers);
      assert.equal(status, 422);
      assert.equal(body.fields[0].path, field);
      assert.match(body.fields[0].message, /backend/);
    }
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  });
}
