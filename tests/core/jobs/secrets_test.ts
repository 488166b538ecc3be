import assert from "node:assert/strict";
import * as z from "zod";
import { cloudSecrets } from "../../../dev/cloud.ts";
import { createDeps } from "../../../functions/deps.ts";
import { defineJob, NonRetryableError, readConfig } from "../../../shared/mod.ts";
import { createSecretsWorld, LINK, type SecretsWorld } from "./secrets_world.ts";

const INPUT = { to: "ada@market.example", link: LINK };
const TOKEN = "4f7c2a91";
const failsWithIt = () => {
  throw new NonRetryableError(`Cannot reach ${LINK}: the host of it does not answer`);
};

async function letterOf(world: SecretsWorld, id: string) {
  const { json } = await world.api("GET", `/api/dead-letters/${id}`);
  return { ...json, envelope: JSON.parse(json.envelope) };
}

async function failed(world: SecretsWorld, job = "link.send", input: unknown = INPUT) {
  world.run = failsWithIt;
  const { json } = await world.api("POST", `/api/jobs/${job}`, { input });
  await world.cloud.advance("1m");
  return json.id as string;
}

Deno.test("a secret reaches the handler, and stands nowhere else", async () => {
  await using world = await createSecretsWorld();
  await world.api("POST", "/api/jobs/link.send", { input: INPUT, delay: "10s" });
  assert.deepEqual(await world.placesOf(TOKEN), [], "while it waits");
  await world.cloud.advance("1m");
  assert.deepEqual(world.got, [INPUT]);
  assert.deepEqual(await world.placesOf(TOKEN), [], "when it has run");
  assert.notDeepEqual(await world.placesOf("ada@market.example"), [], "the rest is readable");
});

Deno.test("a job without secrets is sent as it was", async () => {
  await using world = await createSecretsWorld();
  await world.api("POST", "/api/jobs/link.open", { input: INPUT });
  await world.cloud.settle();
  assert.ok((await world.placesOf(TOKEN)).includes("QStash's log"));
});

Deno.test("an error that quotes a secret is cleaned where it is logged, kept and answered", async () => {
  await using world = await createSecretsWorld();
  const id = await failed(world);
  assert.deepEqual(await world.placesOf(TOKEN), []);
  const letter = await letterOf(world, id);
  assert.equal(letter.error.message, "Cannot reach [secret]: the host of it does not answer");
  assert.equal(
    (await world.api("GET", `/api/jobs/${id}`)).json.error.message,
    letter.error.message,
  );
});

Deno.test("an error is cleaned of a part of a link, its JSON and a list's numbers as well", async () => {
  await using world = await createSecretsWorld();
  world.run = () => {
    throw new NonRetryableError(`No row for ${TOKEN} in ${JSON.stringify({ LINK })}`);
  };
  await world.api("POST", "/api/jobs/link.send", { input: INPUT });
  const people = [{ name: "Ada", pin: 998_877 }, { name: "Ben", pin: 776_655 }];
  const { json } = await world.api("POST", "/api/jobs/link.many", { input: { people } });
  await world.cloud.settle();
  for (const secret of [TOKEN, "998877", "776655"]) {
    assert.deepEqual(await world.placesOf(secret), [], secret);
  }
  const letter = await letterOf(world, json.id);
  assert.equal(letter.error.message, "Cannot dial [secret]");
  assert.deepEqual(letter.envelope.input.people[1], { name: "Ben", pin: "[secret]" });
});

Deno.test("log lines, progress, steps, results and transactions of the handler keep no secret", async () => {
  await using world = await createSecretsWorld({ postgres: true });
  const steps: unknown[] = [];
  world.run = async ({ link }, context) => {
    context.log.info("link.seen", { link });
    await context.progress({ at: link });
    steps.push(await context.step("visit", () => ({ visited: link, made: 1 })));
    steps.push(await context.step("token", () => "fresh-31415926", { secret: true }));
    steps.push(await context.transaction(() => Promise.resolve({ link })));
    if (context.attempt + context.generation === 0) throw new Error("once, for fresh-31415926");
    return { link, told: [link] };
  };
  const { json } = await world.api("POST", "/api/jobs/link.send", { input: INPUT });
  await world.cloud.advance("1m");
  assert.deepEqual(await world.placesOf(TOKEN), []);
  assert.deepEqual(await world.placesOf("fresh-31415926"), []);
  assert.deepEqual(steps.slice(0, 3), [{ visited: LINK, made: 1 }, "fresh-31415926", {
    link: LINK,
  }]);
  assert.deepEqual(steps.slice(3), steps.slice(0, 3), "a later attempt gets the same");
  const view = (await world.api("GET", `/api/jobs/${json.id}`)).json;
  assert.deepEqual(view.result, { link: "[secret]", told: ["[secret]"] });
});

Deno.test("the API shows [secret], and one who may reads one field, which the log says", async () => {
  await using world = await createSecretsWorld();
  const id = await failed(world);
  assert.deepEqual((await letterOf(world, id)).envelope.input, { ...INPUT, link: "[secret]" });
  const path = `/api/dead-letters/${id}/reveal`;
  assert.equal((await world.api("POST", path, { path: "link" })).status, 403, "a service token");
  const operator = "dev-operator-token";
  const read = await world.api("POST", path, { path: "link" }, operator);
  assert.deepEqual(read, { status: 200, json: { path: "link", value: LINK } });
  assert.equal((await world.api("POST", path, { path: "to" }, operator)).status, 404);
  const lines = world.lines.filter(({ event }) => event === "secret.read");
  assert.deepEqual(lines.map(({ letter, path }) => [letter, path]), [[id, "link"], [id, "to"]]);
  assert.deepEqual(await world.placesOf(TOKEN), []);
});

Deno.test("a replay keeps a field that comes back as [secret], and seals one that does not", async () => {
  await using world = await createSecretsWorld();
  const id = await failed(world);
  world.run = failsWithIt;
  const replay = `/api/dead-letters/${id}/replay`;
  const input = { to: "ben@market.example", link: "[secret]" };
  assert.equal((await world.api("POST", replay, { input })).status, 202);
  await world.cloud.advance("1m");
  assert.deepEqual(world.got.at(-1), { ...input, link: LINK });
  const other = "https://market.example/reset?token=99887766";
  assert.equal((await world.api("POST", replay, { input: { ...input, link: other } })).status, 202);
  await world.cloud.advance("1m");
  assert.deepEqual(world.got.at(-1), { ...input, link: other });
  assert.deepEqual(await world.placesOf("99887766"), []);
  const refused = await world.api("POST", replay, { input: { to: "[secret]", link: "no link" } });
  assert.deepEqual(refused.json.fields.map(({ path }: { path: string }) => path), ["input.link"]);
});

Deno.test("deferrals, groups with a follow-up and retries carry secrets sealed", async () => {
  await using world = await createSecretsWorld();
  let first = true;
  world.run = async (_input, context) => {
    if (context.generation === 0 && !context.group) await context.defer(Date.now() + 60_000);
    if (first) {
      first = false;
      throw new Error("once");
    }
  };
  const then = { job: "link.send", input: { ...INPUT, to: "then@market.example" } };
  await world.api("POST", "/api/groups", {
    jobs: [{ job: "link.send", input: INPUT }, {
      job: "link.open",
      input: { to: "x", link: "https://a.example" },
    }],
    then,
  });
  assert.deepEqual(await world.placesOf(TOKEN), []);
  await world.cloud.advance("10m");
  assert.ok(world.got.some((input) => (input as { to: string }).to === "then@market.example"));
  assert.deepEqual(world.got.at(-1), then.input);
  assert.deepEqual(await world.placesOf(TOKEN), []);
});

Deno.test("a schedule's secret is sealed for all of its ticks, and its message stays the same", async () => {
  await using world = await createSecretsWorld();
  const schedules = {
    fixed: { hourly: { cron: "0 * * * *", job: "link.send", input: INPUT } },
  };
  const { jobs } = world.deps;
  await jobs.applySchedules(await jobs.planSchedules(schedules, "test"));
  assert.equal((await jobs.planSchedules(schedules, "test")).keep.length, 1);
  await world.cloud.advance("2h");
  assert.deepEqual(world.got, [INPUT, INPUT]);
  assert.deepEqual(await world.placesOf(TOKEN), []);
});

Deno.test("the same dedupeId and secret is one message; an id may hold no secret", async () => {
  await using world = await createSecretsWorld();
  const body = { input: INPUT, dedupeId: "reset 7", delay: "1m" };
  const [one, other] = [
    await world.api("POST", "/api/jobs/link.send", body),
    await world.api("POST", "/api/jobs/link.send", body),
  ];
  assert.equal(one.json.id, other.json.id);
  assert.equal(other.json.deduplicated, true);
  for (const path of ["/api/jobs/link.send", "/api/groups"]) {
    const job = { job: "link.send", input: INPUT };
    const asked = path === "/api/groups" ? { jobs: [job] } : { input: INPUT };
    const refused = await world.api("POST", path, { ...asked, dedupeId: `reset ${LINK}` });
    assert.equal(refused.status, 422);
    assert.equal(refused.json.fields[0].path, "dedupeId");
  }
});

Deno.test("a handler's own jobs are told apart by their secrets, and are the same in every attempt", async () => {
  await using world = await createSecretsWorld();
  const other = "https://market.example/reset?token=99887766";
  const parent = { to: "parent", link: "https://market.example/none?token=55443322" };
  world.run = async ({ to }, context) => {
    if (to !== "parent") return;
    const job = world.deps.jobs.registry["link.send"];
    await context.enqueue(job, INPUT);
    await context.enqueue(job, { ...INPUT, link: other });
    await context.enqueueGroup(job, [INPUT, { ...INPUT, link: other }]);
    if (context.attempt + context.generation === 0) throw new Error("once");
  };
  await world.api("POST", "/api/jobs/link.send", { input: parent });
  await world.cloud.advance("1h");
  const links = world.got.map((input) => (input as typeof INPUT).link);
  assert.equal(links.filter((link) => link === LINK).length, 2, "one, and one of the group");
  assert.equal(links.filter((link) => link === other).length, 2);
  assert.deepEqual(await world.placesOf(TOKEN), []);
});

Deno.test("a secret cannot be handed on in the open, or become a key", async () => {
  await using world = await createSecretsWorld();
  const refused: string[] = [];
  world.run = async ({ link }, context) => {
    const { registry } = world.deps.jobs;
    const policy = { name: "calls", limit: 1, windowMs: 1_000 };
    for (
      const act of [
        () => context.enqueue(registry["link.open"], { to: "x", link }),
        () => context.enqueueGroup(registry["link.open"], [{ to: "x", link }]),
        () => context.enqueue(registry["debug.echo"], { message: "a" }, { dedupeId: link }),
        // deno-lint-ignore no-explicit-any -- whatever the policy, it is not asked
        () => context.limited(policy as any, link, () => {}),
        () => context.step(link, () => 1),
      ]
    ) {
      await act().catch((error: Error) => refused.push(`${error.name}: ${error.message}`));
    }
  };
  await world.api("POST", "/api/jobs/link.send", { input: INPUT });
  await world.cloud.settle();
  assert.equal(refused.length, 5);
  for (const message of refused) {
    assert.match(message, /TypeError: Cannot use a secret of the input/);
  }
});

Deno.test("an older key opens what it sealed, and the newest seals", async () => {
  await using world = await createSecretsWorld();
  await world.api("POST", "/api/jobs/link.send", { input: INPUT, delay: "1m" });
  world.withKeys(`another-key-of-today, ${cloudSecrets.SECRET_KEYS}`);
  await world.cloud.advance("2m");
  assert.deepEqual(world.got, [INPUT]);
  await world.api("POST", "/api/jobs/link.send", { input: INPUT, delay: "1m" });
  world.withKeys("another-key-of-today");
  await world.cloud.advance("2m");
  assert.deepEqual(world.got, [INPUT, INPUT]);
});

Deno.test("a lost key is named by the letter, which is replayed when the key is back", async () => {
  await using world = await createSecretsWorld();
  const { json } = await world.api("POST", "/api/jobs/link.send", { input: INPUT, delay: "1m" });
  world.withKeys("another-key-of-today");
  await world.cloud.advance("1h");
  assert.deepEqual(world.got, []);
  const { error, envelope } = await letterOf(world, json.id);
  assert.match(
    error.message,
    /^Cannot read the secret link: its key [0-9a-f]{8} is not among SECRET_KEYS$/,
  );
  assert.equal(envelope.input.link, "[secret]");
  const replay = `/api/dead-letters/${json.id}/replay`;
  const refused = await world.api("POST", replay, {});
  assert.equal(refused.json.code, "replay_refused");
  assert.match(refused.json.detail, /its key [0-9a-f]{8} is not among SECRET_KEYS/);
  const reveal = `/api/dead-letters/${json.id}/reveal`;
  const unread = await world.api("POST", reveal, { path: "link" }, "dev-operator-token");
  assert.equal(unread.json.code, "secret_unreadable");
  world.withKeys(`another-key-of-today,${cloudSecrets.SECRET_KEYS}`);
  assert.equal((await world.api("POST", replay, {})).status, 202);
  await world.cloud.settle();
  assert.deepEqual(world.got, [INPUT]);
});

Deno.test("a sealed field is good for its job and its place alone", async () => {
  await using world = await createSecretsWorld();
  await world.api("POST", "/api/jobs/link.send", { input: INPUT, delay: "1m" });
  const [{ body }] = world.cloud.qstash.logs();
  const envelope = JSON.parse(atob(body as string));
  const { queue } = world.deps;
  const id = "0123456789abcdef0123";
  await queue.publish({
    url: `${world.cloud.url}/qstash/jobs/link.send`,
    body: JSON.stringify({ ...envelope, id }),
    label: id,
    retries: 0,
    timeoutMs: 30_000,
    failureCallbackUrl: `${world.cloud.url}/qstash/failures`,
    deduplicationId: `${id}-0`,
  });
  await world.cloud.settle();
  assert.deepEqual(world.got, []);
  assert.match((await letterOf(world, id)).error.message, /sealed for another job or field/);
});

Deno.test("a plain envelope of an older build is read, and sealed where it goes on", async () => {
  await using world = await createSecretsWorld();
  const id = "0123456789abcdef0123";
  world.run = async (_input, context) => {
    if (context.generation === 0) await context.defer(Date.now() + 60_000);
    failsWithIt();
  };
  await world.deps.queue.publish({
    url: `${world.cloud.url}/qstash/jobs/link.send`,
    body: JSON.stringify({
      version: 1,
      id,
      job: "link.send",
      input: INPUT,
      generation: 0,
      enqueuedAt: Date.now(),
    }),
    label: id,
    retries: 0,
    timeoutMs: 30_000,
    failureCallbackUrl: `${world.cloud.url}/qstash/failures`,
    deduplicationId: `${id}-0`,
  });
  await world.cloud.advance("10m");
  assert.deepEqual(world.got, [INPUT, INPUT]);
  const places = await world.placesOf(TOKEN);
  assert.deepEqual(places, ["QStash's log"], "the message that was sent in the open");
  assert.equal((await letterOf(world, id)).envelope.input.link, "[secret]");
});

Deno.test("a job with secrets is refused at boot without a key, by name", () => {
  const environment = {
    PUBLIC_URL: "https://app.example",
    UPSTASH_REDIS_REST_URL: "https://redis.example",
    UPSTASH_REDIS_REST_TOKEN: "token",
    QSTASH_TOKEN: "token",
    QSTASH_CURRENT_SIGNING_KEY: "sig_of_the_tests",
    QSTASH_NEXT_SIGNING_KEY: "sig_of_the_tests",
  };
  const job = defineJob({
    name: "link.send",
    input: z.object({ link: z.string() }),
    secrets: ["link"],
    run() {},
  });
  const boot = (more: Record<string, string>) =>
    createDeps(readConfig({ ...environment, ...more }), {}, { "link.send": job });
  assert.throws(() => boot({}), /SECRET_KEYS: is missing, for link\.send: make a key with openssl/);
  assert.throws(() => boot({ SECRET_KEYS: "short" }), /SECRET_KEYS: must be a comma list of keys/);
  boot({ SECRET_KEYS: "sixteen letters!" });
  // Without mail the app's own carry none.
  createDeps(readConfig(environment));
});

Deno.test("a secret's path that the input has not is refused when the job is defined", () => {
  const define = (secrets: string[]) =>
    defineJob({
      name: "link.send",
      input: z.object({
        data: z.object({ url: z.string() }).optional(),
        people: z.array(z.object({ pin: z.number() })).default([]),
        any: z.unknown(),
      }),
      // deno-lint-ignore no-explicit-any -- as from JavaScript: with types it does not compile
      secrets: secrets as any,
      run() {},
    });
  for (const path of ["data.url", "data", "people.*.pin", "people[].pin", "any.thing"]) {
    define([path]);
  }
  for (const path of ["data.urls", "url", "people.pin", "data..url", ""]) {
    assert.throws(() => define([path]), TypeError, path);
  }
});
