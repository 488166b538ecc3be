/**
 * The endpoints of jobs: in for backends, out for QStash, and what failed for good.
 *
 * @module
 */
import { type Context, Hono, type Next } from "hono";
import {
  BodyInvalidError,
  RequestError,
  startOf,
  UnsupportedDelayError,
} from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { parseShape, readBody } from "../middleware/body.ts";
import { parseJson } from "../middleware/json.ts";
import { jobLocation } from "../middleware/location.ts";
import { operatorName } from "../middleware/operator_session.ts";
import { verifyQstash } from "../middleware/verify_qstash.ts";
import {
  DeadLettersQuery,
  EnqueueManyRequest,
  EnqueueRequest,
  FailureCallback,
  GroupRequest,
  ReplayAllRequest,
  ReplayRequest,
  type RevealedAnswer,
  RevealRequest,
} from "./contracts.ts";
import type { NamedGroupOptions, NamedJob } from "../../shared/mod.ts";
import type { AppRegistry } from "./registry.ts";

/** A message may be 1 MB on QStash's free plan; the envelope takes its share. */
const MESSAGE_BYTES = 1_000_000;
const BATCH_BYTES = 10_000_000;

export const jobRoutes = new Hono<AppEnv>()
  // No backend reads a secret back: the table says who may.
  .post("/api/dead-letters/:id/reveal", async (c) => {
    const { jobs, log } = c.var.deps;
    const letter = c.req.param("id");
    const { path } = await readBody(c, RevealRequest, { maxBytes: 10_000 });
    const operator = await operatorName(c.var.operator!);
    log.warn("secret.read", { letter: letter.slice(0, 64), path: path.slice(0, 200), operator });
    const value = await jobs.readSecret(letter, path);
    return c.json({ path, value } satisfies RevealedAnswer, 200, { "Cache-Control": "no-store" });
  })
  .post("/api/jobs/:name", async (c) => {
    const body = await readBody(c, EnqueueRequest, { maxBytes: MESSAGE_BYTES });
    const name = c.req.param("name");
    const dedupeId = body.dedupeId ?? c.req.header("Idempotency-Key");
    const enqueued = await c.var.deps.jobs.enqueueUnchecked(name, body.input, {
      ...timing(body),
      dedupeId,
      lookUp: true,
      reuse: body.reuse,
    });
    return c.json({ ...enqueued, job: name, state: enqueued.state ?? "queued" }, 202, {
      Location: jobLocation(c, enqueued.id),
    });
  })
  .post("/api/jobs", async (c) => {
    const { jobs } = await readBody(c, EnqueueManyRequest, { maxBytes: BATCH_BYTES });
    const enqueued = await c.var.deps.jobs.enqueueMany(jobs.map(toNamedJob), {
      fromOutside: true,
    });
    return c.json({ jobs: enqueued }, 202);
  })
  .post("/api/groups", async (c) => {
    const body = await readBody(c, GroupRequest, { maxBytes: BATCH_BYTES });
    const group = await c.var.deps.jobs.enqueueGroup(body.jobs.map(toNamedJob), {
      then: body.then as NamedGroupOptions<AppRegistry>["then"],
      dedupeId: body.dedupeId,
      lookUp: true,
      fromOutside: true,
    });
    return c.json(group, 202);
  })
  .get("/api/jobs/:id", async (c) => c.json(await c.var.deps.jobs.state(c.req.param("id"))))
  .delete("/api/jobs/:id", async (c) => c.json(await c.var.deps.jobs.cancel(c.req.param("id"))))
  .get("/api/dead-letters", async (c) => {
    const page = parseShape(DeadLettersQuery, c.req.query());
    const { deadLetters, jobs } = c.var.deps;
    const { letters, cursor } = await deadLetters.list(page);
    // What QStash could not tell belongs before the first.
    const untold = page.cursor === undefined ? await jobs.untoldDeadLetters() : undefined;
    return c.json({ letters: letters.map(jobs.showLetter), cursor, untold });
  })
  .get("/api/dead-letters/:id", async (c) => {
    const id = c.req.param("id");
    const letter = await c.var.deps.deadLetters.get(id);
    if (!letter) throw letterNotFound(id);
    return c.json(c.var.deps.jobs.showLetter(letter));
  })
  .delete("/api/dead-letters/:id", async (c) => {
    await c.var.deps.deadLetters.remove(c.req.param("id"));
    return c.body(null, 204);
  })
  .post("/api/dead-letters/replay", async (c) => {
    const body = await readBody(c, ReplayAllRequest, { maxBytes: 10_000 });
    return c.json(await c.var.deps.jobs.replayAll(body), 202);
  })
  .post("/api/dead-letters/:id/replay", async (c) => {
    const body = await readBody(c, ReplayRequest, { maxBytes: MESSAGE_BYTES });
    const replayed = await c.var.deps.jobs.replay(c.req.param("id"), body);
    return c.json(replayed, 202, { Location: jobLocation(c, replayed.id) });
  })
  .use("/qstash/*", unhurried)
  .post("/qstash/jobs/:name", verifyQstash, async (c) => {
    const answer = await c.var.deps.jobs.deliver({
      job: c.req.param("name"),
      ...c.var.delivery,
    });
    if (answer.kind === "done") {
      if (!answer.tracked) c.header("X-Degraded", "untracked");
      return c.json({ id: answer.id, state: answer.state });
    }
    if (answer.kind === "busy") {
      throw new RequestError(
        "delivery_in_progress",
        `Cannot run job ${answer.id}: another delivery holds its lease`,
        { retryable: true, retryAfterMs: answer.retryAfterMs },
      );
    }
    if (answer.kind === "away") {
      throw new RequestError(answer.code, answer.message, { retryable: true });
    }
    const { attempts } = answer;
    throw new RequestError(
      answer.kind === "failed" ? "job_failed" : "job_failed_for_good",
      answer.message,
      answer.kind === "failed"
        ? { retryable: true, retryAfterMs: answer.retryAfterMs, attempts }
        : { attempts },
    );
  })
  .post("/qstash/failures", verifyQstash, async (c) => {
    const callback = parseShape(
      FailureCallback,
      parseJson(c.var.delivery.body, { mend: "all" }),
    );
    const answer = await c.var.deps.jobs.failed({
      url: callback.url,
      body: decoded("sourceBody", callback.sourceBody),
      messageId: callback.sourceMessageId,
      attempts: callback.retried + 1,
      status: callback.status,
      responseBody: fromBase64(callback.body) ?? callback.body,
      queueDeadLetterId: callback.dlqId,
    });
    if (answer.kind === "busy") {
      throw new RequestError(
        "delivery_in_progress",
        "Cannot settle the job as failed: an attempt still holds its lease",
        { retryable: true, retryAfterMs: answer.retryAfterMs },
      );
    }
    return c.json({ state: "failed" });
  });

/**
 * QStash goes by `Retry-After` ahead of the wait that its message carries, so one of 5 s would spend
 * all its retries in half a minute of our outage. Left are those that name a moment of the job's own.
 */
async function unhurried(c: Context<AppEnv>, next: Next): Promise<void> {
  await next();
  const { error } = c;
  const isOwn = error instanceof RequestError &&
    (error.code === "delivery_in_progress" || error.code === "job_failed");
  if (error && !isOwn) c.res.headers.delete("Retry-After");
}

type WireJob = {
  job: string;
  input: unknown;
  delay?: string;
  notBefore?: string;
  dedupeId?: string;
  reuse?: "failed";
};

/** A job as it came over the wire; its name and input are checked when it is enqueued. */
function toNamedJob(
  { job, input, dedupeId, reuse, ...when }: WireJob,
  index: number,
): NamedJob<AppRegistry> {
  const timed = timing(when, `jobs[${index}].`);
  return { job, input, dedupeId, reuse, lookUp: true, ...timed } as NamedJob<AppRegistry>;
}

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @throws {UnsupportedDelayError} if the delay is not of the form `1d12h30m` */
function timing({ delay, notBefore }: { delay?: string; notBefore?: string }, path = "") {
  if (notBefore !== undefined) return { notBefore: Date.parse(notBefore) };
  if (delay === undefined) return {};
  if (!/^(\d{1,9}[smhd])+$/.test(delay)) {
    throw new UnsupportedDelayError(
      `${path}delay`,
      `write it as 90s, 10m, 2h or 1d12h, got "${startOf(delay, 32)}"`,
    );
  }
  let delayMs = 0;
  for (const [, count, unit] of delay.matchAll(/(\d+)([smhd])/g)) {
    delayMs += Number(count) * UNIT_MS[unit];
  }
  return { delayMs };
}

function letterNotFound(id: string): RequestError {
  return new RequestError(
    "not_found",
    `Cannot find a dead letter with the id ${startOf(id, 64)}`,
  );
}

/** @throws {BodyInvalidError} naming the field, where it is not base64 */
function decoded(path: string, text: string): string {
  const body = fromBase64(text);
  if (body === undefined) throw new BodyInvalidError([{ path, message: "is not base64" }]);
  return body;
}

function fromBase64(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    // The caller says what then.
    return undefined;
  }
}
