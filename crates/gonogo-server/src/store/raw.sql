-- Bodies as they came in, sealed. A key is one retention class's day, so a day's bodies
-- become unreadable at once when the key goes.
CREATE TABLE raw (
  id        INTEGER PRIMARY KEY,
  seq       INTEGER,
  source    TEXT NOT NULL,
  day       INTEGER NOT NULL,
  keep_days INTEGER NOT NULL,
  nonce     BLOB NOT NULL,
  sealed    BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX raw_seq ON raw (seq) WHERE seq IS NOT NULL;
CREATE INDEX raw_day ON raw (day, keep_days);
