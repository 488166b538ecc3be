/**
 * What callers from outside may not enqueue: a job's inner parts are its own.
 *
 * Nothing here is asked of jobs that enqueue each other, or of a replay.
 *
 * @module
 */
import { BodyInvalidError, JobInternalError } from "../../errors.ts";
import type { Registry } from "./job.ts";

/**
 * Looks at a job as it came from outside; `path` is where its input stands in the body.
 *
 * @throws {JobInternalError} if no caller may enqueue it
 * @throws {BodyInvalidError} naming each field that only the job's own chain may fill
 */
export function assertFromOutside(job: Registry[string], input: unknown, path = "input"): void {
  if (job.internal) throw new JobInternalError(job.name, path.replace(/input$/, "job"));
  if (typeof input !== "object" || input === null) return;
  const filled = job.internalFields.filter((field) =>
    Object.hasOwn(input, field) && (input as Record<string, unknown>)[field] !== undefined
  );
  if (filled.length === 0) return;
  throw new BodyInvalidError(
    filled.map((field) => ({
      path: `${path}.${field}`,
      message: `is filled by ${job.name} itself, when it goes on with what is left`,
    })),
    "input",
  );
}
