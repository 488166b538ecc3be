import assert from "node:assert/strict";
import * as z from "zod";
import { createCloud } from "../../../dev/cloud.ts";
import { createApp } from "../../../functions/app.ts";
import { createDeps, type Deps } from "../../../functions/deps.ts";
import { defineJob, type JobContext, readConfig, type Registry } from "../../../shared/mod.ts";
import { silentLog } from "../../support/silent_log.ts";

/** Runs `keep` in an attempt that fails and in the next; resolves to what each of them got, or the error. */
async function twice(
  keep: (context: JobContext) => Promise<unknown>,
  options: { postgres?: boolean } = {},
): Promise<unknown[]> {
  const got: unknown[] = [];
  const job = defineJob({
    name: "steps.keep",
    input: z.object({}),
    retries: 1,
    backoff: { first: 1_000, factor: 1 },
    timeoutMs: 30_000,
    async run(_input, context) {
      got.push(await keep(context).catch((error) => error));
      if (context.attempt + context.generation === 0) throw new Error("once");
    },
  });
  let deps: Deps<Registry> | undefined;
  await using cloud = await createCloud({
    ...options,
    app: (environment) => {
      const config = readConfig(environment);
      const add = (own: Registry): Registry => ({ ...own, "steps.keep": job });
      return createApp(deps = createDeps<Registry>(config, { log: silentLog }, add));
    },
  });
  await deps!.jobs.enqueueUnchecked("steps.keep", {});
  await cloud.advance("5m");
  await deps!.database?.close();
  return got;
}

class Order {
  constructor(readonly id: number, readonly at: Date) {}
  total() {
    return 7;
  }
}

const kept: [what: string, value: unknown, comes: unknown][] = [
  ["undefined", undefined, undefined],
  ["null", null, null],
  ["text", "a \ud83d\ude00", "a \ud83d\ude00"],
  ["a Date", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["a URL", new URL("https://market.example/a"), "https://market.example/a"],
  ["a list", [1, [new Date(0)], null], [1, ["1970-01-01T00:00:00.000Z"], null]],
  ["an object of a class", new Order(3, new Date(0)), { id: 3, at: "1970-01-01T00:00:00.000Z" }],
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["a field that is undefined", { a: 1, b: undefined }, { a: 1 }],
  ["what looks like our own words", { $json: "null" }, { $json: "null" }],
  ["what looks like a sealed secret", { $sealed: "a.b" }, { $sealed: "a.b" }],
  ["an empty object", {}, {}],
];

const refused: [what: string, value: unknown, message: RegExp][] = [
  ["NaN", NaN, /^Cannot keep the result of the step "x": NaN is no JSON$/],
  ["Infinity in a list", { all: [1, Infinity] }, /Infinity at "1" is no JSON$/],
  ["a Map", new Map([["a", 1]]), /a Map is no JSON$/],
  ["a Set in a field", { ids: new Set([1]) }, /a Set at "ids" is no JSON$/],
  ["a bigint", 1n, /a bigint is no JSON$/],
  ["a symbol", Symbol("a"), /a symbol is no JSON$/],
  ["a function", () => 1, /a function is no JSON$/],
  ["bytes", new Uint8Array(2), /a Uint8Array is no JSON$/],
  ["a buffer", new ArrayBuffer(2), /a ArrayBuffer is no JSON$/],
  ["an invalid Date", new Date(NaN), /an invalid Date is no JSON$/],
  ["an Error", new Error("a"), /a Error is no JSON$/],
  ["a pattern", /a/, /a RegExp is no JSON$/],
  ["an answer", new Response("a"), /a Response is no JSON$/],
];

for (const [what, value, comes] of kept) {
  Deno.test(`a step gets ${what} the same in the first attempt and in the next`, async () => {
    const got = await twice((context) => context.step("x", () => value));
    assert.deepEqual(got, [comes, comes]);
  });
}

for (const [what, value, message] of refused) {
  Deno.test(`a step refuses ${what}, and says so, in every attempt`, async () => {
    const got = await twice((context) => context.step("x", () => value)) as Error[];
    assert.equal(got.length, 2);
    for (const error of got) {
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, message);
    }
  });
}

Deno.test("a transaction keeps what a step keeps, and refuses what it refuses with nothing written", async () => {
  const errors: unknown[] = [];
  const got = await twice(async (context) => {
    const all = [];
    for (const [name, , comes] of kept) {
      const value = kept.find(([other]) => other === name)![1];
      all.push([
        await context.transaction(() => Promise.resolve(value), { name }),
        comes,
      ]);
    }
    for (const [name, value] of refused) {
      await context.transaction(() => Promise.resolve(value), { name })
        .catch((error) => errors.push(error));
    }
    return all;
  }, { postgres: true }) as [unknown, unknown][][];
  for (const attempt of got) for (const [is, wanted] of attempt) assert.deepEqual(is, wanted);
  assert.equal(errors.filter((error) => error instanceof TypeError).length, 2 * refused.length);
});

Deno.test("the types say what comes back of a step", () => {
  // deno-lint-ignore require-await -- it is compiled, and never run
  (async (context: JobContext) => {
    const at: Promise<string> = context.step("a", () => new Date());
    const order: Promise<{ id: number; at: string }> = context.step(
      "b",
      () => new Order(1, new Date()),
    );
    const none: Promise<void> = context.step("c", () => {});
    const list: Promise<(string | null)[]> = context.step("d", () => [new URL("a:b"), null]);
    const map: Promise<never> = context.step("e", () => new Map());
    const maybe: Promise<{ a?: string }> = context.step("f", () => ({} as { a?: Date }));
    return [at, order, none, list, map, maybe];
  });
});
