/**
 * A bill that does not add up says which job, and which command; what the app's own client has sent
 * again is no part of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { billOf, repeatsOf, unpricedOf } from "../../dev/demo_notifications_bill.ts";
import { printBill } from "../../dev/demo_notifications_print.ts";
import type { Evidence } from "../../dev/demo_notifications_proof.ts";
import type { Delivery, JobCommand } from "../../dev/demo_notifications_system.ts";
import { createUpstashTransport } from "../../shared/adapters/upstash_transport.ts";

function evidenceOf(commands: JobCommand[], deliveries: Delivery[]): Evidence {
  return { system: { seen: { commands, deliveries } } } as unknown as Evidence;
}

const delivered: Delivery[] = [
  { id: "a", messageId: "m", generation: 0, attempt: 0, end: "succeeded" },
];
const command = (name: string, isRepeat = false): JobCommand => ({ id: "a", name, isRepeat });
const sent = [command("SET claim"), command("SET outcome")];
const plan = { mails: 1, again: 0, deferrals: 0, commands: 2, messages: 1 };

function adds(commands: JobCommand[], metered: number): boolean {
  const evidence = evidenceOf(commands, delivered);
  return printBill({
    rows: billOf(evidence),
    repeats: repeatsOf(evidence),
    unpriced: unpricedOf(evidence),
    plan,
    metered: { commands: metered, commandsElsewhere: 0, messages: 1, extraCalls: 0 },
    deliveries: 1,
    isCalm: false,
  });
}

Deno.test("a job that costs what the list says is nothing to talk about", () => {
  assert.deepEqual(unpricedOf(evidenceOf(sent, delivered)), []);
  assert.equal(adds(sent, 2), true);
});

Deno.test("what the app's client has sent again is told apart, and the bill adds up", () => {
  const commands = [...sent, command("SET claim", true)];
  const evidence = evidenceOf(commands, delivered);
  assert.deepEqual(repeatsOf(evidence), ["SET claim"]);
  assert.deepEqual(unpricedOf(evidence), []);
  assert.equal(adds(commands, 3), true);
});

Deno.test("a command that no price has is named, with its job and how that was delivered", () => {
  const commands = [...sent, command("GET outcome")];
  assert.deepEqual(unpricedOf(evidenceOf(commands, delivered)), [
    "job a: 2 by the list, 3 at Redis (SET claim, SET outcome, GET outcome), " +
    "delivered as 0/0 succeeded",
  ]);
  assert.equal(adds(commands, 3), false);
});

Deno.test("a claim that is given back twice is priced: its holder wrote while a duplicate looked", () => {
  const later = { ...delivered[0], generation: 1 };
  const deliveries: Delivery[] = [
    { ...delivered[0], end: "deferred" },
    later,
    { ...later, end: undefined },
  ];
  const write = (value: string): JobCommand => ({ ...command("SET claim"), value });
  const looked = [
    write("zero"),
    write("one"),
    write("two"),
    command("GET outcome"),
    write("one, a step on"),
    write("one"),
    write("one, a step on"),
    command("SET outcome"),
  ];
  const without = looked.filter(({ value }) => value !== "one, a step on");
  const once = evidenceOf(without, deliveries);
  assert.equal(billOf(once).at(-1)!.times, 0);
  assert.deepEqual(unpricedOf(once), []);
  const twice = billOf(evidenceOf(looked, deliveries)).at(-1)!;
  assert.deepEqual([twice.times, twice.commands], [1, 1]);
});

Deno.test("the app's client says of a command that it was sent before, as the vendor's does", async () => {
  const said: (string | null)[] = [];
  const transport = createUpstashTransport({
    url: "http://redis.test",
    token: "t",
    clock: { now: () => Date.now() } as Parameters<typeof createUpstashTransport>[0]["clock"],
    fetch: (_, { headers }) => {
      said.push(new Headers(headers).get("upstash-telemetry-retry"));
      return said.length < 3
        ? Promise.reject(new TypeError("connection reset"))
        : Promise.resolve(Response.json({ result: "v" }));
    },
  });
  await transport.send("command", [["GET", "k"]]);
  assert.deepEqual(said, [null, "1", "2"]);
});
