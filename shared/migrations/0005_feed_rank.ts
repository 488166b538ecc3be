/**
 * Which listings the feed ranks where `FEED_RANK` says nothing: one row, written once.
 *
 * @module
 */
import type { Migration } from "./migrations.ts";

export const feedRank: Migration = {
  id: 5,
  name: "feed rank",
  sql: `
CREATE TABLE feed_rank (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  rank text NOT NULL CHECK (rank IN ('declared', 'all'))
);
`,
};
