/**
 * `deno task demo:notifications`, small: both of its rounds add up, at several rates.
 *
 * @module
 */
import assert from "node:assert/strict";
import { runIn } from "../support/dev_session.ts";
import { longIf } from "../support/long.ts";

const root = new URL("../..", import.meta.url).pathname;
const demo = ["run", "--allow-all", "--no-check", "dev/demo_notifications.ts"];

const rounds = [
  { args: ["--count=120", "--faults=60"], rate: 2 },
  { args: ["--count=60", "--faults=60", "--rate=1", "--seed=2"], rate: 1 },
  { args: ["--count=60", "--faults=60", "--rate=7", "--seed=3"], rate: 7 },
];
for (const [index, { args, rate }] of rounds.entries()) {
  const name = `deno task demo:notifications ${args.join(" ")} adds up`;
  Deno.test({
    ...longIf(index > 0, name),
    fn: async () => {
      const { code, printed } = await runIn(root, ...demo, ...args);
      assert.equal(code, 0, printed);
      assert.match(printed, new RegExp(`people held back; ${rate} mails? a second\n`));
      assert.match(printed, /, with faults everywhere: /);
      for (
        const what of ["told by a mail, once", "told by a line of a digest", "windows of QStash"]
      ) {
        assert.equal([...printed.matchAll(new RegExp(`\n  ${what}.* 0\n`, "g"))].length, 2, what);
      }
      const bills = printed.matchAll(
        /\n +by the price list +([\d,]+) +([\d,]+)\n +as the meters saw it +([\d,]+) +([\d,]+)\n/g,
      );
      for (const [, commands, messages, ...metered] of bills) {
        assert.deepEqual(metered, [commands, messages]);
      }
      assert.match(printed, /\nEverything adds up, in [\d.]+ s\n/);
    },
  });
}

const mistaken = [
  { arg: "--count=many", says: /^--count must be a whole number from 60 to 5000, got many/ },
  { arg: "--faults=-1", says: /^--faults must be a whole number from 0 to 5000, got -1/ },
  { arg: "--rate=0", says: /^--rate must be a whole number from 1 to 100, got 0/ },
];
for (const { arg, says } of mistaken) {
  Deno.test(`deno task demo:notifications ${arg} says what is wrong`, async () => {
    const { code, printed } = await runIn(root, ...demo, arg);
    assert.equal(code, 1);
    assert.match(printed, says);
  });
}
