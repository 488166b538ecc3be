/**
 * The jobs of profiles, for the registry.
 *
 * @module
 */
import type { ProfileParts } from "./parts.ts";
import { createEnrichJobs } from "./profile/enrich_jobs.ts";
import { createRefreshJob } from "./profile/refresh_job.ts";
import { createUpdateJob } from "./profile/update_job.ts";
import { createSentimentJobs } from "./sentiment/sentiment_jobs.ts";

export type { Catalogs } from "./catalogs.ts";

/** Makes all of them. */
export function createProfileJobs(parts: ProfileParts) {
  const update = createUpdateJob(parts);
  const enrich = createEnrichJobs(parts, update);
  return {
    ...createSentimentJobs(parts),
    ...enrich,
    "profile.update": update,
    "profile.refresh": createRefreshJob(parts, update, enrich),
  };
}
