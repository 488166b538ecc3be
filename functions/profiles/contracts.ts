/**
 * What is said of users' activities, and what is learnt from them.
 *
 * @module
 */
import * as z from "zod";

/** What activities are about; a new one is added here, and in `profile/enrich_jobs.ts`. */
export const domains = ["music", "video", "games"] as const;
export const Domain = z.enum(domains);
export type Domain = z.infer<typeof Domain>;

const text = (least: number, most: number) =>
  z.string().min(least).max(most).refine(
    (value) => value.isWellFormed() && !/\p{Cc}/u.test(value),
    "must be well-formed text without control characters",
  );

/** As users' tokens have it. */
export const UserId = text(1, 256);

const Activity = z.strictObject({
  user: UserId,
  domain: Domain,
  item: text(1, 256).describe("The provider's id of a song, a film, a game."),
  minutes: z.number().min(0).max(1_440).default(0).describe("For how long. Default: 0."),
  tags: z.array(text(1, 64).trim().toLowerCase().min(1)).max(20).default([])
    .describe("Genres and the like."),
  at: z.iso.datetime({ offset: true }).optional().describe(
    "When; at most 30 days ago. Default: now.",
  ),
  id: text(1, 128).optional().describe(
    "Your own id: what is sent again under it for the same user counts once.",
  ),
});
export type Activity = z.infer<typeof Activity>;

export const ActivityRequest = z.strictObject({ activities: z.array(Activity).min(1).max(100) });

export const ActivityAnswer = z.object({
  activities: z.int().describe("How many were sent."),
  stored: z.int().describe("How many of them were new."),
});
export type ActivityAnswer = z.infer<typeof ActivityAnswer>;

const TagShare = z.object({
  tag: z.string(),
  share: z.number().describe("Of the domain's time that was spent with it, 0 to 1."),
});

/** One thing that was learnt, with what it was learnt from. */
export const Score = z.object({
  value: z.union([z.number(), z.array(TagShare)]),
  source: z.string().describe("`activities`, `activities and catalog`, or `sentiment by …`."),
  from: z.array(z.string()).describe(
    "The newest 20 of what it rests on: ids of activities, or hours of sentiments.",
  ),
  of: z.int().describe("How many it rests on in all."),
});
export type Score = z.infer<typeof Score>;

/** By name: `music.minutes`, `music.share`, `music.tags`, and so on for each domain; `mood`. */
export const Scores = z.record(z.string(), Score);
export type Scores = z.infer<typeof Scores>;

export const ProfileView = z.object({
  user: z.string(),
  scores: z.record(z.string(), Score.extend({ computedAt: z.iso.datetime() })),
  updatedAt: z.iso.datetime(),
});
export type ProfileView = z.infer<typeof ProfileView>;
