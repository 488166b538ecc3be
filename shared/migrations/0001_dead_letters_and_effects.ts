/**
 * Jobs that failed for good, and the ledger of what jobs have written.
 *
 * @module
 */
import type { Migration } from "./migrations.ts";

export const deadLettersAndEffects: Migration = {
  id: 1,
  name: "dead letters and effects",
  sql: `
CREATE TABLE dead_letters (
  id text PRIMARY KEY,
  job text NOT NULL,
  generation integer NOT NULL,
  attempts integer NOT NULL,
  message text NOT NULL,
  status integer,
  envelope text NOT NULL,
  failed_at timestamptz NOT NULL
);
CREATE INDEX dead_letters_newest ON dead_letters (failed_at DESC, id DESC);

CREATE TABLE effects (
  job text NOT NULL,
  name text NOT NULL,
  result jsonb,
  applied_at timestamptz NOT NULL,
  PRIMARY KEY (job, name)
);
CREATE INDEX effects_oldest ON effects (applied_at);
`,
};
