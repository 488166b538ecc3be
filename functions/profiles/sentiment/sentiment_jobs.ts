/**
 * Sentiments, hour by hour: a page of users, a job for each of them, and a summary behind it.
 *
 * An hour in which few people wrote costs its one delivery and no more; one without any is never
 * armed. A replay of any of it finds what was written before, and changes nothing.
 *
 * @module
 */
import * as z from "zod";
import {
  dayOf,
  defineJob,
  hashedId,
  type JobContext,
  NotConfiguredError,
} from "../../../shared/mod.ts";
import { limitPolicies } from "../../limits/services.ts";
import { UserId } from "../contracts.ts";
import { flowControls, HOUR_MS, iso, PAGE_USERS, type ProfileParts, UPKEEP } from "../parts.ts";
import { lexiconScore } from "./lexicon.ts";
import { modelScore } from "./model.ts";
import { countWriters, readMessages, readWriters, saveSentiment } from "./sentiment_store.ts";
import { writeSummary } from "./summary_store.ts";

/** The start of an hour. */
const Slot = z.iso.datetime().refine(
  (text) => Date.parse(text) % HOUR_MS === 0,
  "must be the start of an hour, as in 2026-11-21T10:00:00Z",
);

const Skipped = z.object({ skipped: z.string(), users: z.int() });
const Fanned = z.object({ users: z.int(), part: z.int() });

/** Makes the three jobs; all of them are on the key `personality`. */
export function createSentimentJobs({ config, llm }: ProfileParts) {
  const { sentimentBy, leastActiveUsers } = config.profiles;
  const flowControl = flowControls(config).personality;

  async function score(texts: readonly string[], user: string, context: JobContext) {
    if (sentimentBy === "lexicon") return { score: lexiconScore(texts), source: "lexicon" };
    if (!llm || !config.llm) throw new NotConfiguredError("the model", ["OPENAI_API_KEY"]);
    const score = await modelScore(texts, {
      llm,
      log: context.log,
      user: await hashedId("sentiment of", user),
      beforeAsk: () => context.limited(limitPolicies.openai, UPKEEP, () => {}),
    });
    return { score, source: `model:${config.llm.model}` };
  }

  const batch = defineJob({
    name: "sentiment.batch",
    description: "Scores how one user sounded in the 24 hours to an hour's end.",
    input: z.object({ user: UserId, slot: Slot }),
    output: z.object({
      messages: z.int(),
      score: z.number().nullable().describe("-1 to 1; null where nothing can be said."),
      source: z.string().optional(),
    }),
    flowControl,
    run: async ({ user, slot }, context) => {
      const { sql, clock } = context;
      const at = Date.parse(slot);
      const { known, texts } = await readMessages(sql, user, at);
      if (known) return known;
      if (texts.length === 0) return { messages: 0, score: null };
      const scored = await score(texts, user, context);
      const messages = texts.length;
      return await saveSentiment(sql, { user, slot: at, messages, now: clock.now(), ...scored });
    },
  });

  const summary = defineJob({
    name: "sentiment.summary",
    description: "Writes how the users of a day sounded, as far as they were scored.",
    input: z.object({ day: z.iso.date() }),
    output: z.object({ users: z.int(), messages: z.int(), meanScore: z.number().nullable() }),
    flowControl,
    run: ({ day }, { sql, clock }) => writeSummary(sql, day, clock.now()),
  });

  const all = defineJob({
    name: "sentiment.all",
    description: "Has everybody scored who wrote since they last were, where enough people write.",
    input: z.object({
      slot: Slot,
      after: z.string().max(256).default("").describe("Users up to this one are done."),
      part: z.int().min(0).max(1_000_000).default(0),
    }),
    internalFields: ["after", "part"],
    output: z.union([Skipped, Fanned]),
    flowControl,
    run: async ({ slot, after, part }, context) => {
      const { sql } = context;
      const at = Date.parse(slot);
      if (part === 0) {
        const users = await countWriters(sql, at);
        if (users < leastActiveUsers) {
          return { skipped: `fewer than ${leastActiveUsers} active users`, users };
        }
      }
      // Kept: children are told apart by their place, which must not change with an attempt.
      const users = await context.step("users", () => readWriters(sql, at, after));
      if (users.length > 0) {
        const then = { job: summary, input: { day: dayOf(at) } };
        await context.enqueueGroup(batch, users.map((user) => ({ user, slot: iso(at) })), { then });
      }
      if (users.length === PAGE_USERS) {
        await context.enqueue(all, { slot, after: users.at(-1)!, part: part + 1 });
      }
      return { users: users.length, part };
    },
  });

  return { "sentiment.all": all, "sentiment.batch": batch, "sentiment.summary": summary };
}
