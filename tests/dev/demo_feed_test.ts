/**
 * `deno task demo:feed` against a running dev: what it has counted is what the system has counted.
 *
 * @module
 */
import assert from "node:assert/strict";
import { copyOfTheTree, runIn, startDev, stopDev } from "../support/dev_session.ts";

const demo = ["run", "--allow-all", "--no-check", "dev/demo_feed.ts"];

Deno.test("deno task demo:feed adds up, and does so when it is run again", async () => {
  const folder = await copyOfTheTree();
  const session = startDev(folder);
  try {
    await session.until(/A first job:/);
    for (const seed of [1, 2]) {
      const { code, printed } = await runIn(folder, ...demo, "--events=3000", `--seed=${seed}`);
      assert.equal(code, 0, printed);
      assert.match(printed, new RegExp(`^A day of seed ${seed}: 3,000 events`));
      for (const metric of ["views", "impressions", "favorites", "bookings"]) {
        assert.match(printed, new RegExp(`\n  ${metric} of each listing in Postgres .* 0\n`));
      }
      assert.match(printed, /\n {2}places in the ranking +\d+ +0\n/);
      assert.match(printed, /the design before, as counted/);
      assert.match(printed, /\nEverything adds up, in [\d.]+ s\n$/);
    }
  } finally {
    await stopDev(session);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the README's curl samples count a view, flush it, and read it", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const section = readme.split(/^(?=## )/m).find((text) => text.startsWith("## Counting views"))!;
  const [send, read] = [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, lines]) => lines);
  const folder = await copyOfTheTree();
  const session = startDev(folder);
  try {
    const [, url] = await session.until(/^app +http:\/\/(\S+)/m);
    await session.until(/A first job:/);
    assert.match(await shell(send, url), /"outcome":"counted".*"job":"feed.flush"/);
    await session.until(/job\.succeeded job=feed\.rank /);
    const printed = await shell(read, url);
    assert.match(printed, /"id":"42","days":\{"1":\{"views":1,/);
    assert.match(printed, /"listings":\[\{"position":1,"kind":"locations","id":"42"/);
  } finally {
    await stopDev(session);
    await Deno.remove(folder, { recursive: true });
  }
});

/** What these lines print, with dev's real address in the place of the usual one. */
async function shell(lines: string, address: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-ec", lines.replaceAll("127.0.0.1:8787", address)],
  }).output();
  return new TextDecoder().decode(stdout);
}

const mistaken = [
  { args: ["--app=http://127.0.0.1:1"], says: /^Nothing answers at http:\/\/127.0.0.1:1 / },
  {
    args: ["--events=many"],
    says: /^--events must be a whole number from 100 to 1000000, got many/,
  },
];
for (const { args, says } of mistaken) {
  Deno.test(`deno task demo:feed ${args.join(" ")} says what is wrong`, async () => {
    const root = new URL("../..", import.meta.url).pathname;
    const { code, printed } = await runIn(root, ...demo, ...args);
    assert.equal(code, 1);
    assert.match(printed, says);
  });
}
