-- Links that let somebody in once; used, replaced and expired ones are gone.
CREATE TABLE one_time_link (
  token_hash    BLOB PRIMARY KEY,
  user          TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  purpose       TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  UNIQUE (user, purpose)
) STRICT, WITHOUT ROWID;
-- What a session's forms carry is derived from its token.
ALTER TABLE session DROP COLUMN csrf;
