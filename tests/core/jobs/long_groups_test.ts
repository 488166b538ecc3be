/**
 * Groups that take long: their children are counted, and their outcomes kept, to the end.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createWorld } from "./world.ts";

const then = { job: "work.sum", input: { note: "all done" } } as const;
const DAY_MS = 86_400_000;

const late: [what: string, days: number][] = [
  ["2 days", 2],
  ["40 days, longer than the group's keys were kept", 40],
  ["360 days", 360],
];
for (const [what, days] of late) {
  for (const lateIndex of [0, 1]) {
    const which = lateIndex === 0 ? "the first child" : "another child";
    Deno.test(`a follow-up sees all of its children where ${which} was delayed by ${what}`, async () => {
      await using world = await createWorld();
      const delayMs = days * DAY_MS;
      const early = { job: "work.do", input: {} } as const;
      const children = [early, { ...early, input: { forGood: true } }, early];
      await world.jobs.enqueueGroup(
        children.map((child, index) => index === lateIndex ? { ...child, delayMs } : child),
        { then },
      );
      await world.cloud.advance(delayMs - 1_000);
      assert.equal(world.followUps.length, 0);
      await world.cloud.advance("1h");
      assert.deepEqual(world.followUps, [
        { note: "all done", states: ["succeeded", "failed", "succeeded"] },
      ]);
    });
  }
}

Deno.test("a child that fails for 31 hours does not make its siblings forgotten", async () => {
  await using world = await createWorld();
  await world.jobs.enqueueGroup([
    { job: "work.do", input: {} },
    { job: "work.ladder", input: { failures: 9 } },
  ], { then });
  await world.cloud.advance("48h");
  assert.deepEqual(world.followUps, [{ note: "all done", states: ["succeeded", "failed"] }]);
});

Deno.test("a child that is cancelled early is known to the end", async () => {
  await using world = await createWorld();
  const { jobs } = await world.jobs.enqueueGroup([
    { job: "work.do", input: {}, delayMs: 3_600_000 },
    { job: "work.do", input: {}, delayMs: 5 * DAY_MS },
  ], { then });
  await world.jobs.cancel(jobs[0]);
  await world.cloud.advance(6 * DAY_MS);
  assert.deepEqual(world.followUps, [{ note: "all done", states: ["cancelled", "succeeded"] }]);
});

Deno.test("a child that defers itself far still ends its group, and what is forgotten by then is said", async () => {
  await using world = await createWorld();
  await world.jobs.enqueueGroup([
    { job: "work.do", input: {} },
    { job: "work.do", input: { defersMs: [45 * DAY_MS] } },
  ], { then });
  await world.cloud.advance(46 * DAY_MS);
  assert.deepEqual(world.followUps, [{ note: "all done", states: ["none", "succeeded"] }]);
});

Deno.test("a group whose children end soon keeps nothing for longer than before", async () => {
  await using world = await createWorld();
  const { jobs: [id], then: next } = await world.jobs.enqueueGroup(
    [{ job: "work.do", input: {} }],
    { then },
  );
  await world.cloud.settle();
  const key = (id: string) => `zeropoll:job:${id}:outcome`;
  const redis = async (...command: string[]) => {
    const answer = await fetch(world.cloud.environment.UPSTASH_REDIS_REST_URL, {
      method: "POST",
      headers: { authorization: `Bearer ${world.cloud.environment.UPSTASH_REDIS_REST_TOKEN}` },
      body: JSON.stringify(command),
    });
    return (await answer.json()).result;
  };
  for (const job of [id, next!]) assert.ok(await redis("TTL", key(job)) <= 86_400);
  const [group] = await redis("KEYS", "*:group:*");
  const seconds = await redis("TTL", group);
  assert.ok(seconds > 39 * 86_400 && seconds <= 40 * 86_400, `${seconds} s`);
});

Deno.test("a child replayed after its follow-up was sent sends no second, however many there are", async () => {
  for (const total of [1, 5, 6, 7, 13]) {
    await using world = await createWorld();
    const children = Array.from({ length: total }, () => ({
      job: "work.do" as const,
      input: { forGood: true },
    }));
    const { jobs } = await world.jobs.enqueueGroup(children, { then });
    await world.cloud.advance("10m");
    assert.equal(world.followUps.length, 1);
    for (const id of jobs) await world.jobs.replay(id, { input: {} });
    await world.cloud.advance(29 * DAY_MS);
    assert.equal(world.followUps.length, 1, `of ${total}`);
  }
});
