/**
 * What no person has caused: programs and prefetches, by their headers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { BROWSER, createEventsWorld } from "./feed_events_world.ts";

const listing = { kind: "locations", id: 42, session: "session-of-a-browser" };
const bodies: Record<string, unknown> = {
  views: listing,
  impressions: {
    batch: "batch-0123456789",
    impressions: [{ kind: "locations", id: 42 }],
  },
  favorites: listing,
  bookings: { ...listing, booking: "b-1" },
};

const ahead: [name: string, value: string][] = [
  ["Sec-Purpose", "prefetch"],
  ["Sec-Purpose", "prefetch;prerender"],
  ["Sec-Purpose", "prefetch;anonymous-client-ip"],
  ["Purpose", "prefetch"],
  ["Purpose", "Prefetch"],
  ["X-Purpose", "preview"],
  ["X-Moz", "prefetch"],
];
for (const [name, value] of ahead) {
  Deno.test(`${name}: ${value} is ignored as a prefetch, at no cost`, async () => {
    await using world = await createEventsWorld();
    for (const [path, body] of Object.entries(bodies)) {
      const answer = await world.post(path, body, { [name]: value });
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, { outcome: "ignored", because: "prefetch" });
    }
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
    assert.equal(world.cloud.qstash.messages().length, 0);
  });
}

const programs = [
  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0) Chrome/116.0.1938.76 Safari/537.36",
  "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
  "curl/8.5.0",
  "python-requests/2.32.3",
  "Deno/2.9.6",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
];
for (const agent of programs) {
  Deno.test(`${agent.slice(0, 60)} is ignored as a bot, at no cost`, async () => {
    await using world = await createEventsWorld();
    for (const [path, body] of Object.entries(bodies)) {
      const answer = await world.post(path, body, { "user-agent": agent });
      assert.deepEqual(answer.body, { outcome: "ignored", because: "bot" });
    }
    assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
  });
}

const people = [
  BROWSER,
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
  "Mozilla/5.0 (Linux; Android 14; Cubot X90) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
];
for (const agent of people) {
  Deno.test(`${agent.slice(12, 60)} is a person's`, async () => {
    await using world = await createEventsWorld();
    const { body } = await world.post("views", listing, { "user-agent": agent });
    assert.deepEqual(body, { outcome: "counted" });
  });
}

Deno.test("a backend is a program, and what it records counts", async () => {
  await using world = await createEventsWorld();
  const { SERVICE_TOKENS } = world.cloud.environment;
  for (const [path, body] of Object.entries(bodies)) {
    const answer = await world.post(path, body, {
      "user-agent": "python-requests/2.32.3",
      "purpose": "prefetch",
      "authorization": `Bearer ${SERVICE_TOKENS}`,
    });
    assert.deepEqual(answer.body, { outcome: "counted" });
  }
});

Deno.test("a program that sends nonsense is told so", async () => {
  await using world = await createEventsWorld();
  assert.equal((await world.post("views", {}, { "user-agent": "curl/8.5.0" })).status, 422);
});
