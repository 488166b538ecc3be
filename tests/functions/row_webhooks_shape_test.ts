import assert from "node:assert/strict";
import { rowOf } from "../../functions/notifications/triggers/row.ts";

const shapes: { name: string; record: Record<string, unknown>; row: unknown }[] = [
  {
    name: "names in snake_case are in camelCase",
    record: { updated_at: "x", reminded_at_2: 1, updatedAt2: 2, url: "u" },
    row: { updatedAt: "x", remindedAt2: 1, updatedAt2: 2, url: "u" },
  },
  {
    name: "columns about somebody are an object, at any depth",
    record: { owner_email: "a", owner_time_zone: "UTC", listing_owner_email: "b", listing_id: 4 },
    row: { owner: { email: "a", timeZone: "UTC" }, listing: { owner: { email: "b" }, id: 4 } },
  },
  {
    name: "a related document goes before columns, which fill what it lacks",
    record: { owner: { email: "a" }, owner_email: "b", owner_name: "c" },
    row: { owner: { email: "a", name: "c" } },
  },
  {
    name: "a bare id gives way to columns",
    record: { owner: 17, owner_email: "b" },
    row: { owner: { email: "b" } },
  },
  {
    name: "null is not there, however deep",
    record: { url: null, owner: { email: "a", name: null } },
    row: { owner: { email: "a" } },
  },
  {
    name: "lists stay as they are",
    record: { reasons: [{ text: "a" }], documents: ["b"] },
    row: { reasons: [{ text: "a" }], documents: ["b"] },
  },
];
for (const { name, record, row } of shapes) {
  Deno.test(`a row's shape: ${name}`, () => assert.deepEqual(rowOf(record), row));
}

Deno.test("a name that is about somebody a hundred thousand times over is read in no time", () => {
  assert.deepEqual(Object.keys(rowOf({ [`${"owner_".repeat(100_000)}id`]: 1 })), ["owner"]);
});

Deno.test("a row that is nested without end is read to a few levels", () => {
  let deep: Record<string, unknown> = { a: 1 };
  for (let level = 0; level < 5_000; level++) deep = { listing: deep };
  assert.deepEqual(Object.keys(rowOf(deep)), ["listing"]);
});
