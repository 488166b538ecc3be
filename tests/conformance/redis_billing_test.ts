import assert from "node:assert/strict";
import { families } from "./redis_families.ts";
import { type Gateway, testOnBothEngines } from "./redis_gateway.ts";
import { pick, type Random, seededRandom } from "./redis_grammar.ts";

const batches = 40;
const commandsPerBatch = 50;

for (const seed of [1, 2, 3]) {
  testOnBothEngines(
    `random traffic is billed the same on both engines, seed ${seed}`,
    async (both) => {
      const random = seededRandom(seed);
      for (const gateway of both) await send(gateway, "/pipeline", [["FLUSHALL"]]);
      const start = both.map((gateway) => gateway.billed());
      for (let batch = 0; batch < batches; batch++) {
        const commands = Array.from({ length: commandsPerBatch }, () => randomCommand(random));
        const path = batch % 8 === 7 ? "/multi-exec" : "/pipeline";
        const replies = await Promise.all(both.map((gateway) => send(gateway, path, commands)));
        const [embedded, redis] = both.map((gateway, index) => since(start[index], gateway));
        const where = `batch ${batch}:\n${
          commands.map((command, index) =>
            `${JSON.stringify(command)} ${
              replies.map((items) => JSON.stringify(items[index])).join(" / ")
            }`
          ).join("\n")
        }`;
        assert.deepEqual(embedded, redis, where);
      }
      const [{ commands, reads, writes }] = start.map((before, index) =>
        since(before, both[index])
      );
      assert.ok(commands >= batches * commandsPerBatch && reads > 0 && writes > 0);
    },
  );
}

/** Right by its grammar; it may still meet a key of another type. */
function randomCommand(random: Random): string[] {
  const words = pick(random, pick(random, Object.values(families))).expand(random);
  return words.map((word) => word.replace(/[^\x20-\x7e]/g, "~"));
}

function since(before: ReturnType<Gateway["billed"]>, gateway: Gateway) {
  const after = gateway.billed();
  const byCommand = Object.entries(after.byCommand)
    .map(([name, count]) => [name, count - (before.byCommand[name] ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .sort(([one], [other]) => one < other ? -1 : 1);
  return {
    commands: after.commands - before.commands,
    reads: after.reads - before.reads,
    writes: after.writes - before.writes,
    byCommand: Object.fromEntries(byCommand),
  };
}

async function send(
  { url, token }: Gateway,
  path: string,
  commands: readonly string[][],
): Promise<unknown[]> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(commands),
  });
  const body = await response.json();
  return Array.isArray(body) ? body : commands.map(() => body);
}
