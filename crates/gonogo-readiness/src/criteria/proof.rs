//! Does a record answer a criterion, and still?
//!
//! A record counts when it was made by a method that the criterion takes, is bound to the digest
//! of everything it covers, is no older than it may be, and, for somebody's word on a blocker,
//! was seen by a second person. Everything else is said, and does not count.

use gonogo_model::evidence::{Evidence, Method, Outcome};
use gonogo_model::{Duration, Subject};
use jiff::{SignedDuration, Timestamp};

use super::{Case, Criterion, Gate, State, is_there};

/// How far a record may be dated ahead of our clock before it is taken for a mistake.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What was found.
pub(super) struct Found {
    /// The record that the answer rests on.
    pub record: Option<Evidence>,
    /// Why it is no pass.
    pub trouble: Option<(State, String)>,
}

/// Which records can answer, and what they have to be bound to.
pub(super) struct Wanted<'w> {
    /// What else a change of which makes a record stale.
    pub others: &'w [Subject],
    /// How long a record holds.
    pub ttl: Option<Duration>,
    /// The only method that counts, where the criterion takes several and each shows its part.
    pub method: Option<Method>,
    /// Why a record does not bear on the question; `None` where it does.
    pub leave_out: &'w dyn Fn(&Evidence) -> Option<String>,
}

/// Looks for the newest record that can answer a criterion about a subject.
pub(super) fn look(
    case: &Case<'_>,
    criterion: &Criterion,
    gate: Gate,
    subject: &Subject,
    others: &[Subject],
    ttl: Option<Duration>,
) -> Found {
    let wanted = Wanted {
        others,
        ttl,
        method: None,
        leave_out: &|_| None,
    };
    look_for(case, criterion, gate, subject, &wanted)
}

/// As [`look`], among some of the records only.
pub(super) fn look_for(
    case: &Case<'_>,
    criterion: &Criterion,
    gate: Gate,
    subject: &Subject,
    wanted: &Wanted<'_>,
) -> Found {
    let unknown = |why: String| Found {
        record: None,
        trouble: Some((State::Unknown, why)),
    };
    let records = case.records(criterion.id, subject);
    let (mut fitting, other): (Vec<&Evidence>, Vec<&Evidence>) =
        records.into_iter().partition(|r| {
            criterion.takes(r.method) && wanted.method.is_none_or(|method| r.method == method)
        });
    let mut left_out = None;
    fitting.retain(|record| {
        let why = (wanted.leave_out)(record);
        let bears = why.is_none();
        left_out = why.or(left_out.take());
        bears
    });
    let (dated, ahead): (Vec<&Evidence>, Vec<&Evidence>) = fitting
        .into_iter()
        .partition(|r| r.observed_at.0.duration_since(case.now) <= CLOCK_SKEW);
    // Of two of the same moment the worse one counts.
    let newest = dated
        .into_iter()
        .max_by_key(|r| (r.observed_at.0, r.result));
    let Some(record) = newest else {
        return unknown(match other.first() {
            _ if !ahead.is_empty() => "the evidence is dated in the future".into(),
            _ if left_out.is_some() => left_out.unwrap_or_default(),
            Some(r) => format!(
                "there is a record by {}, and this needs {}",
                method_phrase(r.method),
                needs(criterion, wanted.method)
            ),
            None => format!(
                "no evidence yet: this needs {}",
                needs(criterion, wanted.method)
            ),
        });
    };
    Found {
        trouble: trouble(case, gate, record, subject, wanted.others, wanted.ttl),
        record: Some(record.clone()),
    }
}

fn trouble(
    case: &Case<'_>,
    gate: Gate,
    record: &Evidence,
    subject: &Subject,
    others: &[Subject],
    ttl: Option<Duration>,
) -> Option<(State, String)> {
    if let Some(unbound) = unbound(case, record, subject, others) {
        return Some(unbound);
    }
    let day = day(record.observed_at.0);
    if record.result == Outcome::Fail {
        let why = record.note.as_deref().unwrap_or("without a note");
        return Some((State::Fail, format!("it failed on {day}: {why}")));
    }
    let ttl = match (record.ttl, ttl) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    if let Some(ttl) = ttl {
        let age = case.now.duration_since(record.observed_at.0);
        if age > ttl.signed() {
            return Some((
                State::Stale,
                format!("the record of {day} is older than {ttl}"),
            ));
        }
    }
    if record.method == Method::Attest {
        for name in std::iter::once(&record.actor).chain(&record.reviewer) {
            let people = &case.package.people;
            let person = people.values().find(|p| p.id.as_str() == name.trim());
            let why = match person {
                None => format!("`{name}` attests it, and is nobody of this package"),
                Some(p) if p.placeholder => {
                    format!("`{name}` attests it, and is a placeholder")
                }
                Some(p) if !is_there(p, record.observed_at.0) => {
                    format!("`{name}` attests it, and had left by then")
                }
                Some(_) => continue,
            };
            return Some((State::Unknown, why));
        }
    }
    if gate == Gate::Blocker && record.method == Method::Attest {
        let second = record
            .reviewer
            .as_deref()
            .map(str::trim)
            .filter(|r| !r.is_empty());
        match second {
            None => {
                return Some((
                    State::Unknown,
                    "one person's word: a second one has to look".into(),
                ));
            }
            Some(second) if second.eq_ignore_ascii_case(record.actor.trim()) => {
                return Some((State::Unknown, "the second person is the first".into()));
            }
            Some(_) => {}
        }
    }
    None
}

/// Why a record no longer speaks of what there is: something it covers changed, or it never said
/// which version of it it covers.
pub(crate) fn unbound(
    case: &Case<'_>,
    record: &Evidence,
    subject: &Subject,
    others: &[Subject],
) -> Option<(State, String)> {
    let day = day(record.observed_at.0);
    for covered in std::iter::once(subject).chain(others) {
        let now = case.package.digests.get(covered);
        let then = record.covers.get(&covered.to_string());
        match (now, then) {
            (Some(now), Some(then)) if now == then => {}
            (None, _) => {}
            (Some(_), Some(_)) => {
                let had = if record.result == Outcome::Fail {
                    ", and it had failed"
                } else {
                    ""
                };
                return Some((
                    State::Stale,
                    format!("`{covered}` changed since {day}{had}"),
                ));
            }
            (Some(_), None) => {
                let why = format!("the record of {day} is not bound to the digest of `{covered}`");
                return Some((State::Unknown, why));
            }
        }
    }
    // What else the record says it covers binds it too.
    let changed = record.covers.iter().find(|(name, then)| {
        let now = Subject::parse(name).ok();
        now.and_then(|s| case.package.digests.get(&s)) != Some(then)
    });
    if let Some((name, _)) = changed {
        return Some((
            State::Stale,
            format!("`{name}` changed since {day}, or is gone"),
        ));
    }
    None
}

/// The day of an instant, in UTC.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn method_phrase(method: Method) -> &'static str {
    match method {
        Method::Lint => "lint",
        Method::Graph => "graph",
        Method::Probe => "probe",
        Method::Drill => "drill",
        Method::Artifact => "artifact",
        Method::Attest => "attestation",
    }
}

/// "a drill or a probe"
fn needs(criterion: &Criterion, method: Option<Method>) -> String {
    let wanted: Vec<&str> = criterion
        .classes
        .iter()
        .filter(|class| method.is_none_or(|method| class.takes(method)))
        .filter_map(|class| match class {
            super::Class::Lint | super::Class::Graph => None,
            super::Class::Live => Some("a probe"),
            super::Class::Drill => Some("a drill"),
            super::Class::Artifact => Some("an artifact"),
            super::Class::Attestation => Some("an attestation"),
        })
        .collect();
    wanted.join(" or ")
}
