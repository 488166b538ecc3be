/**
 * What listings are, what was counted of them each day, and how they rank.
 *
 * @module
 */
import type { Migration } from "./migrations.ts";

export const feed: Migration = {
  id: 2,
  name: "feed",
  sql: `
CREATE TABLE listings (
  kind text NOT NULL,
  id text COLLATE "C" NOT NULL,
  segments text[] NOT NULL DEFAULT '{}',
  hidden boolean NOT NULL DEFAULT false,
  removed_at timestamptz,
  PRIMARY KEY (kind, id)
);
CREATE INDEX listings_removed ON listings (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE feed_counts (
  day date NOT NULL,
  kind text NOT NULL,
  listing text COLLATE "C" NOT NULL,
  views bigint NOT NULL DEFAULT 0,
  bookings bigint NOT NULL DEFAULT 0,
  impressions bigint NOT NULL DEFAULT 0,
  favorites bigint NOT NULL DEFAULT 0,
  unfavorites bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, listing, day)
);
CREATE INDEX feed_counts_of_day ON feed_counts (day);

CREATE TABLE feed_favorites (
  kind text NOT NULL,
  listing text COLLATE "C" NOT NULL,
  person text COLLATE "C" NOT NULL,
  favorited boolean NOT NULL,
  changed_at bigint NOT NULL,
  PRIMARY KEY (kind, listing, person)
);
CREATE INDEX feed_favorites_undone ON feed_favorites (changed_at) WHERE NOT favorited;

CREATE TABLE feed_batches (
  batch text COLLATE "C" PRIMARY KEY,
  day date NOT NULL
);
CREATE INDEX feed_batches_of_day ON feed_batches (day);

CREATE TABLE feed_days (
  day date PRIMARY KEY,
  log_position text NOT NULL DEFAULT '0-0',
  expiring_keys text[] NOT NULL DEFAULT '{}',
  proven_at timestamptz,
  log_trimmed boolean NOT NULL DEFAULT false
);

CREATE TABLE feed_flushes (
  job text NOT NULL PRIMARY KEY,
  day date NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  slices integer NOT NULL DEFAULT 1,
  members bigint NOT NULL DEFAULT 0,
  skipped_members bigint NOT NULL DEFAULT 0,
  entries bigint NOT NULL DEFAULT 0,
  skipped_entries bigint NOT NULL DEFAULT 0,
  drift bigint NOT NULL DEFAULT 0
);
CREATE INDEX feed_flushes_newest ON feed_flushes (started_at DESC);

CREATE TABLE feed_audits (
  job text NOT NULL PRIMARY KEY,
  day date NOT NULL,
  audited_at timestamptz NOT NULL,
  compared bigint NOT NULL,
  differing bigint NOT NULL,
  pending bigint NOT NULL DEFAULT 0,
  drift bigint NOT NULL DEFAULT 0,
  log_compared boolean NOT NULL DEFAULT true,
  differences jsonb NOT NULL
);
CREATE INDEX feed_audits_newest ON feed_audits (day, audited_at DESC);

CREATE TABLE feed_audit_runs (
  run text NOT NULL PRIMARY KEY,
  day date NOT NULL,
  started_at timestamptz NOT NULL,
  log_trimmed boolean NOT NULL,
  log_position text NOT NULL
);

CREATE TABLE feed_audit_counts (
  run text NOT NULL,
  kind text NOT NULL,
  listing text COLLATE "C" NOT NULL,
  held_views bigint NOT NULL DEFAULT 0,
  held_bookings bigint NOT NULL DEFAULT 0,
  held_impressions bigint NOT NULL DEFAULT 0,
  views bigint NOT NULL DEFAULT 0,
  bookings bigint NOT NULL DEFAULT 0,
  impressions bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (run, kind, listing)
);

CREATE TABLE feed_audit_batches (
  run text NOT NULL,
  batch text COLLATE "C" NOT NULL,
  PRIMARY KEY (run, batch)
);

CREATE TABLE feed_audit_words (
  run text NOT NULL,
  kind text NOT NULL,
  listing text COLLATE "C" NOT NULL,
  person text COLLATE "C" NOT NULL,
  favorited boolean NOT NULL,
  said_at bigint NOT NULL,
  PRIMARY KEY (run, kind, listing, person)
);

CREATE TABLE feed_rankings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  job text NOT NULL,
  day date NOT NULL,
  ranked_at timestamptz NOT NULL,
  stage text NOT NULL DEFAULT 'counts',
  reached text COLLATE "C" NOT NULL DEFAULT '',
  listings bigint NOT NULL DEFAULT 0,
  points numeric NOT NULL DEFAULT 0,
  shown numeric NOT NULL DEFAULT 0,
  impressions numeric NOT NULL DEFAULT 0,
  complete boolean NOT NULL DEFAULT false,
  UNIQUE (kind, job)
);
CREATE INDEX feed_rankings_newest ON feed_rankings (kind, id DESC) WHERE complete;

CREATE TABLE feed_scores (
  ranking bigint NOT NULL,
  listing text COLLATE "C" NOT NULL,
  points numeric NOT NULL,
  shown numeric NOT NULL,
  impressions numeric NOT NULL,
  score numeric,
  PRIMARY KEY (ranking, listing)
);
CREATE INDEX feed_scores_order ON feed_scores (ranking, score DESC, points DESC, listing)
  WHERE score IS NOT NULL;

CREATE TABLE feed_ranks (
  ranking bigint NOT NULL,
  segment text COLLATE "C" NOT NULL,
  position integer NOT NULL,
  listing text COLLATE "C" NOT NULL,
  score numeric NOT NULL,
  PRIMARY KEY (ranking, segment, position)
);
`,
};
