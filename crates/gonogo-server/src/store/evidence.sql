-- Records that answer readiness criteria, as they were given and bound.
CREATE TABLE evidence (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  recorded_at_ms INTEGER NOT NULL,
  recorded_by    TEXT NOT NULL,
  criterion      TEXT NOT NULL,
  subject        TEXT NOT NULL,
  method         TEXT NOT NULL,
  json           TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_about ON evidence (criterion, subject, method, id);
