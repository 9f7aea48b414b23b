-- Deliveries that are sent on to a team's own endpoint, and what became of each.
CREATE TABLE forward (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery       TEXT NOT NULL,
  source         TEXT NOT NULL,
  kind           TEXT NOT NULL,
  seq            INTEGER,
  raw            INTEGER NOT NULL,
  ordering       TEXT,
  received_at_ms INTEGER NOT NULL,
  state          TEXT NOT NULL,
  attempts       INTEGER NOT NULL DEFAULT 0,
  next_at_ms     INTEGER NOT NULL,
  status         INTEGER,
  error          TEXT,
  done_at_ms     INTEGER,
  -- Whether the totals say already that it was acknowledged in time, or was not.
  counted        INTEGER NOT NULL DEFAULT 0,
  overtaken      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX forward_source ON forward (source, id);
CREATE INDEX forward_state ON forward (source, state, id);
CREATE INDEX forward_received ON forward (source, received_at_ms);
CREATE INDEX forward_seq ON forward (seq) WHERE seq IS NOT NULL;
CREATE INDEX forward_done ON forward (done_at_ms) WHERE done_at_ms IS NOT NULL;
-- What waits, in the order in which it is sent. A rank is never used again.
CREATE TABLE forward_queue (
  rank    INTEGER PRIMARY KEY AUTOINCREMENT,
  forward INTEGER NOT NULL UNIQUE
) STRICT;
CREATE TABLE forward_attempt (
  forward INTEGER NOT NULL,
  no      INTEGER NOT NULL,
  at_ms   INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  status  INTEGER,
  error   TEXT,
  PRIMARY KEY (forward, no)
) STRICT, WITHOUT ROWID;
CREATE TABLE forward_tally (
  source   TEXT PRIMARY KEY,
  received INTEGER NOT NULL,
  in_time  INTEGER NOT NULL,
  failed   INTEGER NOT NULL
) STRICT;
CREATE TABLE forward_stop (
  source TEXT PRIMARY KEY,
  at_ms  INTEGER NOT NULL,
  url    TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
