import assert from "node:assert/strict";
import {
  type DevClock,
  installClock,
  type Timer,
  VirtualClock,
  WallClock,
} from "../../dev/clock.ts";

/** Runs the real timers that are due. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

const clocks: [name: string, create: () => DevClock][] = [
  ["VirtualClock", () => new VirtualClock(0)],
  ["WallClock", () => new WallClock()],
];
for (const [name, create] of clocks) {
  Deno.test(`${name} runs what became due by time, then in the order of scheduling`, async () => {
    const clock = create();
    const start = clock.now();
    const ran: string[] = [];
    const at = (ms: number, task: string) =>
      clock.schedule(start + ms, () => void ran.push(`${task} ${ms}`));
    at(3 * 3_600_000, "a");
    at(3_600_000, "b");
    at(2 * 3_600_000, "c");
    at(3_600_000, "d");
    await clock.advance(4 * 3_600_000);
    await turn();
    assert.deepEqual(ran, ["b 3600000", "d 3600000", "c 7200000", "a 10800000"]);
  });

  Deno.test(`${name} does not run what was cancelled, and may cancel what ran`, async () => {
    const clock = create();
    let ran = 0;
    const at = clock.now() + 3_600_000;
    const [first, , third] = [1, 2, 3].map(() => clock.schedule(at, () => void ran++));
    third.cancel();
    third.cancel();
    await clock.advance(3_600_000);
    await turn();
    first.cancel();
    assert.equal(ran, 2);
  });

  Deno.test(`${name} only moves forward`, () => {
    for (const ms of [-1, NaN, Infinity]) {
      assert.throws(() => create().advance(ms), RangeError);
    }
  });

  Deno.test(`${name} ends a sleep once it has moved on by so much`, async () => {
    const clock = create();
    const before = clock.now();
    const slept = clock.sleep(60_000);
    await clock.advance(60_000);
    await slept;
    assert.ok(clock.now() - before >= 60_000);
  });
}

Deno.test("VirtualClock keeps its order over random schedules and cancellations", async () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const clock = new VirtualClock(0);
  const ran: number[] = [];
  const expected: { at: number; index: number }[] = [];
  const timers: Timer[] = [];
  for (let index = 0; index < 5_000; index++) {
    const at = random(300);
    timers.push(clock.schedule(at, () => void ran.push(index)));
    expected.push({ at, index });
    if (random(3) === 0) {
      const gone = random(timers.length);
      timers[gone].cancel();
      const found = expected.findIndex((one) => one.index === gone);
      if (found >= 0) expected.splice(found, 1);
    }
  }
  assert.equal(clock.nextDueAt(), Math.min(...expected.map(({ at }) => at)));
  await clock.advance(300);
  expected.sort((one, other) => one.at - other.at || one.index - other.index);
  assert.deepEqual(ran, expected.map(({ index }) => index));
  assert.equal(clock.nextDueAt(), undefined);
});

Deno.test("VirtualClock shows each task its own moment, and what tasks schedule runs in the same move", async () => {
  const clock = new VirtualClock(0);
  const ran: number[] = [];
  clock.schedule(10, () => {
    ran.push(clock.now());
    clock.schedule(5, () => void ran.push(clock.now()));
    clock.schedule(20, () => void ran.push(clock.now()));
    clock.schedule(31, () => void ran.push(clock.now()));
  });
  await clock.advance(30);
  assert.deepEqual(ran, [10, 10, 20]);
  assert.equal(clock.now(), 30);
});

Deno.test("VirtualClock starts a task when the one before has ended or sleeps", async () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  clock.schedule(0, async () => {
    await turn();
    ran.push(`one works ${clock.now()}`);
    await clock.sleep(10);
    ran.push(`one wakes ${clock.now()}`);
    await turn();
    ran.push(`one ends ${clock.now()}`);
  });
  clock.schedule(0, () => void ran.push(`two ${clock.now()}`));
  clock.schedule(10, () => void ran.push(`three ${clock.now()}`));
  await clock.advance(10);
  assert.deepEqual(ran, ["one works 0", "two 0", "three 10", "one wakes 10", "one ends 10"]);
});

Deno.test("VirtualClock: a task may sleep as its first act, and ends before the next one starts", async () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  clock.schedule(0, async () => {
    await clock.sleep(5);
    ran.push("wakes");
    await turn();
    ran.push("ends");
  });
  clock.schedule(5, () => void ran.push(`first ${clock.now()}`));
  clock.schedule(6, () => void ran.push(`second ${clock.now()}`));
  await clock.advance(6);
  assert.deepEqual(ran, ["first 5", "wakes", "ends", "second 6"]);
});

Deno.test("VirtualClock: two branches of one task may sleep at once, and hold up no other", async () => {
  const clock = new VirtualClock(0);
  const ran = new Set<string>();
  clock.schedule(0, async () => {
    const long = clock.sleep(10).then(() => ran.add("long"));
    await clock.sleep(3);
    ran.add("short");
    await long;
    ran.add("task");
  });
  clock.schedule(5, () => void ran.add(`other ${clock.now()}`));
  await clock.advance(9);
  assert.deepEqual([...ran].sort(), ["other 5", "short"]);
  await clock.advance(1);
  assert.deepEqual([...ran].sort(), ["long", "other 5", "short", "task"]);
});

Deno.test("VirtualClock moves one after another when it is moved while it moves", async () => {
  const clock = new VirtualClock(0);
  const ran: number[] = [];
  clock.schedule(10, async () => {
    await turn();
    ran.push(clock.now());
  });
  clock.schedule(15, () => void ran.push(clock.now()));
  const first = clock.advance(10).then(() => ran.push(-1));
  await clock.advance(10);
  await first;
  assert.deepEqual(ran, [10, -1, 15]);
  assert.equal(clock.now(), 20);
});

Deno.test("VirtualClock: a task that fails stops no other, and the move that ran it rejects", async () => {
  const clock = new VirtualClock(0);
  let ran = 0;
  clock.schedule(1, () => {
    throw new Error("at once");
  });
  clock.schedule(2, () => void ran++);
  clock.schedule(3, () => Promise.reject(new Error("later")));
  clock.schedule(4, () => void ran++);
  await assert.rejects(clock.advance(2), /at once/);
  await assert.rejects(clock.advance(2), /later/);
  assert.equal(ran, 2);
  await clock.advance(1);
  assert.equal(clock.now(), 5);
});

Deno.test("VirtualClock: 60,000 timers are set, cancelled and run, none of them searched for", async () => {
  const clock = new VirtualClock(0);
  let ran = 0;
  const timers = Array.from(
    { length: 60_000 },
    (_, index) => clock.schedule((index * 7_919) % 60_000, () => void ran++),
  );
  const began = performance.now();
  for (let index = 0; index < timers.length; index += 2) timers[index].cancel();
  await clock.advance(60_000);
  assert.equal(ran, 30_000);
  // As many, set and run without a cancel, on the same machine at the same time: an array that is
  // searched for each takes a hundred times as long.
  const others = new VirtualClock(0);
  const again = performance.now();
  for (let index = 0; index < 60_000; index++) others.schedule((index * 7_919) % 60_000, () => {});
  await others.advance(60_000);
  const aloneMs = performance.now() - again;
  assert.ok(again - began < 20 * aloneMs + 1_000, `${again - began} ms, ${aloneMs} ms`);
});

Deno.test("WallClock runs by itself what is due in real time", async () => {
  const clock = new WallClock();
  const at = clock.now() + 5;
  const ranAt = await new Promise<number>((resolve) => {
    clock.schedule(at, () => resolve(clock.now()));
  });
  assert.ok(ranAt >= at);
});

Deno.test({
  name:
    "WallClock waits for what is further away than a timer can wait, and leaves none when cancelled",
  sanitizeOps: true,
  fn: async () => {
    const clock = new WallClock(1_000);
    assert.ok(clock.now() - Date.now() >= 999);
    let ran = false;
    const timer = clock.schedule(clock.now() + 60 * 86_400_000, () => void (ran = true));
    await clock.advance(30 * 86_400_000);
    await turn();
    assert.equal(ran, false);
    assert.equal(clock.offsetMs, 1_000 + 30 * 86_400_000);
    timer.cancel();
  },
});

Deno.test("installClock() puts a clock in the place of Date, and its undo takes it back", () => {
  const before = new Date();
  const undo = installClock({ now: () => 1_000 });
  try {
    assert.equal(Date.now(), 1_000);
    assert.equal(new Date().getTime(), 1_000);
    assert.equal(new Date(5).getTime(), 5);
    assert.equal(new Date(2026, 0, 2).getDate(), 2);
    assert.equal(Date.UTC(1970, 0, 1), 0);
    assert.ok(before instanceof Date, "a date from before is a Date");
    assert.ok(structuredClone(new Date()) instanceof Date);
    assert.ok(!(Object.create(null) instanceof Date));
  } finally {
    undo();
  }
  assert.ok(Math.abs(Date.now() - before.getTime()) < 60_000);
});

Deno.test("installClock() twice: each undo leaves the other's clock, in any order", () => {
  const first = installClock({ now: () => 1 });
  const second = installClock({ now: () => 2 });
  assert.equal(Date.now(), 2);
  second();
  assert.equal(Date.now(), 1);
  const third = installClock({ now: () => 3 });
  first();
  assert.equal(Date.now(), 3);
  third();
  assert.ok(Date.now() > 3);
});
