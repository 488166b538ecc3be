/**
 * From what somebody did and wrote to what is known of them: the same rows make the same scores.
 *
 * An activity weighs as many minutes as it took, and at least one, so that what was sent without
 * minutes counts as well.
 *
 * @module
 */
import { type Domain, domains, type Score, type Scores } from "../contracts.ts";

/** An activity, with what its provider's catalog says of the item. */
export interface ActivityRow {
  id: string;
  domain: Domain;
  minutes: number;
  tags: readonly string[];
  catalogTags: readonly string[];
}

/** The last score of a day. */
export interface MoodRow {
  /** ISO; the start of its hour. */
  slot: string;
  messages: number;
  score: number;
  source: string;
}

const MOST_TAGS = 10;
const MOST_FROM = 20;

/** Every score that there is something to make of; rows are newest first. */
export function scoresOf(activities: readonly ActivityRow[], moods: readonly MoodRow[]): Scores {
  const total = weightOf(activities);
  const scores: Scores = {};
  for (const domain of domains) {
    const own = activities.filter((activity) => activity.domain === domain);
    if (own.length === 0) continue;
    const from = { source: "activities", ...origin(own.map(({ id }) => id)) };
    const minutes = own.reduce((sum, activity) => sum + activity.minutes, 0);
    scores[`${domain}.minutes`] = { value: rounded(minutes), ...from };
    scores[`${domain}.share`] = { value: rounded(weightOf(own) / total), ...from };
    const tags = tagScore(own);
    if (tags) scores[`${domain}.tags`] = tags;
  }
  const mood = moodScore(moods);
  return mood ? { ...scores, mood } : scores;
}

function tagScore(activities: readonly ActivityRow[]): Score | undefined {
  const weights = new Map<string, number>();
  const tagged = activities.filter(({ tags, catalogTags }) => tags.length + catalogTags.length > 0);
  for (const activity of tagged) {
    for (const tag of new Set([...activity.tags, ...activity.catalogTags])) {
      weights.set(tag, (weights.get(tag) ?? 0) + weightOf([activity]));
    }
  }
  if (weights.size === 0) return undefined;
  const total = weightOf(tagged);
  const value = [...weights]
    .sort(([oneTag, one], [otherTag, other]) => other - one || (oneTag < otherTag ? -1 : 1))
    .slice(0, MOST_TAGS)
    .map(([tag, weight]) => ({ tag, share: rounded(weight / total) }));
  const isLookedUp = tagged.some(({ catalogTags }) => catalogTags.length > 0);
  const source = isLookedUp ? "activities and catalog" : "activities";
  return { value, source, ...origin(tagged.map(({ id }) => id)) };
}

/** Each day weighs as many messages as its score rests on. */
function moodScore(moods: readonly MoodRow[]): Score | undefined {
  const messages = moods.reduce((sum, mood) => sum + mood.messages, 0);
  if (messages === 0) return undefined;
  const value = moods.reduce((sum, mood) => sum + mood.score * mood.messages, 0) / messages;
  const sources = [...new Set(moods.map(({ source }) => source))].sort().join(", ");
  return {
    value: rounded(value),
    source: `sentiment by ${sources}`,
    ...origin(moods.map(({ slot }) => slot)),
  };
}

function origin(ids: readonly string[]): Pick<Score, "from" | "of"> {
  return { from: ids.slice(0, MOST_FROM), of: ids.length };
}

function weightOf(activities: readonly ActivityRow[]): number {
  return activities.reduce((sum, { minutes }) => sum + Math.max(minutes, 1), 0);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
