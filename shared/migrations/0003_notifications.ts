/**
 * What was told to whom, who wants to hear no more, and what waits to be told together.
 *
 * @module
 */
import type { Migration } from "./migrations.ts";

export const notifications: Migration = {
  id: 3,
  name: "notifications",
  sql: `
CREATE TABLE notifications (
  id text COLLATE "C" PRIMARY KEY,
  event text NOT NULL,
  recipient text COLLATE "C" NOT NULL,
  outcome text NOT NULL,
  provider_id text COLLATE "C",
  told integer NOT NULL DEFAULT 1,
  at timestamptz NOT NULL
);
CREATE INDEX notifications_at ON notifications (at);
CREATE INDEX notifications_recipient ON notifications (recipient, at);
CREATE INDEX notifications_provider_id ON notifications (provider_id);

CREATE TABLE mail_events (
  provider_id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  detail text,
  at timestamptz NOT NULL,
  PRIMARY KEY (provider_id, type)
);
CREATE INDEX mail_events_at ON mail_events (at);

CREATE TABLE mail_suppressions (
  recipient text COLLATE "C" NOT NULL,
  scope text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (recipient, scope)
);

CREATE TABLE notification_windows (
  id text COLLATE "C" PRIMARY KEY,
  key text COLLATE "C" NOT NULL,
  ends_at timestamptz NOT NULL,
  armed boolean NOT NULL DEFAULT false,
  closed_at timestamptz
);
CREATE UNIQUE INDEX notification_windows_open ON notification_windows (key) WHERE closed_at IS NULL;
CREATE INDEX notification_windows_closed ON notification_windows (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE notification_items (
  id text COLLATE "C" PRIMARY KEY,
  window_id text COLLATE "C" NOT NULL REFERENCES notification_windows (id) ON DELETE CASCADE,
  position bigint GENERATED ALWAYS AS IDENTITY,
  data jsonb NOT NULL
);
CREATE INDEX notification_items_of_window ON notification_items (window_id, position);
`,
};
