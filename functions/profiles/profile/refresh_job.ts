/**
 * The job that has the profiles of a day's users made, once the day is over.
 *
 * It is armed by the first activity of a day, and ends at once where too few were active.
 *
 * @module
 */
import * as z from "zod";
import { DAY_MS, defineJob, type Sql, startOfDay } from "../../../shared/mod.ts";
import { type Domain, domains } from "../contracts.ts";
import { flowControls, iso, PAGE_USERS, type ProfileParts } from "../parts.ts";
import type { EnrichJobs } from "./enrich_jobs.ts";
import { readUnknowing } from "./item_store.ts";
import { countActive, readActive } from "./profile_store.ts";
import type { UpdateJob } from "./update_job.ts";

/** A page of users; those of a domain's catalog by their place in it, as a step holds 256 KB. */
interface Page {
  users: string[];
  enrich: { domain: Domain; places: number[] }[];
}

const Skipped = z.object({ skipped: z.string(), users: z.int() });
const Fanned = z.object({ users: z.int(), enriched: z.int(), part: z.int() });

export function createRefreshJob(
  { config, catalogs = {} }: ProfileParts,
  update: UpdateJob,
  enrich: EnrichJobs,
) {
  const { leastActiveUsers } = config.profiles;

  async function readPage(sql: Sql, day: string, after: string, until: number): Promise<Page> {
    const users = await readActive(sql, day, after);
    const asked = domains.filter((domain) => catalogs[domain]);
    if (asked.length === 0) return { users, enrich: [] };
    const unknowing = await readUnknowing(sql, { users, until });
    const placeOf = new Map(users.map((user, place) => [user, place]));
    const places = (domain: Domain) =>
      unknowing.filter((one) => one.domain === domain).map(({ user }) => placeOf.get(user)!);
    return { users, enrich: asked.map((domain) => ({ domain, places: places(domain) })) };
  }

  const refresh = defineJob({
    name: "profile.refresh",
    description: "Has the profiles made of everybody who was active on a day, if enough were.",
    input: z.object({
      day: z.iso.date(),
      after: z.string().max(256).default("").describe("Users up to this one are done."),
      part: z.int().min(0).max(1_000_000).default(0),
    }),
    internalFields: ["after", "part"],
    output: z.union([Skipped, Fanned]),
    flowControl: flowControls(config).personality,
    run: async ({ day, after, part }, context) => {
      const { sql } = context;
      if (part === 0) {
        const users = await countActive(sql, day);
        if (users < leastActiveUsers) {
          return { skipped: `fewer than ${leastActiveUsers} active users`, users };
        }
      }
      const end = startOfDay(day) + DAY_MS;
      const until = iso(end);
      // Kept: children are told apart by their place, which must not change with an attempt.
      const page = await context.step("users", () => readPage(sql, day, after, end));
      const inputs = (users: readonly string[]) => users.map((user) => ({ user, until }));
      if (page.users.length > 0) await context.enqueueGroup(update, inputs(page.users));
      let enriched = 0;
      for (const { domain, places } of page.enrich) {
        if (places.length === 0) continue;
        const users = places.map((place) => page.users[place]);
        await context.enqueueGroup(enrich[`profile.enrich.${domain}`], inputs(users));
        enriched += users.length;
      }
      if (page.users.length === PAGE_USERS) {
        await context.enqueue(refresh, { day, after: page.users.at(-1)!, part: part + 1 });
      }
      return { users: page.users.length, enriched, part };
    },
  });
  return refresh;
}
