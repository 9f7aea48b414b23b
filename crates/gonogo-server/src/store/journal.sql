-- The journal and everything that is written in one transaction with it.
-- Times are milliseconds since 1970 UTC unless the column says otherwise.

CREATE TABLE head (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  next_seq      INTEGER NOT NULL,
  step_no       INTEGER NOT NULL,
  epoch         INTEGER NOT NULL,
  applied_human INTEGER NOT NULL,
  applied_world INTEGER NOT NULL,
  merged_seq    INTEGER NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 1, 0, 0, 0, 0, 0);

-- One table per lane: each grows at its end only and needs no second index.
CREATE TABLE input_human (
  seq            INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL,
  received_at_ms INTEGER NOT NULL,
  schema         INTEGER NOT NULL,
  body           BLOB NOT NULL,
  dedup_bucket   INTEGER,
  dedup_key      BLOB
) STRICT;
CREATE TABLE input_world (
  seq            INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL,
  received_at_ms INTEGER NOT NULL,
  schema         INTEGER NOT NULL,
  body           BLOB NOT NULL,
  dedup_bucket   INTEGER,
  dedup_key      BLOB
) STRICT;
CREATE TABLE skipped (
  seq    INTEGER PRIMARY KEY,
  reason TEXT NOT NULL,
  at_ms  INTEGER NOT NULL
) STRICT;

-- A bucket is one source's day; a whole day goes at once. Its id is never used again,
-- because input rows go on naming it.
CREATE TABLE dedup_bucket (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  source    TEXT NOT NULL,
  day       INTEGER NOT NULL,
  keep_days INTEGER NOT NULL,
  UNIQUE (source, day)
) STRICT;
-- The keys of the inputs up to head.merged_seq; later ones stand in their input rows only.
CREATE TABLE dedup (
  bucket INTEGER NOT NULL,
  key    BLOB NOT NULL,
  seq    INTEGER NOT NULL,
  PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE step (
  no             INTEGER PRIMARY KEY,
  epoch          INTEGER NOT NULL,
  now_ns         INTEGER NOT NULL,
  lane           INTEGER,
  first_seq      INTEGER NOT NULL,
  last_seq       INTEGER NOT NULL,
  engine_version TEXT NOT NULL,
  digest         BLOB NOT NULL
) STRICT;

CREATE TABLE outbox (
  id            INTEGER PRIMARY KEY,
  effect_id     TEXT NOT NULL UNIQUE,
  step_no       INTEGER NOT NULL,
  kind          TEXT NOT NULL,
  incident      TEXT,
  body          BLOB NOT NULL,
  state         TEXT NOT NULL,
  cancelled     INTEGER NOT NULL DEFAULT 0,
  attempts      INTEGER NOT NULL DEFAULT 0,
  next_at_ms    INTEGER NOT NULL,
  last_error    TEXT,
  receipt       TEXT,
  created_at_ms INTEGER NOT NULL,
  done_at_ms    INTEGER
) STRICT;
-- While an effect is being sent, next_at_ms is the end of its lease.
CREATE INDEX outbox_due ON outbox (next_at_ms) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_done ON outbox (done_at_ms) WHERE done_at_ms IS NOT NULL;
CREATE INDEX outbox_incident ON outbox (incident, id) WHERE incident IS NOT NULL;

CREATE TABLE history (
  rank     INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  step_no  INTEGER NOT NULL,
  incident TEXT,
  at_ms    INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  actor    TEXT NOT NULL,
  text     TEXT NOT NULL,
  json     TEXT NOT NULL
) STRICT;
CREATE INDEX history_incident ON history (incident, rank) WHERE incident IS NOT NULL;

-- A snapshot counts from the moment its row is there; its parts are written before.
CREATE TABLE snapshot (
  step_no        INTEGER PRIMARY KEY,
  schema         INTEGER NOT NULL,
  engine_version TEXT NOT NULL,
  taken_at_ms    INTEGER NOT NULL,
  size           INTEGER NOT NULL,
  digest         BLOB NOT NULL
) STRICT;
CREATE TABLE snapshot_part (
  step_no INTEGER NOT NULL,
  part    INTEGER NOT NULL,
  body    BLOB NOT NULL,
  PRIMARY KEY (step_no, part)
) STRICT;

CREATE TABLE package (
  digest   TEXT PRIMARY KEY,
  at_ms    INTEGER NOT NULL,
  text     TEXT NOT NULL
) STRICT;

CREATE TABLE dead_letter (
  id             INTEGER PRIMARY KEY,
  source         TEXT NOT NULL,
  received_at_ms INTEGER NOT NULL,
  reason         TEXT NOT NULL,
  detail         TEXT NOT NULL,
  raw            INTEGER,
  replayed_at_ms INTEGER,
  replayed_seq   INTEGER
) STRICT;
CREATE INDEX dead_letter_source ON dead_letter (source, id);
CREATE TABLE dead_letter_dropped (
  source     TEXT PRIMARY KEY,
  dropped    INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE user (
  id            TEXT PRIMARY KEY,
  name          TEXT NOT NULL,
  email         TEXT NOT NULL UNIQUE COLLATE NOCASE,
  role          TEXT NOT NULL,
  password_hash TEXT,
  oidc_subject  TEXT UNIQUE,
  created_at_ms INTEGER NOT NULL,
  disabled_at_ms INTEGER
) STRICT;
CREATE TABLE session (
  token_hash      BLOB PRIMARY KEY,
  user            TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  csrf            TEXT NOT NULL,
  created_at_ms   INTEGER NOT NULL,
  last_seen_at_ms INTEGER NOT NULL,
  expires_at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user, created_at_ms);
CREATE INDEX session_expiry ON session (expires_at_ms);
CREATE TABLE api_token (
  id              TEXT PRIMARY KEY,
  name            TEXT NOT NULL,
  token_hash      BLOB NOT NULL UNIQUE,
  owner           TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  scopes          TEXT NOT NULL,
  created_at_ms   INTEGER NOT NULL,
  expires_at_ms   INTEGER,
  last_used_at_ms INTEGER,
  revoked_at_ms   INTEGER
) STRICT;
CREATE TABLE audit (
  id     INTEGER PRIMARY KEY,
  at_ms  INTEGER NOT NULL,
  actor  TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  json   TEXT NOT NULL
) STRICT;
CREATE INDEX audit_actor ON audit (actor, id);
-- The audit log only grows.
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
