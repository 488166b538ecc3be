/**
 * The jobs that ask a catalog what a user's items are, one for each outside service.
 *
 * A run is one call, and counts by the service's limit before it is made: over it, the job waits for
 * the window, which costs no attempt. Music is on the key `music`, video and games on `video`.
 *
 * @module
 */
import * as z from "zod";
import { defineJob, NonRetryableError } from "../../../shared/mod.ts";
import { type LimitName, limitPolicies } from "../../limits/services.ts";
import { type Domain, UserId } from "../contracts.ts";
import { flowControls, iso, type ProfileParts, UPKEEP } from "../parts.ts";
import { readUnknownItems, saveItems } from "./item_store.ts";
import type { UpdateJob } from "./update_job.ts";

/** Whose limit a domain's catalog counts by, and on which key its job is. */
const services: Readonly<Record<Domain, { limit: LimitName; key: "music" | "video" }>> = {
  music: { limit: "spotify", key: "music" },
  video: { limit: "youtube", key: "video" },
  games: { limit: "steam", key: "video" },
};

const MOST_TAGS = 20;
const MOST_TAG = 64;

export function createEnrichJobs({ config, catalogs = {} }: ProfileParts, update: UpdateJob) {
  const enrich = <const Name extends string>(name: Name, domain: Domain) =>
    defineJob({
      name,
      description:
        `Asks the catalog of ${domain} what a user's items are: one call, at most 50 items.`,
      input: z.object({ user: UserId, until: z.iso.datetime().optional() }),
      output: z.object({ asked: z.int(), known: z.int() }),
      flowControl: flowControls(config)[services[domain].key],
      limit: { policy: limitPolicies[services[domain].limit], by: () => UPKEEP },
      run: async ({ user, until }, context) => {
        const { sql, clock } = context;
        const catalog = catalogs[domain];
        if (!catalog) throw new NonRetryableError(`Cannot look up ${domain}: there is no catalog`);
        const to = until === undefined ? clock.now() : Date.parse(until);
        const asked = await readUnknownItems(sql, { user, domain, until: to });
        const known = asked.length > 0 ? await catalog.describe(asked) : new Map();
        const items = asked.map((item) => ({ item, tags: tagsOf(known.get(item) ?? []) }));
        if (items.length > 0) await saveItems(sql, { domain, items, now: clock.now() });
        // Even without items: somebody else's job may have learnt of them since this was sent.
        await context.enqueue(update, { user, until: iso(to) });
        return { asked: asked.length, known: items.filter(({ tags }) => tags.length > 0).length };
      },
    });
  return {
    "profile.enrich.music": enrich("profile.enrich.music", "music"),
    "profile.enrich.video": enrich("profile.enrich.video", "video"),
    "profile.enrich.games": enrich("profile.enrich.games", "games"),
  };
}

export type EnrichJobs = ReturnType<typeof createEnrichJobs>;

/** As an activity's own are; a catalog is the outside, and may say anything. */
function tagsOf(said: readonly string[]): string[] {
  const tags = said.map((tag) => tag.toWellFormed().replace(/\p{Cc}/gu, " ").trim().toLowerCase());
  return [...new Set(tags)].filter((tag) => tag !== "" && tag.length <= MOST_TAG)
    .slice(0, MOST_TAGS);
}
