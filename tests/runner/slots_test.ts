import assert from "node:assert/strict";
import { Slots } from "./slots.ts";

/** Work that ends when it is told. */
function works(slots: Slots, megabytes: readonly number[]) {
  const begun: number[] = [];
  const ends = megabytes.map((size, index) => {
    const ended = Promise.withResolvers<void>();
    const done = slots.use(size, async () => {
      begun.push(index);
      await ended.promise;
    });
    return async () => {
      ended.resolve();
      await done;
    };
  });
  return { begun, ends };
}

Deno.test("no more runs at once than there are jobs", async () => {
  const { begun, ends } = works(new Slots({ jobs: 2, most: 1_000 }), [1, 1, 1]);
  assert.deepEqual(begun, [0, 1]);
  await ends[1]();
  assert.deepEqual(begun, [0, 1, 2]);
  for (const end of ends) await end();
});

Deno.test("what would pass the memory waits, and what is smaller goes first", async () => {
  const { begun, ends } = works(new Slots({ jobs: 2, most: 1_900 }), [1_200, 1_200, 700]);
  assert.deepEqual(begun, [0, 2]);
  await ends[0]();
  assert.deepEqual(begun, [0, 2, 1]);
  for (const end of ends) await end();
});

Deno.test("what is larger than all of the memory runs alone", async () => {
  const { begun, ends } = works(new Slots({ jobs: 2, most: 500 }), [800, 100]);
  assert.deepEqual(begun, [0]);
  await ends[0]();
  assert.deepEqual(begun, [0, 1]);
  await ends[1]();
});
