//! Records that answer readiness criteria.
//!
//! The store knows what they are about, to keep the newest of each; the rest is text to it.
//! Invariant: a record and the audit row that says who gave it are one transaction.

use rusqlite::{OptionalExtension, params};

use super::writer::Urgency;
use super::{Store, StoreError, Write};

/// Records kept about one subject of one criterion by one method; the oldest leave first.
pub const EVIDENCE_PER_SUBJECT_MAX: u32 = 20;
/// Records kept in all; at the limit no other one is taken.
pub const EVIDENCE_MAX: u32 = 20_000;
/// The longest record, in bytes.
pub const EVIDENCE_BYTES_MAX: usize = 64 * 1024;

/// A record to be kept.
#[derive(Clone, Debug)]
pub struct NewEvidence {
    /// When it was given.
    pub recorded_at_ms: i64,
    /// The account that gave it.
    pub recorded_by: String,
    /// What it answers.
    pub criterion: String,
    /// What it is about.
    pub subject: String,
    /// How it was found out.
    pub method: String,
    /// All of it.
    pub json: String,
}

impl Store {
    /// Keeps a record and answers its id; one that is kept already is left as it is.
    pub fn add_evidence(&self, record: NewEvidence) -> Write<i64> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let size = record.json.len();
            if size > EVIDENCE_BYTES_MAX {
                return Err(StoreError::TooLarge {
                    what: "evidence in bytes",
                    size: size as u64,
                    max: EVIDENCE_BYTES_MAX as u64,
                });
            }
            let NewEvidence {
                recorded_at_ms,
                recorded_by,
                criterion,
                subject,
                method,
                json,
            } = record;
            let same = conn
                .prepare_cached(
                    "SELECT id FROM evidence
                     WHERE criterion = ?1 AND subject = ?2 AND method = ?3 AND json = ?4",
                )?
                .query_row(params![criterion, subject, method, json], |r| r.get(0))
                .optional()?;
            if let Some(id) = same {
                return Ok(id);
            }
            let kept: u32 = conn
                .prepare_cached("SELECT count(*) FROM evidence")?
                .query_row([], |r| r.get(0))?;
            if kept >= EVIDENCE_MAX {
                return Err(StoreError::TooLarge {
                    what: "number of evidence records",
                    size: u64::from(kept) + 1,
                    max: u64::from(EVIDENCE_MAX),
                });
            }
            conn.prepare_cached(
                "INSERT INTO evidence (recorded_at_ms, recorded_by, criterion, subject, method, json)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![recorded_at_ms, recorded_by, criterion, subject, method, json])?;
            let id = conn.last_insert_rowid();
            conn.prepare_cached(
                "INSERT INTO audit (at_ms, actor, action, target, json)
                 VALUES (?1, ?2, 'evidence.recorded', ?3, ?4)",
            )?
            .execute(params![
                recorded_at_ms,
                recorded_by,
                format!("{criterion} {subject}"),
                json
            ])?;
            conn.prepare_cached(
                "DELETE FROM evidence WHERE criterion = ?1 AND subject = ?2 AND method = ?3
                   AND id NOT IN (SELECT id FROM evidence
                     WHERE criterion = ?1 AND subject = ?2 AND method = ?3
                     ORDER BY id DESC LIMIT ?4)",
            )?
            .execute(params![criterion, subject, method, EVIDENCE_PER_SUBJECT_MAX])?;
            Ok(id)
        })
    }

    /// All records that are kept, oldest first, as they were given.
    pub fn evidence(&self) -> Result<Vec<String>, StoreError> {
        self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached("SELECT json FROM evidence ORDER BY id")?
                .query_map([], |r| r.get(0))?
                .collect::<Result<_, _>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(subject: &str, n: u32) -> NewEvidence {
        NewEvidence {
            recorded_at_ms: 1,
            recorded_by: "ci".into(),
            criterion: "RBK-03".into(),
            subject: subject.into(),
            method: "drill".into(),
            json: format!(r#"{{"n":{n}}}"#),
        }
    }

    #[test]
    fn the_newest_of_each_are_kept_and_one_that_is_kept_is_not_kept_twice() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let first = store.add_evidence(record("runbook/a", 0)).wait().unwrap();
        assert_eq!(
            store.add_evidence(record("runbook/a", 0)).wait().unwrap(),
            first
        );
        store.add_evidence(record("runbook/b", 0)).wait().unwrap();
        for n in 1..=EVIDENCE_PER_SUBJECT_MAX {
            store.add_evidence(record("runbook/a", n)).wait().unwrap();
        }
        let kept = store.evidence().unwrap();
        assert_eq!(kept.len() as u32, EVIDENCE_PER_SUBJECT_MAX + 1);
        assert_eq!(
            kept[..2],
            [r#"{"n":0}"#, r#"{"n":1}"#],
            "the other subject's, and the oldest left"
        );
        let audit = store.audit(&crate::store::AuditFilter {
            limit: 100,
            ..Default::default()
        });
        assert_eq!(audit.unwrap().len() as u32, EVIDENCE_PER_SUBJECT_MAX + 2);
        let mut long = record("runbook/a", 0);
        long.json = "x".repeat(EVIDENCE_BYTES_MAX + 1);
        let refused = store.add_evidence(long).wait();
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    }
}
