/**
 * What profiles cost: activities, how people sound, and what is made of both.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createKeys } from "../../shared/mod.ts";
import type { World } from "../core/jobs/world.ts";
import type { PriceRow } from "./price_list.ts";

const nothing = { commands: 0, messages: 0, trips: 0 };
const HOUR_MS = 3_600_000;
const people = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

async function call({ cloud }: World, path: string, body?: unknown) {
  const response = await cloud.fetch(path, {
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${cloud.environment.SERVICE_TOKENS}` },
  });
  assert.equal(response.status, 200, await response.text());
}

function act(world: World, count: number) {
  const activities = people(count).map((user) => ({ user, domain: "music", item: "song" }));
  return call(world, "/api/activity", { activities });
}

/** A job of the app's own, to its end. */
async function run({ deps, cloud }: World, job: string, input: unknown) {
  await deps.jobs.enqueueUnchecked(job, input);
  await cloud.settle();
}

/** So many users write; resolves to the hour in which they do. */
async function write({ deps, cloud }: World, count: number): Promise<string> {
  const at = new Date(cloud.clock.now()).toISOString();
  await deps.database!.query(
    `INSERT INTO chat_conversations (id, user_id, created_at, updated_at)
     SELECT 'user-' || n, 'user-' || n, $1::text::timestamptz, $1::text::timestamptz
     FROM generate_series(1, $2::int) AS n`,
    [at, count],
  );
  await deps.database!.query(
    `INSERT INTO chat_messages (id, conversation, user_id, role, text, created_at)
     SELECT id, id, id, 'user', 'good', $1::text::timestamptz FROM chat_conversations`,
    [at],
  );
  return new Date(Math.floor(Date.parse(at) / HOUR_MS) * HOUR_MS).toISOString();
}

async function profile(world: World) {
  await act(world, 1);
  await run(world, "profile.update", { user: "user-0" });
}

const scoreHour = (world: World, slot: unknown) => run(world, "sentiment.all", { slot });

/** Rows of the price list. */
export const profilePrices: readonly PriceRow[] = [
  {
    operation: "up to 100 activities in one request",
    ...nothing,
    postgres: true,
    prepare: (world) => act(world, 1),
    run: (world) => act(world, 100),
  },
  {
    operation: "the first activity of a day, for each isolate",
    commands: 2,
    messages: 0,
    trips: 2,
    postgres: true,
    run: (world) => act(world, 1),
  },
  {
    operation: "a profile made anew",
    commands: 3,
    messages: 1,
    trips: 3,
    postgres: true,
    prepare: (world) => act(world, 1),
    run: (world) => run(world, "profile.update", { user: "user-0" }),
  },
  {
    operation: "a profile, cached",
    commands: 1,
    messages: 0,
    trips: 1,
    postgres: true,
    prepare: profile,
    run: (world) => call(world, "/api/profiles/user-0"),
  },
  {
    operation: "a profile, not cached",
    commands: 2,
    messages: 0,
    trips: 2,
    postgres: true,
    prepare: async (world) => {
      await profile(world);
      await world.deps.redis.run(["DEL", createKeys("zeropoll").profile("user-0")]);
    },
    run: (world) => call(world, "/api/profiles/user-0"),
  },
  {
    operation: "an hour's sentiments, once for up to 500 users",
    commands: 7,
    messages: 2,
    trips: 6,
    postgres: true,
    prepare: (world) => write(world, 20),
    beyond: { commands: 80, messages: 20, trips: 60 },
    run: scoreHour,
  },
  {
    operation: "a user's sentiment",
    commands: 4,
    messages: 1,
    trips: 3,
    postgres: true,
    prepare: (world) => write(world, 11),
    beyond: { commands: 47, messages: 12, trips: 36 },
    run: scoreHour,
  },
  {
    operation: "an hour or a day with too few active users",
    commands: 2,
    messages: 1,
    trips: 2,
    postgres: true,
    prepare: (world) => write(world, 9),
    run: scoreHour,
  },
];
