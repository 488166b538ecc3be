/**
 * What limits cost: by the library first, by our own script from then on, by what is in the hand.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { World } from "../core/jobs/world.ts";
import type { PriceRow } from "./price_list.ts";

const LIMIT = "steam";
const OPEN_LIMIT = 1_200;

async function check({ deps }: World, weight = 1, allowed = true) {
  const answer = await deps.limits.check(LIMIT, "ann", { weight });
  assert.deepEqual([answer.allowed, answer.degraded], [allowed, false]);
}

/** Another isolate, which knows nobody; the script of the library is loaded. */
async function restarted(world: World, checks: number) {
  for (let each = 0; each < checks; each++) await check(world);
  forget(world);
}

function forget({ deps }: World) {
  deps.memory.hands.forget(deps.limits.find(LIMIT)!, "ann");
}

/** One request of an address, as the guard counts it. */
async function open({ deps }: World) {
  const answer = await deps.limits.checkOpen("events", "203.0.113.1", () => "address:x");
  assert.ok(answer === undefined || (answer.allowed && !answer.degraded));
}

async function nextWindow({ cloud }: World) {
  await cloud.advance(60_000 - cloud.clock.now() % 60_000);
}

const one = { messages: 0, trips: 1 };

/** Rows of the price list. */
export const limitPrices: readonly PriceRow[] = [
  {
    operation: "a limit's check, an isolate's first of somebody, first in a window",
    commands: 5,
    ...one,
    prepare: async (world) => {
      await restarted(world, 1);
      await nextWindow(world);
    },
    run: (world) => check(world),
  },
  {
    operation: "the same later in a window",
    commands: 4,
    ...one,
    prepare: async (world) => {
      await nextWindow(world);
      await restarted(world, 1);
    },
    run: (world) => check(world),
  },
  {
    operation: "the same where it refuses",
    commands: 3,
    ...one,
    prepare: async (world) => {
      await nextWindow(world);
      await restarted(world, 1);
      await check(world, 199);
      forget(world);
    },
    run: (world) => check(world, 1, false),
  },
  {
    operation: "an ask for units of somebody known, first in a window",
    commands: 4,
    ...one,
    prepare: async (world) => {
      await nextWindow(world);
      await check(world);
      await nextWindow(world);
    },
    run: (world) => check(world),
  },
  {
    operation: "the same later in a window, for some of them or for weight",
    commands: 3,
    ...one,
    prepare: async (world) => {
      await nextWindow(world);
      await check(world);
    },
    run: (world) => check(world, 5),
  },
  {
    operation: "an ask that is refused",
    commands: 2,
    ...one,
    prepare: async (world) => {
      await nextWindow(world);
      await check(world);
    },
    run: (world) => check(world, 200, false),
  },
  {
    operation: "a check of who is known to be over, or by units in the hand",
    commands: 0,
    messages: 0,
    trips: 0,
    prepare: async (world) => {
      await nextWindow(world);
      await check(world);
      await check(world, 200, false);
    },
    run: async (world) => {
      for (let again = 0; again < 100; again++) await check(world, 200, false);
    },
  },
  {
    operation: "1,000 checks of somebody busy, 10 a second, of 3,000 a minute",
    commands: 8,
    messages: 0,
    trips: 2,
    prepare: async (world) => {
      await nextWindow(world);
      await busyMinutes(world, 2);
    },
    run: (world) => busyChecks(world, 1_000),
  },
  {
    operation: "an open endpoint, within half of its limit",
    commands: 0,
    messages: 0,
    trips: 0,
    run: async (world) => {
      for (let unit = 0; unit < OPEN_LIMIT / 2; unit++) await open(world);
    },
  },
  {
    operation: "the same past half of it, the first in a window",
    commands: 4,
    ...one,
    prepare: async (world) => {
      await nextWindow(world);
      for (let unit = 0; unit < OPEN_LIMIT / 2; unit++) await open(world);
    },
    run: open,
  },
  {
    operation: "the other half of it",
    commands: 37,
    messages: 0,
    trips: 12,
    prepare: async (world) => {
      await nextWindow(world);
      for (let unit = 0; unit < OPEN_LIMIT / 2; unit++) await open(world);
    },
    run: async (world) => {
      for (let unit = 0; unit < OPEN_LIMIT / 2; unit++) await open(world);
    },
  },
  {
    operation: "what remains of a limit",
    commands: 1,
    ...one,
    run: ({ deps }) => deps.limits.remaining(LIMIT, "ann"),
  },
  {
    operation: "resetting a limit",
    commands: 1,
    ...one,
    run: ({ deps }) => deps.limits.reset(LIMIT, "ann"),
  },
];

async function busyMinutes(world: World, minutes: number) {
  await busyChecks(world, minutes * 600);
}

async function busyChecks({ cloud, deps }: World, checks: number) {
  for (let each = 0; each < checks; each++) {
    assert.equal((await deps.limits.check("openai", "ann")).allowed, true);
    await cloud.advance(100);
  }
}
