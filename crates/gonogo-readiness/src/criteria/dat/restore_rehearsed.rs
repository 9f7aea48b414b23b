//! # DAT-02: A restore was rehearsed, in time and without losing too much
//!
//! ## Why it matters
//! What counts is not the backup but the restore: the key that is missing, the eleven hours of
//! copying, the extension that the new server lacks. Each of them is a morning's work in a drill
//! and the end of a company in an outage.
//!
//! ## How it is proved
//! By a drill in the last 90 days about each datastore of one's own. The record says how long it
//! took (`took`, within the `rto`) and how much was missing (`lost`, within the `rpo`). It is
//! bound to the datastore and to the runbook of its restore.
//!
//! ## Example
//! ```sh
//! gonogo evidence add DAT-02 component/cloud-sql --result pass --method drill \
//!   --actor oncall-one --took 48m --lost 4m --note "into an empty project, 12 tables counted and equal"
//! ```
//!
//! ## How to meet it
//! Restore the newest copy into an empty project by the runbook, with somebody who did not write
//! it, and compare counts and sums with production.

use gonogo_model::component::{Backup, ComponentKind};
use gonogo_model::evidence::Evidence;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DAT-02",
    title: "A restore was rehearsed, in time and without losing too much",
    classes: &[Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: Some(Trigger::Datastore),
    source: include_str!("restore_rehearsed.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for store in case.of_kind(ComponentKind::Datastore) {
        let answer = case.component(answers, store);
        let Some(backup) = &store.backup else {
            answer.fail(
                "it has no backup to restore",
                "make one, and write `backup:`",
            );
            continue;
        };
        let runbook = backup.runbook.as_ref();
        let runbook = runbook.map(|r| Subject::Entity(Kind::Runbook, r.id.clone()));
        answer
            .must(
                runbook.is_some(),
                "how it is restored is not written",
                "write the runbook as `runbook:` in its `backup`",
            )
            .proved(
                case,
                runbook.as_slice(),
                "restore the newest copy into an empty place, and record how long it took",
            )
            .shows(
                "make the restore faster, or agree on another `rto`",
                |record| within("took", record.took, backup.rto, "may take"),
            )
            .shows("save more often, or agree on another `rpo`", |record| {
                lost(record, backup)
            });
    }
}

fn lost(record: &Evidence, backup: &Backup) -> Option<(State, String)> {
    within("lost", record.lost, backup.rpo, "may lose")
}

fn within(
    verb: &str,
    found: Option<Duration>,
    most: Duration,
    may: &str,
) -> Option<(State, String)> {
    match found {
        None => Some((
            State::Unknown,
            match verb {
                "took" => "the record does not say how long it took".into(),
                _ => "the record does not say how much was lost".into(),
            },
        )),
        Some(found) if found > most => {
            Some((State::Fail, format!("it {verb} {found}, and {may} {most}")))
        }
        Some(_) => None,
    }
}
