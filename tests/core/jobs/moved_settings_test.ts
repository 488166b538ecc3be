/**
 * Settings that change under waiting work: what is kept, and what says that it is not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createApp } from "../../../functions/app.ts";
import { createDeps } from "../../../functions/deps.ts";
import { kindOfLetter, type LetterKind } from "../../../shared/core/jobs/own_letters.ts";
import { createJobs, originOf, readConfig } from "../../../shared/mod.ts";
import type { QueueDeadLetter } from "../../../shared/ports.ts";
import { silentLog } from "../../support/silent_log.ts";
import { createWorld } from "./world.ts";

for (const origin of [undefined, "of the app"] as const) {
  Deno.test(`another PUBLIC_URL loses no letter, sent by ${origin ? "this" : "an older"} build`, async () => {
    await using world = await createWorld();
    const { deps } = world;
    const before = createJobs({
      ...deps,
      registry: deps.jobs.registry,
      publicUrl: "https://gone.example/base",
      origin: origin && originOf(deps.config.namespace, deps.config.redis.url),
    });
    const { id } = await before.enqueue("work.do", { failures: 1 }, { delayMs: 60_000 });
    await before.enqueueMany([{ job: "work.untracked", input: {} }]);
    // Nobody is there any more: the message and the callback that tells of it both fail.
    await world.cloud.advance("72h");
    assert.equal(world.cloud.qstash.deadLetters().length, 4);
    assert.equal((await world.jobs.importDeadLetters()).imported, 2);
    assert.equal(world.cloud.qstash.deadLetters().length, 0, "the callbacks' own are done with");
    await world.jobs.replay(id);
    await world.cloud.advance("1h");
    assert.equal((await world.jobs.state(id)).state, "succeeded", "at the new address");
  });
}

Deno.test("what only looks like a letter of ours stays where it is", async () => {
  await using world = await createWorld();
  const { deps } = world;
  const envelope = { version: 1, id: "a".repeat(32), job: "work.do", input: {}, enqueuedAt: 1 };
  const letter = {
    id: "1-0",
    messageId: "m",
    url: "https://gone.example/qstash/jobs/work.do",
    body: JSON.stringify(envelope),
    label: envelope.id,
    attempts: 1,
    responseStatus: 0,
    responseBody: "",
    createdAt: 1,
    failedAt: 1,
  };
  const own = { ...deps, registry: deps.jobs.registry, publicUrl: deps.config.publicUrl };
  const callback = (body: string) => ({
    ...letter,
    url: "https://gone.example/qstash/failures",
    body: JSON.stringify({ sourceBody: btoa(body) }),
  });
  const kinds: [what: string, letter: QueueDeadLetter, kind: LetterKind][] = [
    ["a job's", letter, "job"],
    ["under a base path", { ...letter, url: "https://a.example/zp/qstash/jobs/work.do" }, "job"],
    ["without a label", { ...letter, label: undefined }, "job"],
    ["another's label", { ...letter, label: "other" }, undefined],
    ["no envelope", { ...letter, body: "{}" }, undefined],
    ["no JSON", { ...letter, body: "hello" }, undefined],
    ["another job's path", { ...letter, url: "https://a.example/qstash/jobs/work.sum" }, undefined],
    ["another path", { ...letter, url: "https://a.example/hooks/work.do" }, undefined],
    ["an unknown job", {
      ...letter,
      url: "https://a.example/qstash/jobs/not.ours",
      body: JSON.stringify({ ...envelope, job: "not.ours" }),
    }, undefined],
    ["another app's", {
      ...letter,
      body: JSON.stringify({ ...envelope, origin: "shop@1" }),
    }, undefined],
    ["a callback", callback(letter.body), "callback"],
    [
      "a callback of another app",
      callback(JSON.stringify({ ...envelope, origin: "b@2" })),
      undefined,
    ],
    ["a callback of something else", callback("hello"), undefined],
    ["no callback", { ...letter, url: "https://a.example/qstash/failures" }, undefined],
  ];
  for (const [what, given, kind] of kinds) {
    assert.equal(kindOfLetter({ ...own, origin: "a@1" }, given), kind, what);
  }
});

Deno.test("another NAMESPACE loses no day in silence: its flushes are dead letters that say why, and go on under the old one", async () => {
  await using world = await createWorld({ environment: { FEED_BOOKINGS: "anyone" } });
  const { cloud } = world;
  const view = { kind: "locations", id: 42, session: "session-of-a-browser" };
  const headers = { "user-agent": "Mozilla/5.0 Firefox/140.0" };
  const send = () =>
    cloud.fetch("/api/metrics/views", { method: "POST", headers, body: JSON.stringify(view) });
  const appOf = (environment: Record<string, string>) => {
    const deps = createDeps(readConfig({ ...cloud.environment, ...environment }), {
      log: silentLog,
    });
    return { deps, app: createApp(deps) };
  };
  const database = { DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" };
  const old = appOf({ NAMESPACE: "old", ...database });
  cloud.restart(() => old.app);
  assert.equal((await send()).status, 200);
  // Without Postgres, so that letters are in Redis: the flush is told before it asks for any.
  const moved = appOf({ NAMESPACE: "new" });
  cloud.restart(() => moved.app);
  await cloud.advance("26h");
  const { letters } = await moved.deps.deadLetters.list();
  assert.deepEqual(letters.map(({ job }) => job).sort(), ["feed.close", "feed.flush"]);
  for (const { error } of letters) {
    assert.match(error.message, /NAMESPACE=new: .* NAMESPACE=old/);
  }
  await old.deps.database?.close();
});
