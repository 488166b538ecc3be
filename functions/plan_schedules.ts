/**
 * `deno task schedules`: how QStash's schedules differ from the table in code; `--apply` makes them equal.
 *
 * Reads the same settings as the app. Makes no Redis command. With `--apply` it may be repeated;
 * without it, it ends with 1 when there is something to apply, so that a deploy can check.
 *
 * @module
 */
import process from "node:process";
import { print, printableLine, printError } from "../shared/adapters/terminal.ts";
import { ConfigError, readConfig } from "../shared/config.ts";
import { AppError } from "../shared/errors.ts";
import { createDeps } from "./deps.ts";
import { createSchedules } from "./jobs/schedules.ts";

const apply = process.argv.includes("--apply");

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof AppError)) throw error;
  printError(error.message);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const config = readConfig(process.env);
  const { jobs } = createDeps(config);
  const schedules = createSchedules(config);
  const plan = await jobs.planSchedules(schedules, config.namespace);
  const rows = [
    ...plan.create.map((schedule) => ["+", "create", schedule] as const),
    ...plan.replace.map((schedule) => ["~", "replace", schedule] as const),
    ...plan.remove.map((schedule) => ["-", "remove", schedule] as const),
    ...plan.keep.map((schedule) => ["=", "keep", schedule] as const),
  ];
  for (const [sign, act, { id, cron, url }] of rows) {
    print(printableLine(`${sign} ${act.padEnd(8)} ${id.padEnd(32)} ${cron.padEnd(20)} ${url}`));
  }
  for (const name of Object.keys(schedules.armed)) {
    print(`  armed    ${name} (by work; QStash holds nothing)`);
  }
  const changes = rows.length - plan.keep.length;
  if (changes === 0) {
    print(
      `QStash at ${config.queue.url} holds exactly the table: ${plan.keep.length} schedules`,
    );
    return 0;
  }
  if (!apply) {
    print(`${changes} to change; --apply makes them`);
    return 1;
  }
  await jobs.applySchedules(plan);
  print(`${changes} changed`);
  return 0;
}
