//! Keeping a record that somebody gave.
//!
//! Invariant: what is kept was accepted by the rules of the command line, and carries the digests
//! of what it covers as it is in force, whatever whoever gave it believed.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use gonogo_model::evidence::Evidence;
use gonogo_model::{PackageText, Subject, load};
use gonogo_readiness::criteria::Case;
use gonogo_readiness::graph::Graph;
use gonogo_readiness::recording::{Refusal, bind};
use gonogo_readiness::report::evidence::value;
use serde_json::json;

use super::Readiness;
use crate::site::Site;
use crate::store::{NewEvidence, StoreError};

/// Records that are read at once.
const READ_AT_ONCE: usize = 200;

/// A record as somebody gave it.
pub struct Given {
    /// The record; what it covers is bound by us.
    pub record: Evidence,
    /// What it covers besides what the criterion asks for.
    pub covers: Vec<Subject>,
    /// The account that gave it.
    pub by: String,
}

/// Why a record was not kept.
pub enum NotKept {
    /// It would not count.
    Refused(Refusal),
    /// It could not be written down.
    Store(StoreError),
}

impl Readiness {
    /// Binds a record and keeps it. `Ok` means that it is durable.
    pub async fn keep(&self, site: &Site, given: Given) -> Result<(i64, Evidence), NotKept> {
        let (view, now) = (site.view(), site.clock.now());
        let Given { record, covers, by } = given;
        let bound = tokio::task::spawn_blocking(move || {
            let plan = &view.plan;
            let graph = Graph::new(&plan.package);
            let now = now.timestamp();
            let case = Case::new(&plan.package, &plan.text, &graph, &[], now);
            bind(record, &case, &covers)
        });
        let record = bound
            .await
            .map_err(|e| NotKept::Store(StoreError::Unavailable(format!("not judged: {e}"))))?
            .map_err(NotKept::Refused)?;
        let row = NewEvidence {
            recorded_at_ms: now.as_millis(),
            recorded_by: by,
            criterion: record.criterion.value.clone(),
            subject: record.subject.value.to_string(),
            method: record.method.to_string(),
            json: value(&record).to_string(),
        };
        let id = site.store.add_evidence(row).await.map_err(NotKept::Store)?;
        let rows = site.store.blocking(|s| s.evidence()).await;
        let rows = rows.map_err(NotKept::Store)?;
        self.replace(read(&rows));
        Ok((id, record))
    }

    fn replace(&self, given: Vec<Evidence>) {
        let kept = self.inner.given.lock();
        let mut kept = kept.unwrap_or_else(PoisonError::into_inner);
        *kept = Arc::new(given);
        drop(kept);
        self.inner.version.fetch_add(1, Ordering::Release);
    }
}

/// Records as they were written down. The loader of packages reads them, as it reads files.
pub(super) fn read(rows: &[String]) -> Vec<Evidence> {
    let mut found = Vec::new();
    for some in rows.chunks(READ_AT_ONCE) {
        let mut text = PackageText::default();
        let file = format!("{{\"evidence\": [{}]}}", some.join(",\n"));
        text.files.insert("evidence/server.yaml".into(), file);
        found.extend(load(&text).package.evidence);
    }
    if found.len() < rows.len() {
        let lost = rows.len() - found.len();
        tracing::error!(lost, "records of evidence cannot be read, and do not count");
    }
    found
}

/// The shape of a file of evidence, which is also what the API answers.
pub(crate) fn file(records: &[Evidence]) -> serde_json::Value {
    let records: Vec<_> = records.iter().map(value).collect();
    json!({"evidence": records, "exceptions": []})
}
