/**
 * `deno task metrics:audit [day]`: compares Redis and Postgres for a day, today by default.
 *
 * Reads the same settings as the app, and writes nothing but the audit's own record. Ends with 1
 * where something has drifted, or where a day that is over has counts that were not flushed.
 *
 * @module
 */
import process from "node:process";
import { print, printableLine, printError } from "../shared/adapters/terminal.ts";
import { ConfigError, readConfig } from "../shared/config.ts";
import { AppError } from "../shared/errors.ts";
import { createDeps } from "./deps.ts";
import { auditDay } from "./feed/audit/audit.ts";
import type { AuditCursor } from "./feed/audit/audit_cursor.ts";
import type { Audit } from "./feed/audit/audit_store.ts";
import { dayOf } from "../shared/mod.ts";

try {
  process.exitCode = await main(process.argv[2]);
} catch (error) {
  const isExpected = error instanceof ConfigError || error instanceof AppError ||
    error instanceof RangeError;
  if (!isExpected) throw error;
  printError(error.message);
  process.exitCode = 1;
}

async function main(given?: string): Promise<number> {
  const config = readConfig(process.env);
  const { redis, database: sql, keys, clock, log, ids } = createDeps(config);
  if (!sql) throw new ConfigError([{ setting: "DATABASE_URL", message: "is missing" }]);
  const day = given ?? dayOf(clock.now());
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day))) {
    throw new RangeError(`Cannot audit "${day}": a day is written as 2026-11-21`);
  }
  try {
    const run = `metrics:audit ${ids.random()}`;
    const { uniques } = config.feed;
    let from: AuditCursor | undefined;
    for (;;) {
      const audited = await auditDay({ redis, sql, keys, clock, log }, { day, uniques, from }, {
        run,
      });
      if (!("next" in audited)) return show(audited);
      from = audited.next;
    }
  } finally {
    await sql.close();
  }
}

/** Prints what was found; resolves to the exit code. */
function show({ day, isClosed, compared, pending, drift, isLogCompared, differences }: Audit) {
  const row = (is: string, metric: string, redis: string | number, postgres: string | number) =>
    `${is.padEnd(8)} ${metric.padEnd(12)} ${String(redis).padStart(10)} ${
      String(postgres).padStart(10)
    }  `;
  if (differences.length > 0) {
    print(row("", "metric", "redis", "postgres") + "listing");
    for (const { is, metric, redis, postgres, kind, id } of differences) {
      print(printableLine(row(is, metric, redis, postgres) + `${kind}:${id}`));
    }
    const left = pending + drift - differences.length;
    if (left > 0) print(`and ${left} more`);
  }
  if (!isLogCompared) {
    print("Impressions were not recounted: the day was proven, and its stream is gone");
  }
  print(
    `${day}, ${
      isClosed ? "over" : "not over"
    }: ${compared} counts compared, ${pending} pending, ${drift} drifted`,
  );
  return drift > 0 || (isClosed && pending > 0) ? 1 : 0;
}
