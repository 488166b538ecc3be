/**
 * Conversations, what was said in them, replies in the making, and what is learnt of people.
 *
 * @module
 */
import type { Migration } from "./migrations.ts";

export const chat: Migration = {
  id: 4,
  name: "chat",
  sql: `
CREATE TABLE chat_conversations (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  title text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX chat_conversations_of_user ON chat_conversations (user_id, updated_at DESC, id);

CREATE TABLE chat_messages (
  id text COLLATE "C" PRIMARY KEY,
  conversation text COLLATE "C" NOT NULL REFERENCES chat_conversations (id) ON DELETE CASCADE,
  user_id text COLLATE "C" NOT NULL,
  position bigint NOT NULL DEFAULT 0,
  role text NOT NULL CHECK (role IN ('user', 'assistant')),
  text text NOT NULL,
  client_id text COLLATE "C",
  created_at timestamptz NOT NULL,
  search tsvector NOT NULL GENERATED ALWAYS AS (
    -- Without < and >, between which the parser would see markup and skip it.
    to_tsvector('simple', translate(normalize(text), '<>', '  '))
      -- Of each user, so that the index leads to their messages alone.
      || array_to_tsvector(ARRAY[' ' || user_id])
  ) STORED,
  UNIQUE (conversation, client_id)
);
CREATE UNIQUE INDEX chat_messages_of_conversation ON chat_messages (conversation, position);
CREATE INDEX chat_messages_of_user ON chat_messages (user_id, created_at);
CREATE INDEX chat_messages_said ON chat_messages (created_at, user_id) WHERE role = 'user';
CREATE INDEX chat_messages_search ON chat_messages USING gin (search);

CREATE TABLE chat_replies (
  id text COLLATE "C" PRIMARY KEY,
  conversation text COLLATE "C" NOT NULL REFERENCES chat_conversations (id) ON DELETE CASCADE,
  user_id text COLLATE "C" NOT NULL,
  question text COLLATE "C" NOT NULL UNIQUE REFERENCES chat_messages (id) ON DELETE CASCADE,
  position bigint NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'producing', 'done', 'stopped', 'failed')),
  epoch integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  stop_requested boolean NOT NULL DEFAULT false,
  text text NOT NULL DEFAULT '',
  error text,
  created_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE UNIQUE INDEX chat_replies_of_conversation ON chat_replies (conversation, position);
CREATE INDEX chat_replies_open ON chat_replies (conversation, position)
  WHERE state IN ('waiting', 'producing');

CREATE FUNCTION chat_next_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Under a lock of the conversation: positions become visible in their order, and none is skipped.
  PERFORM FROM chat_conversations WHERE id = NEW.conversation FOR NO KEY UPDATE;
  IF TG_TABLE_NAME = 'chat_messages' THEN
    SELECT coalesce(max(position), 0) + 1 INTO NEW.position
    FROM chat_messages WHERE conversation = NEW.conversation;
  ELSE
    SELECT coalesce(max(position), 0) + 1 INTO NEW.position
    FROM chat_replies WHERE conversation = NEW.conversation;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER chat_message_position BEFORE INSERT ON chat_messages
  FOR EACH ROW EXECUTE FUNCTION chat_next_position();
CREATE TRIGGER chat_reply_position BEFORE INSERT ON chat_replies
  FOR EACH ROW EXECUTE FUNCTION chat_next_position();

CREATE TABLE profile_activities (
  user_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  domain text NOT NULL,
  item text COLLATE "C" NOT NULL,
  minutes double precision NOT NULL DEFAULT 0,
  tags text[] NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, id)
);
CREATE INDEX profile_activities_of_user ON profile_activities (user_id, at);
CREATE INDEX profile_activities_received ON profile_activities (received_at, user_id);

CREATE TABLE profile_items (
  domain text NOT NULL,
  item text COLLATE "C" NOT NULL,
  tags text[] NOT NULL,
  asked_at timestamptz NOT NULL,
  PRIMARY KEY (domain, item)
);

CREATE TABLE profile_sentiments (
  user_id text COLLATE "C" NOT NULL,
  slot timestamptz NOT NULL,
  messages integer NOT NULL,
  score double precision,
  source text NOT NULL,
  computed_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, slot)
);
CREATE INDEX profile_sentiments_slot ON profile_sentiments (slot);

CREATE TABLE profile_summaries (
  day date PRIMARY KEY,
  users integer NOT NULL,
  messages integer NOT NULL,
  mean_score double precision,
  detail jsonb NOT NULL DEFAULT '{}',
  computed_at timestamptz NOT NULL
);

CREATE TABLE profiles (
  user_id text COLLATE "C" PRIMARY KEY,
  scores jsonb NOT NULL,
  until timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
`,
};
