/**
 * The app is away for a while: mails and replies that were on their way end as if nothing had been.
 *
 * @module
 */
import assert from "node:assert/strict";
import { postgresEngines } from "../support/postgres_engines.ts";
import type { Cloud } from "../../dev/cloud.ts";
import { createApp } from "../../functions/app.ts";
import { createChatWorld } from "./chat_world.ts";
import { createNotificationsWorld, NOON } from "./notifications_world.ts";

const [engine] = postgresEngines();
const HOUR_S = 3_600;

/** How late what met the outage is at most, in s after it was due; QStash's redeliveries say so. */
const outages = [
  { time: "30s", lateBy: 66 },
  { time: "10m", lateBy: 11 * 60 + 6 },
  { time: "3h", lateBy: 7 * HOUR_S + 11 * 60 + 6 },
];

async function outage(cloud: Cloud, time: string, app: Parameters<Cloud["restart"]>[0]) {
  cloud.restart(() => ({ fetch: () => new Response("bad gateway", { status: 502 }) }));
  await cloud.advance(time);
  cloud.restart(app);
}

for (const { time, lateBy } of outages) {
  Deno.test(`the app is away for ${time}: 6 of 6 password mails arrive, once each, on the free plan`, async () => {
    await using world = await createNotificationsWorld(engine.database(), engine.url(), {
      plan: "free",
    });
    const { cloud } = world;
    for (let person = 0; person < 6; person++) {
      const { response } = await world.tell("user.reset.start", {
        to: { email: `person-${person}@example.com` },
      });
      assert.equal(response.status, 202);
    }
    await outage(cloud, time, () => createApp(world.deps));
    await cloud.advance("9h");
    const mails = cloud.mail.mails();
    assert.deepEqual(
      mails.map(({ to }) => String(to)).sort(),
      Array.from({ length: 6 }, (_, person) => `person-${person}@example.com`),
    );
    const late = Math.max(...mails.map(({ at }) => (at - NOON) / 1_000));
    // Two of them leave in a second.
    assert.ok(late >= lateBy - 6 && late <= lateBy + 6, `${late} s late`);
    assert.equal((await world.api("GET", "/api/dead-letters")).body.letters.length, 0);
  });

  Deno.test(`the app is away for ${time}: a reply whose model breaks off as well is whole in the end`, async () => {
    await using world = await createChatWorld(engine.database(), engine.url(), {
      cloud: { plan: "free" },
    });
    const { cloud } = world;
    cloud.llm.faults.add({ kind: "break", afterTokens: 3, times: 2 });
    const { body } = await world.call("POST", "/api/chat/conversations/kitchen/messages", {
      body: { text: "/tokens 12", mode: "queued" },
    });
    await outage(cloud, time, () => createApp(world.deps));
    const { id } = body.reply;
    let reply = (await world.call("GET", `/api/chat/replies/${id}`)).body;
    for (let hours = 0; hours < 9 && reply.state !== "done"; hours++) {
      await cloud.advance("1h");
      reply = (await world.call("GET", `/api/chat/replies/${id}`)).body;
    }
    assert.equal(reply.state, "done");
    assert.equal((await world.deps.deadLetters.list()).letters.length, 0);
  });
}
