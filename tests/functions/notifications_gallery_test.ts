/**
 * The gallery of notifications as it is answered; tests/browser has it in a browser.
 *
 * @module
 */
import assert from "node:assert/strict";
import { eventNames } from "../../functions/notifications/events/names.ts";
import { topics } from "../../functions/notifications/gallery/topics.ts";
import type { AppWorld } from "./app_world.ts";
import { PUBLIC_URL } from "./app_world.ts";
import { asPage, operatorWorld, TOKEN } from "./operator_world.ts";

const PATH = "/admin/notifications";

/** The page, as an operator gets it. */
async function open({ app }: AppWorld, path: string) {
  const response = await app.request(PATH + path, {
    headers: { Authorization: `Bearer ${TOKEN}`, ...asPage },
  });
  return { response, text: await response.text() };
}

const hiddenRows = (text: string) => [...text.matchAll(/<tr data-filter="[^"]*" hidden/g)].length;
const unescaped = (text: string) =>
  text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&amp;", "&");

Deno.test("the gallery lists every event once, by topic, and asks Redis for nothing", async () => {
  await using world = operatorWorld();
  const { response, text } = await open(world, "");
  assert.equal(response.status, 200);
  for (const name of eventNames) {
    assert.equal(text.split(`href="${PATH}/${name}"`).length, 2, name);
  }
  assert.deepEqual(
    topics.flatMap(({ events }) => Object.keys(events)).sort(),
    [...eventNames].sort(),
  );
  assert.equal(hiddenRows(text), 0);
  assert.match(text, /urgent<\/td>/);
  assert.match(
    text,
    /bulk, unsubscribe: messages, waits for the morning, collapses for 10 min<\/td>/,
  );
  assert.doesNotMatch(response.headers.get("Content-Security-Policy")!, /frame-src/);
  for (const name of eventNames) assert.equal((await open(world, `/${name}`)).response.status, 200);
  assert.deepEqual(world.sentToRedis, []);
});

const searches = [
  { query: "digest claim", finds: ["admin.claim.pending"] },
  { query: "CLAIM.approved", finds: ["claim.approved"] },
  { query: "  ", finds: [...eventNames] },
  { query: `"><script>alert(1)</script>`, finds: [] },
];
for (const { query, finds } of searches) {
  Deno.test(`the gallery finds ${finds.length} events for ${JSON.stringify(query)}`, async () => {
    await using world = operatorWorld();
    const { text } = await open(world, `?q=${encodeURIComponent(query)}`);
    assert.equal(eventNames.length - hiddenRows(text), finds.length);
    assert.match(text, new RegExp(`>${finds.length} of 38</output>`));
    assert.doesNotMatch(text, /<script>/);
  });
}

Deno.test("an event's page has the mail in a frame, its text, headers, data and request", async () => {
  await using world = operatorWorld();
  const { response, text } = await open(world, "/message.new");
  assert.match(response.headers.get("Content-Security-Policy")!, /; frame-src 'self'$/);
  const shown = unescaped(text);
  assert.match(shown, /<iframe [^>]*sandbox="" width="100%"[^>]*src="[^"]*\/message\.new\/mail"/);
  assert.match(shown, /> Is the loft free on Saturday\?/);
  assert.ok(shown.includes(`List-Unsubscribe: <${PUBLIC_URL}/notifications/unsubscribe?token=`));
  assert.ok(shown.includes("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
  assert.ok(shown.includes(`curl -X POST '${PUBLIC_URL}/api/notifications'`));
  assert.ok(
    shown.includes(`{"event":"message.new","to":{"email":"ada@mail.example","name":"Ada"}`),
  );
  const { text: phone } = await open(world, "/message.new?width=phone&several=1");
  assert.match(phone, /<iframe [^>]*width="390"[^>]*src="[^"]*\/message\.new\/mail\?several=1"/);
  assert.match(phone, /<dd>3 new messages from Ben<\/dd>/);
  const { text: alone } = await open(world, "/user.reset.start?several=1");
  assert.doesNotMatch(alone, /several|List-Unsubscribe/);
});

Deno.test("the request of an event's page survives a shell, whatever its sample holds", async () => {
  await using world = operatorWorld();
  const { text } = await open(world, "/review.rejected");
  const [, command] = /<pre tabindex="0">(curl [\s\S]*?)<\/pre>/.exec(text)!;
  const [, body] = /-d ('[\s\S]*')$/.exec(unescaped(command))!;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `printf %s ${body}`] }).output();
  const { event, data } = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(event, "review.rejected");
  assert.equal(data.title, "Loft at the canal");
});

Deno.test("a mail alone may show itself, in our own page, and run nothing", async () => {
  await using world = operatorWorld();
  const { response, text } = await open(world, "/listing.favorited/mail?several=1");
  assert.equal(
    response.headers.get("Content-Security-Policy"),
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'self'",
  );
  assert.match(response.headers.get("Content-Type")!, /^text\/html/);
  assert.match(text, /“Loft at the canal” was saved 3 times/);
});

for (const path of ["/message.old", "/constructor", "/message.old/mail", "/__proto__/mail"]) {
  Deno.test(`the gallery has no ${path}`, async () => {
    await using world = operatorWorld();
    assert.equal((await open(world, path)).response.status, 404);
  });
}
