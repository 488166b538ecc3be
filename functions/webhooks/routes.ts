/**
 * Webhooks of other services, each verified as its sender signs, and made into jobs.
 *
 * A delivery that comes again makes no second job. No Redis command.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import type { AppEnv } from "../context.ts";
import type { AppRegistry } from "../jobs/registry.ts";
import { bodyText, parseShape } from "../middleware/body.ts";
import { parseJson } from "../middleware/json.ts";
import { jobLocation } from "../middleware/location.ts";
import { readSigned } from "../middleware/signed_body.ts";
import { claimOfStandard } from "../middleware/standard_signature.ts";
import { claimOfGithub, githubJobs, readGithubPayload } from "./github.ts";
import { StandardEvent, standardJobs } from "./standard.ts";

/** More than a job may carry: of an event, only what its job reads is passed on. */
const MOST_BYTES = 10_000_000;
/** GitHub's own cap; what is larger it does not send at all. */
const GITHUB_BYTES = 26_214_400;

export const webhookRoutes = new Hono<AppEnv>()
  .post("/hooks/github", async (c) => {
    const { github } = c.var.deps.config.webhookSecrets;
    const claim = claimOfGithub(c.req.raw.headers, github);
    const body = await readSigned(c, claim, GITHUB_BYTES);
    const { event, id } = claim;
    if (event === "ping") return c.json({ pong: true });
    return await accept(c, githubJobs, {
      type: event,
      dedupeId: `github:${id}`,
      input: () => readGithubPayload(c.req.header("Content-Type"), bodyText(c, body)),
    });
  })
  .post("/hooks/standard", async (c) => {
    const { clock, config } = c.var.deps;
    const claim = claimOfStandard(c.req.raw.headers, {
      what: "the Standard Webhooks endpoint",
      setting: "WEBHOOK_SECRET_STANDARD",
      secret: config.webhookSecrets.standard,
      now: clock.now(),
    });
    const body = await readSigned(c, claim, MOST_BYTES);
    const event = parseJson(bodyText(c, body), { mend: "all" });
    const { type, data } = parseShape(StandardEvent, event);
    return await accept(c, standardJobs, {
      type,
      dedupeId: `standard:${claim.id}`,
      input: () => data,
    });
  });

interface Event {
  type: string;
  dedupeId: string;
  input: () => unknown;
}

/** Enqueues the event's job, or says that there is none: a sender must not be made to try again. */
async function accept(
  c: Context<AppEnv>,
  jobs: Readonly<Record<string, keyof AppRegistry>>,
  { type, dedupeId, input }: Event,
) {
  if (!Object.hasOwn(jobs, type)) {
    return c.json({ accepted: false, because: `no job is made of "${type}"` }, 202);
  }
  const job = jobs[type];
  const read = parseShape(c.var.deps.jobs.registry[job].input, input());
  const { id, deduplicated } = await c.var.deps.jobs.enqueueUnchecked(job, read, { dedupeId });
  return c.json({ id, job, deduplicated }, 202, { Location: jobLocation(c, id) });
}
