/**
 * The README's first job, made just as it says, in a copy of the tree.
 *
 * Its test snippet is run as it stands: `deno test --doc README.md` is part of every run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as tasksOf from "../deno.json" with { type: "json" };
import { copyOfTheTree, runToolIn, startDev, stopDev } from "./support/dev_session.ts";

const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
const architecture = await Deno.readTextFile(new URL("../ARCHITECTURE.md", import.meta.url));

Deno.test("the README's first job fits its registry, type-checks, and runs", async () => {
  const [job, registration] = snippetsAfter("## A first job");
  const [importLine, entryLine] = registration.split("\n");
  const folder = await copyOfTheTree();
  const jobs = join(folder, "functions/jobs");
  await Deno.writeTextFile(join(jobs, "receipt_send.ts"), job);
  const registry = await Deno.readTextFile(join(jobs, "registry.ts"));
  const changed = registry
    .replace(/(?=^\/\*\* Yours go here)/m, `${importLine}\n\n`)
    .replace(/(?=^\}\);)/m, `  ${entryLine}\n`);
  await Deno.writeTextFile(join(jobs, "registry.ts"), changed);

  assert.deepEqual(await runToolIn(folder, "check", "--quiet", "functions/main.ts"), {
    code: 0,
    printed: "",
  });
  assert.equal(
    (await runToolIn(folder, "fmt", "--check", "functions/jobs/receipt_send.ts")).code,
    0,
  );
  assert.equal((await runToolIn(folder, "lint", "functions/jobs/receipt_send.ts")).code, 0);

  const session = startDev(folder);
  try {
    const [, url] = await session.until(/^app +(http:\S+)/m);
    const response = await fetch(`${url}/api/jobs/receipt.send`, {
      method: "POST",
      headers: { authorization: "Bearer dev-service-token" },
      body: JSON.stringify({ input: { order: "7", email: "a@example.com" } }),
    });
    assert.equal(response.status, 202, await response.text());
    await session.until(/job\.succeeded job=receipt\.send /);
  } finally {
    await stopDev(session);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every task and file that the README or ARCHITECTURE names is there", () => {
  for (const [, task] of readme.matchAll(/\btask (?=[a-z])([a-z:]+)/g)) {
    assert.ok(task in tasksOf.default.tasks, `deno task ${task}`);
  }
  const text = readme + architecture;
  for (const [, path] of text.matchAll(/[`(]((?:functions|shared|dev|tests)\/[\w./]*)[`)]/g)) {
    if (path.endsWith("receipt_send.ts")) continue;
    assert.ok(Deno.statSync(new URL(`../${path}`, import.meta.url)), path);
  }
});

/** The fenced snippets of TypeScript in the section with this heading, in their order. */
function snippetsAfter(heading: string): string[] {
  const section = readme.split(/^(?=## )/m).find((text) => text.startsWith(heading)) ?? "";
  return [...section.matchAll(/^```ts[^\n]*\n(.*?)^```/gms)].map(([, code]) => code);
}
