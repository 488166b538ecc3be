/**
 * The pages of dead letters, and their replay in bulk, where Redis and where Postgres keeps them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startDatabase } from "../support/database.ts";
import { createWorld, type World } from "../core/jobs/world.ts";
import { createJobs, type Queue, QueueUnavailableError } from "../../shared/mod.ts";

// deno-lint-ignore no-explicit-any -- a test looks into any answer
type Answer = any;

async function api({ cloud }: World, method: string, path: string, body?: unknown) {
  const response = await cloud.fetch(`/api/dead-letters${path}`, {
    method,
    headers: { Authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() as Answer };
}

async function failJobs(world: World, count: number, input = {}): Promise<string[]> {
  const orders = { job: "work.do" as const, input: { forGood: true, ...input } };
  const jobs = await world.jobs.enqueueMany(Array.from({ length: count }, () => orders));
  await world.cloud.settle();
  return jobs.map(({ id }) => id);
}

for (const store of ["Redis", "Postgres"] as const) {
  const open = async () => {
    const postgres = store === "Postgres" ? await startDatabase() : undefined;
    const world = await createWorld({
      environment: postgres && { DATABASE_URL: postgres.url },
    });
    return {
      world,
      async [Symbol.asyncDispose]() {
        await world[Symbol.asyncDispose]();
        await postgres?.[Symbol.asyncDispose]();
      },
    };
  };

  Deno.test(`${store}: dead letters are paged to the last one, by a limit of the caller's`, async () => {
    await using opened = await open();
    const { world } = opened;
    const ids = await failJobs(world, 7);
    const seen: string[] = [];
    let query = "?limit=3";
    const pages: number[] = [];
    do {
      const { status, body } = await api(world, "GET", query);
      assert.equal(status, 200, JSON.stringify(body));
      pages.push(body.letters.length);
      seen.push(...body.letters.map(({ id }: { id: string }) => id));
      query = body.cursor && `?limit=3&cursor=${encodeURIComponent(body.cursor)}`;
    } while (query);
    assert.deepEqual(pages, [3, 3, 1]);
    assert.deepEqual(new Set(seen), new Set(ids));
  });

  for (const query of ["?limit=0", "?limit=101", "?limit=x", "?cursor=x%20y", "?cursor=-1.5.x"]) {
    Deno.test(`${store}: a page of dead letters ${query} is refused, naming the field`, async () => {
      await using opened = await open();
      const { status, body } = await api(opened.world, "GET", query);
      assert.equal(status, 422);
      assert.equal(body.fields[0].path, query.slice(1).split("=")[0]);
    });
  }

  Deno.test(`${store}: 100 letters are replayed in at most 40 requests, at the price of one each`, async () => {
    await using opened = await open();
    const { world } = opened;
    const ids = await failJobs(world, 110);
    let requests = 0;
    const { deps } = world;
    const queue = Object.fromEntries(
      Object.entries(deps.queue).map(([name, method]) => [name, (...call: unknown[]) => {
        requests++;
        return method(...call);
      }]),
    ) as unknown as Queue;
    const { publicUrl } = deps.config;
    const jobs = createJobs({ ...deps, registry: deps.jobs.registry, publicUrl, queue });
    world.bill();
    const { replayed, refused, left } = await jobs.replayAll({ perSecond: 100 });
    requests += world.cloud.redis.meter.snapshot().requests;
    assert.deepEqual([replayed.length, refused, left], [100, [], 10]);
    assert.ok(requests <= 40, `${requests} requests`);
    const { commands } = world.bill();
    assert.ok(commands <= 6 * 100, `${commands} commands`);
    const rest = await api(world, "POST", "/replay", { perSecond: 100 });
    assert.deepEqual([rest.body.replayed.length, rest.body.left], [10, 0]);
    assert.deepEqual(new Set([...replayed, ...rest.body.replayed]), new Set(ids));
    await world.cloud.advance("5s");
    assert.equal(world.seen.length, 220);
  });

  Deno.test(`${store}: letters that are refused keep no other from its replay`, async () => {
    await using opened = await open();
    const { world } = opened;
    const { deadLetters } = world.deps;
    const old = await failJobs(world, 2);
    await world.cloud.advance("1m");
    for (let index = 0; index < 120; index++) {
      await deadLetters.save({
        id: `refused${String(index).padStart(10, "0")}`,
        job: "work.gone",
        generation: 0,
        attempts: 1,
        error: { message: "gone" },
        envelope: JSON.stringify({ version: 1, job: "work.gone", input: {}, enqueuedAt: 1 }),
        failedAt: Date.now(),
      });
    }
    const { body } = await api(world, "POST", "/replay", { limit: 2, perSecond: 10 });
    assert.deepEqual(new Set(body.replayed), new Set(old));
    assert.equal(body.refused.length, 120);
    assert.equal(body.left, 0);
  });

  Deno.test(`${store}: a replay that QStash breaks off says what is left, and is gone on with`, async () => {
    await using opened = await open();
    const { world } = opened;
    await failJobs(world, 60);
    let batches = 0;
    const { deps } = world;
    const queue: Queue = {
      ...deps.queue,
      publishMany: (publications) => {
        if (++batches === 2) throw new QueueUnavailableError("away");
        return deps.queue.publishMany(publications);
      },
    };
    const { publicUrl } = deps.config;
    const jobs = createJobs({ ...deps, registry: deps.jobs.registry, publicUrl, queue });
    const first = await jobs.replayAll({ perSecond: 100 });
    assert.deepEqual([first.replayed.length, first.left], [25, 35]);
    const second = await jobs.replayAll({ perSecond: 100 });
    assert.deepEqual([second.replayed.length, second.left], [35, 0]);
    await world.cloud.advance("5s");
    assert.equal(world.seen.length, 120);
  });
}

Deno.test("a replay in bulk tells QStash of no message that it has had before", async () => {
  await using world = await createWorld();
  const [id] = await failJobs(world, 1);
  const { deps } = world;
  await deps.queue.publish({
    url: `${deps.config.publicUrl}/qstash/jobs/work.do`,
    body: JSON.stringify({ version: 1, id, job: "work.do", input: {}, generation: 1, runs: 0 }),
    label: id,
    retries: 0,
    timeoutMs: 60_000,
    deduplicationId: `${id}-1`,
  });
  await world.cloud.settle();
  const { replayed } = await world.jobs.replayAll();
  assert.deepEqual(replayed, [id]);
  await world.cloud.advance("2s");
  assert.equal(world.seen.at(-1)?.generation, 2);
});
