//! Since when each part of the package in force is as it is.
//!
//! What was seen before a change says nothing of what there is after it. Invariant: what was
//! there at the start counts as unchanged, since its history was recovered together with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_engine::Time;
use gonogo_engine::plan::Plan;
use gonogo_model::Subject;

/// When each subject's digest was first seen; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Since {
    plan: Option<Arc<Plan>>,
    changed: Arc<BTreeMap<Subject, Time>>,
}

impl Since {
    /// Takes note of a package in force.
    pub(super) fn see(&mut self, plan: &Arc<Plan>, at: Time) {
        let Some(before) = self.plan.replace(Arc::clone(plan)) else {
            return;
        };
        if Arc::ptr_eq(&before, plan) {
            return;
        }
        let (was, is) = (&before.package.digests, &plan.package.digests);
        let mut changed = BTreeMap::clone(&self.changed);
        changed.retain(|subject, _| is.contains_key(subject));
        for (subject, digest) in is {
            if was.get(subject) != Some(digest) {
                changed.insert(subject.clone(), at);
            }
        }
        self.changed = Arc::new(changed);
    }

    /// Has a subject been as it is since an instant?
    pub(super) fn unchanged(&self, subject: &Subject, at: Time) -> bool {
        self.changed.get(subject).is_none_or(|since| *since <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_model::{PackageText, load};

    fn plan(second: &str) -> Arc<Plan> {
        let mut text = PackageText::default();
        let yaml = format!(
            "components:\n  - {{id: a, name: A, kind: service}}\n  - {{id: b, name: {second}, kind: service}}\n"
        );
        text.files.insert("gonogo.yaml".into(), yaml);
        Arc::new(Plan::new(load(&text).package, text))
    }

    #[test]
    fn only_what_changed_has_to_be_seen_again() {
        let at = Time::from_millis;
        let subject = |text: &str| Subject::parse(text).unwrap();
        let mut since = Since::default();
        let first = plan("B");
        since.see(&first, at(100));
        assert!(
            since.unchanged(&subject("component/b"), at(50)),
            "it was recovered so"
        );
        since.see(&first, at(200));
        since.see(&plan("Other"), at(300));
        assert!(since.unchanged(&subject("component/a"), at(50)));
        assert!(!since.unchanged(&subject("component/b"), at(299)));
        assert!(since.unchanged(&subject("component/b"), at(300)));
    }
}
