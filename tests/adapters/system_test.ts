import assert from "node:assert/strict";
import { createConsoleLog } from "../../shared/adapters/console_log.ts";
import { systemIds } from "../../shared/adapters/system.ts";
import { JobId } from "../../shared/contracts/job.ts";

Deno.test("the log writes one line of JSON, and a field cannot pass for the event", () => {
  const lines: string[] = [];
  const log = createConsoleLog({ clock: { now: () => 0 }, write: (line) => lines.push(line) });
  log.warn("job.failed", {
    job: "debug.echo",
    error: "two\nlines",
    event: "forged",
    none: undefined,
  });
  assert.deepEqual(lines, [
    '{"at":"1970-01-01T00:00:00.000Z","level":"warn","event":"job.failed",' +
    '"job":"debug.echo","error":"two\\nlines"}',
  ]);
});

Deno.test("random ids are valid ids of jobs, and differ", () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => systemIds.random()));
  assert.equal(ids.size, 10_000);
  for (const id of ids) assert(JobId.safeParse(id).success, id);
});
