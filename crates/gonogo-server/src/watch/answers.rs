//! What probes found, as the journal keeps it: news at once, equal answers summed up.

use std::collections::BTreeMap;
use std::time::Duration;

use gonogo_engine::Time;
use gonogo_engine::input::{
    Certificate, CheckResult, CheckVerdict, Notice, Phases, Registration, Seen,
};
use gonogo_model::Id;

use crate::probe::{ProbeResult, VendorNotice, Verdict};

/// The answers of checks, of which those that are no news wait for the next summary.
#[derive(Debug, Default)]
pub struct Answers {
    settles_after: BTreeMap<Id, u32>,
    kept: BTreeMap<Id, Kept>,
}

impl Answers {
    /// Says after how many equal answers each check has settled. A check that is not among
    /// them is forgotten.
    pub fn settle_after(&mut self, settles_after: BTreeMap<Id, u32>) {
        self.kept.retain(|id, _| settles_after.contains_key(id));
        self.settles_after = settles_after;
    }

    /// Takes an answer in; what comes back is to be told now, in that order.
    pub fn take(&mut self, answer: &ProbeResult, now: Time) -> Vec<CheckResult> {
        let Ok(id) = Id::parse(&answer.check) else {
            return Vec::new();
        };
        let result = converted(id.clone(), now, answer);
        let settles_after = self.settles_after.get(&id).copied().unwrap_or(1);
        let kept = self.kept.entry(id).or_default();
        kept.run = match &kept.last {
            Some(last) if same(last, &result) => kept.run.saturating_add(1),
            _ => 1,
        };
        // Until a check has settled every answer counts: a few in a row make a verdict.
        if kept.run > settles_after.max(1) {
            kept.waiting += 1;
            kept.last = Some(result);
            return Vec::new();
        }
        let before = kept.flush();
        kept.last = Some(result.clone());
        before.into_iter().chain([result]).collect()
    }

    /// What waited, as one answer for each check.
    pub fn sum_up(&mut self) -> Vec<CheckResult> {
        self.kept.values_mut().filter_map(Kept::flush).collect()
    }
}

#[derive(Debug, Default)]
struct Kept {
    last: Option<CheckResult>,
    /// How many equal answers there were in a row.
    run: u32,
    /// Equal answers since the last one that was told.
    waiting: u32,
}

impl Kept {
    fn flush(&mut self) -> Option<CheckResult> {
        let count = std::mem::take(&mut self.waiting);
        let last = self.last.as_ref().filter(|_| count > 0)?;
        Some(CheckResult {
            count,
            ..last.clone()
        })
    }
}

/// Do two answers say the same? A failing one is always news: a few in a row make a verdict,
/// and that must not wait for a summary.
fn same(before: &CheckResult, after: &CheckResult) -> bool {
    before.verdict == after.verdict
        && before.code == after.code
        && before.certificate == after.certificate
        && before.registration == after.registration
        && before.seen.notices == after.seen.notices
        && before.seen.content == after.seen.content
        && after.verdict == CheckVerdict::Ok
}

/// A check that cannot be asked as it is configured.
pub fn not_configured(check: Id, at: Time, why: String) -> CheckResult {
    result(check, at, CheckVerdict::Unknown, "not_configured", why)
}

fn converted(check: Id, at: Time, answer: &ProbeResult) -> CheckResult {
    let verdict = match answer.verdict {
        Verdict::Ok => CheckVerdict::Ok,
        Verdict::Failing => CheckVerdict::Failing,
        Verdict::Unknown => CheckVerdict::Unknown,
    };
    let mut result = result(check, at, verdict, answer.code, answer.detail.clone());
    result.took = gonogo_model::Duration::from_millis(
        i64::try_from(answer.took.as_millis()).unwrap_or(i64::MAX),
    );
    result.seen = Box::new(seen(answer));
    result.certificate = answer.certificate.as_ref().map(|c| Certificate {
        not_before: Time::from(c.not_before),
        not_after: Time::from(c.earliest_chain_expiry.min(c.not_after)),
        issuer: c.issuer.clone(),
        serial: c.serial.clone(),
    });
    result.registration = answer.registration.as_ref().map(|r| Registration {
        ends: r.ends.map(Time::from),
        registrar: r.registrar.clone(),
        status: r.status.clone(),
    });
    result
}

fn result(check: Id, at: Time, verdict: CheckVerdict, code: &str, detail: String) -> CheckResult {
    CheckResult {
        check,
        at,
        verdict,
        code: code.into(),
        detail,
        took: gonogo_model::Duration::ZERO,
        count: 1,
        certificate: None,
        registration: None,
        seen: Box::default(),
    }
}

/// What a probe saw besides, as the journal keeps it.
fn seen(answer: &ProbeResult) -> Seen {
    let millis = |phase: Option<Duration>| {
        phase.map(|length| u32::try_from(length.as_millis()).unwrap_or(u32::MAX))
    };
    let notice = |notice: &VendorNotice| Notice {
        title: notice.title.clone(),
        state: notice.state.clone(),
        counts: notice.counts,
        since: notice.since.map(Time::from),
        link: notice.link.clone(),
    };
    let extra = &answer.extra;
    Seen {
        phases: Phases {
            dns: millis(answer.phases.dns),
            connect: millis(answer.phases.connect),
            tls: millis(answer.phases.tls),
            first_byte: millis(answer.phases.first_byte),
            transfer: millis(answer.phases.transfer),
        },
        notices: extra.notices.iter().map(notice).collect(),
        remarks: extra.remarks.clone(),
        content: extra.content.clone(),
    }
}
