//! # DAT-01: Backups are made, and somebody hears when they are not
//!
//! ## Why it matters
//! A backup fails in silence: the job is green, the file is empty, the message about it goes to
//! an address that nobody reads. That is found out on the day on which it is needed.
//!
//! ## How it is proved
//! From the package: each datastore of one's own has `backup`, made often enough for the loss
//! that is allowed (`every` within `rpo`), kept for longer than one turn, and an alert for its
//! failure. In the last day, age and size of the newest copy were looked at. And in the last 30
//! days that alert reached a person: a record of this criterion or of MON-05 says so.
//!
//! ## Example
//! ```sh
//! gonogo evidence add DAT-01 component/cloud-sql --result pass --method probe \
//!   --actor ci --note "newest copy 3 h old, 41 GB, yesterday 40 GB"
//! gonogo evidence add DAT-01 component/cloud-sql --result pass --method drill \
//!   --actor oncall-one --note "export switched off: paged after 26 h, as declared"
//! ```
//!
//! ## How to meet it
//! Let a job compare age and size of the newest copy with the one before and record that. Then
//! make one backup fail on purpose and wait for the page.

use gonogo_model::component::{Backup, ComponentKind};
use gonogo_model::evidence::Method;

use super::super::answer::Answer;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DAT-01",
    title: "Backups are made, and somebody hears when they are not",
    classes: &[Class::Live, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(ALERT_HOLDS),
    trigger: Some(Trigger::Datastore),
    source: include_str!("backups_watched.rs"),
    assess,
};

/// How long a look at the newest copy holds.
const LOOK_HOLDS: Duration = Duration::from_hours(24);
/// How long it holds that the alert reached somebody.
const ALERT_HOLDS: Duration = Duration::from_hours(30 * 24);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for store in case.of_kind(ComponentKind::Datastore) {
        let answer = case.component(answers, store);
        let Some(backup) = &store.backup else {
            answer.fail("it has no backup", "make one, and write `backup:`");
            continue;
        };
        declared(answer, backup);
        answer.proved_by(
            case,
            &[],
            (Method::Probe, Some(LOOK_HOLDS)),
            "look at age and size of the newest copy, and record them",
        );
        let alert = backup.alert.as_ref();
        let fired = alert
            .and_then(|a| case.package.alerts.get(&a.id))
            .is_some_and(|a| case.not_fired(a).is_none());
        let alert = alert.map(|a| Subject::Entity(Kind::Alert, a.id.clone()));
        if !fired {
            answer.proved_by(
                case,
                alert.as_slice(),
                (Method::Drill, Some(ALERT_HOLDS)),
                "make one backup fail on purpose, and record who was told",
            );
        }
    }
}

fn declared(answer: &mut Answer, backup: &Backup) {
    answer
        .must(
            backup.every <= backup.rpo,
            format!(
                "it is saved every {}, and no more than {} may be lost",
                backup.every, backup.rpo
            ),
            "save it more often, or allow more to be lost",
        )
        .must(
            backup.keep > backup.every,
            "a copy is gone before the next one is made",
            "keep copies for longer",
        )
        .must(
            backup.alert.is_some(),
            "nobody hears when it fails",
            "write the alert as `alert:` in its `backup`",
        );
}
