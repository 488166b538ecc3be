/**
 * Dead letters that nobody brought: who fetches them, when, and at what price.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createApp } from "../../../functions/app.ts";
import { createDeps } from "../../../functions/deps.ts";
import { createJobs, IMPORT_JOB, type Queue, readConfig } from "../../../shared/mod.ts";
import { silentLog } from "../../support/silent_log.ts";
import { createWorld, type World } from "./world.ts";

/** Ten minutes past an hour, on a day of its own. */
const START = Date.UTC(2026, 0, 5, 10, 10);
const isFailure = ({ url }: { url: string }) => url.endsWith("/qstash/failures");
/** The imports that were sent. */
const imports = ({ cloud }: World) =>
  cloud.qstash.logs().filter(({ state, url }) =>
    state === "CREATED" && String(url).endsWith(IMPORT_JOB)
  );

const open = (options: Parameters<typeof createWorld>[0] = {}) =>
  createWorld({ startAt: START, armsImport: true, ...options });

/** Fails `count` jobs, of which QStash can tell nobody. */
async function failUntold(world: World, count: number): Promise<string[]> {
  const undo = world.cloud.qstash.faults.add({ kind: "dropped", times: 1e6, matches: isFailure });
  const jobs = await world.jobs.enqueueMany(
    Array.from({ length: count }, () => ({ job: "work.do" as const, input: { forGood: true } })),
  );
  await world.cloud.settle();
  undo();
  return jobs.map(({ id }) => id);
}

Deno.test("a letter that nobody brought is fetched a minute after the hour, with no further work", async () => {
  await using world = await open();
  const [id] = await failUntold(world, 1);
  await world.cloud.advance("50m");
  assert.equal(await world.deps.deadLetters.get(id), undefined);
  await world.cloud.advance("2m");
  assert.equal((await world.deps.deadLetters.get(id))?.attempts, 1);
  assert.equal((await world.jobs.state(id)).state, "failed");
  assert.equal(world.cloud.qstash.deadLetters().length, 0);
});

Deno.test("an hour with work is one message, a day without is none", async () => {
  await using world = await open();
  for (let minute = 0; minute < 50; minute += 5) {
    await world.jobs.enqueue("work.do", {});
    await world.cloud.advance("5m");
  }
  assert.equal(imports(world).length, 1);
  await world.cloud.advance("1h");
  assert.equal(imports(world).length, 1);
  world.bill();
  await world.cloud.advance("24h");
  assert.deepEqual(world.bill(), { commands: 0, messages: 0 });
});

Deno.test("isolates that begin anew in one hour send one import between them", async () => {
  await using world = await open();
  for (let minute = 0; minute < 45; minute += 15) {
    world.cloud.restart((environment) => {
      const registry = world.deps.jobs.registry;
      return createApp(createDeps(readConfig(environment), { log: silentLog }, registry));
    });
    await world.jobs.enqueue("work.do", {});
    await world.cloud.advance("15m");
  }
  assert.equal(imports(world).length, 1);
  await world.cloud.advance("10m");
  await world.jobs.enqueue("work.do", {});
  await world.cloud.settle();
  assert.equal(imports(world).length, 2, "the next hour has one of its own");
});

const works: { name: string; work: (world: World) => Promise<unknown> }[] = [
  {
    name: "an enqueue",
    work: ({ cloud }) =>
      cloud.fetch("/api/jobs/debug.echo", {
        method: "POST",
        headers: { Authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
        body: JSON.stringify({ input: { message: "x" }, delay: "1d" }),
      }),
  },
  {
    name: "a delivery",
    work: async ({ cloud, jobs }) => {
      await jobs.enqueue("work.do", {});
      await cloud.settle();
    },
  },
];
for (const { name, work } of works) {
  Deno.test(`${name} arms the import, and a look at the job does not`, async () => {
    await using world = await open();
    const { id } = await world.jobs.enqueue("work.do", {}, { delayMs: 86_400_000 });
    const headers = { Authorization: `Bearer ${world.cloud.environment.SERVICE_TOKENS}` };
    await world.cloud.fetch(`/api/jobs/${id}`, { headers });
    await world.cloud.fetch("/health");
    assert.equal(imports(world).length, 0);
    await work(world);
    assert.equal(imports(world).length, 1);
  });
}

Deno.test("after an outage 150 failed jobs cost what the list says, and are imported by nobody", async () => {
  await using world = await open();
  world.cloud.qstash.faults.add({ kind: "late", ms: 1_000, times: 150, matches: isFailure });
  const orders = { job: "work.do" as const, input: { forGood: true } };
  await world.jobs.enqueueMany(Array.from({ length: 150 }, () => orders));
  await world.cloud.settle();
  assert.equal(world.seen.length, 150);
  world.bill();
  world.cloud.restart(() => ({ fetch: () => new Response("bad gateway", { status: 502 }) }));
  await world.cloud.advance("3h");
  world.cloud.restart();
  await world.cloud.advance("9h");
  assert.equal(world.bill().commands, 150 * 7);
  assert.equal((await world.deps.deadLetters.list({ limit: 1_000 })).letters.length, 150);
  assert.equal(world.cloud.qstash.deadLetters().length, 0);
});

Deno.test("150 letters that nobody brought cost no more, in links of at most 40 requests", async () => {
  let requests = 0;
  const links: number[] = [];
  await using world = await open({
    wrap: (deps) => ({ ...deps, queue: counting(deps.queue, () => requests++) }),
  });
  await failUntold(world, 150);
  world.bill();
  const { meter } = world.cloud.redis;
  const jobs = createJobs({
    ...world.deps,
    registry: world.deps.jobs.registry,
    publicUrl: world.deps.config.publicUrl,
    queue: counting(world.deps.queue, () => requests++),
  });
  await world.cloud.advance("2m");
  let left: number;
  do {
    const before = meter.snapshot().requests;
    requests = 0;
    ({ left } = await jobs.importDeadLetters());
    links.push(requests + meter.snapshot().requests - before);
  } while (left > 0);
  assert.ok(links.length > 1 && links.length <= 50, `${links.length} links`);
  assert.ok(Math.max(...links) <= 40, links.join());
  assert.equal(world.bill().commands, 150 * 7);
});

Deno.test("150 letters that nobody brought are taken in by one chain", async () => {
  await using world = await open();
  const ids = await failUntold(world, 150);
  await world.cloud.advance("55m");
  for (const id of ids) assert.ok(await world.deps.deadLetters.get(id), id);
  assert.equal(world.cloud.qstash.deadLetters().length, 0);
  assert.ok(imports(world).length <= 20, `${imports(world).length} links`);
});

Deno.test("a chain ends after 50 links, and its dead letter says what is left", async () => {
  await using world = await open();
  await failUntold(world, 30);
  await world.cloud.advance("2m");
  const { deps } = world;
  const body = { version: 1, id: "c".repeat(32), job: IMPORT_JOB, input: { link: 49 }, runs: 0 };
  await deps.queue.publish({
    url: `${deps.config.publicUrl}/qstash/jobs/${IMPORT_JOB}`,
    body: JSON.stringify({ ...body, enqueuedAt: 1 }),
    label: body.id,
    retries: 5,
    timeoutMs: 60_000,
    failureCallbackUrl: `${deps.config.publicUrl}/qstash/failures`,
    deduplicationId: body.id,
  });
  await world.cloud.settle();
  const letter = await deps.deadLetters.get(body.id);
  assert.match(letter!.error.message, /more than 50 times in a row: \d+ letters or more are left/);
});

Deno.test("letters that cannot be taken in keep none waiting", async () => {
  await using world = await open();
  const [old] = await failUntold(world, 1);
  const { deps } = world;
  const undo = world.cloud.qstash.faults.add({ kind: "dropped", times: 1e6, matches: isFailure });
  for (let index = 0; index < 12; index++) {
    await world.jobs.enqueueGroup([{ job: "work.do", input: { forGood: true } }], {
      then: { job: "work.sum", input: { note: "" } },
    });
  }
  await world.cloud.settle();
  undo();
  const { "work.sum": _, ...registry } = deps.jobs.registry;
  world.cloud.restart((environment) =>
    createApp(createDeps(readConfig(environment), { log: silentLog }, registry as never))
  );
  await world.cloud.advance("1h");
  assert.ok(await deps.deadLetters.get(old));
  assert.equal(world.cloud.qstash.deadLetters().length, 12);
});

Deno.test("the page says what was not told, and has it taken in at once", async () => {
  await using world = await open();
  await failUntold(world, 3);
  await world.cloud.advance("2m");
  const headers = { Authorization: `Bearer ${world.cloud.environment.SERVICE_TOKENS}` };
  const page = async () => {
    const response = await world.cloud.fetch("/api/dead-letters", { headers });
    const { letters, untold } = await response.json();
    return [letters.length, untold];
  };
  assert.deepEqual(await page(), [0, 3]);
  await world.cloud.settle();
  assert.deepEqual(await page(), [3, 0]);
});

Deno.test("the page is shown with QStash away", async () => {
  await using world = await open();
  world.cloud.restart((environment) =>
    createApp(
      createDeps(readConfig({ ...environment, QSTASH_URL: "http://127.0.0.1:9" }), {
        log: silentLog,
      }),
    )
  );
  const headers = { Authorization: `Bearer ${world.cloud.environment.SERVICE_TOKENS}` };
  const response = await world.cloud.fetch("/api/dead-letters", { headers });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { letters: [] });
});

Deno.test("nobody enqueues the import by its name", async () => {
  await using world = await open();
  const response = await world.cloud.fetch(`/api/jobs/${IMPORT_JOB}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${world.cloud.environment.SERVICE_TOKENS}` },
    body: JSON.stringify({ input: { link: 0 } }),
  });
  assert.equal(response.status, 404);
  assert.equal((await response.json()).code, "job_unknown");
});

function counting(queue: Queue, count: () => void): Queue {
  return Object.fromEntries(
    Object.entries(queue).map(([name, method]) => [name, (...call: unknown[]) => {
      count();
      return method(...call);
    }]),
  ) as unknown as Queue;
}
