//! Whether a record may be kept, and binding it to the versions of what it covers.
//!
//! The command line and the server keep records by these same rules. Invariant: nothing is kept
//! that would not count at the moment it is recorded.

use std::collections::BTreeMap;

use gonogo_model::diagnostic::did_you_mean;
use gonogo_model::evidence::{Evidence, Method, Outcome};
use gonogo_model::{Id, Package, Subject};
use jiff::Timestamp;

use crate::criteria::{self, Answer, Answers, Case, Criterion, Gate, State};

/// How many subjects a refusal names.
const NAMED_MAX: usize = 12;

/// Why a record is not kept, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable: programs may rely on it.
    pub code: &'static str,
    /// Why, in one sentence without its full stop.
    pub why: String,
    /// What to do about it.
    pub help: String,
}

impl Refusal {
    /// For a reason.
    pub fn new(code: &'static str, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            why: why.into(),
            help: help.into(),
        }
    }
}

/// Checks a record against a package, and binds it to what it covers: its subject, what the
/// criterion asks for, and `also`. Digests that it came with are replaced.
pub fn bind(mut record: Evidence, case: &Case<'_>, also: &[Subject]) -> Result<Evidence, Refusal> {
    let criterion = criterion(&record.criterion.value)?;
    takes(criterion, record.method)?;
    dated(record.observed_at.0, case.now)?;
    let answer = about(criterion, &record.subject.value, case)?;
    if record.method == Method::Attest {
        attested_by(&record, &answer, case.package)?;
    }
    if let (Some(ttl), Some(most)) = (record.ttl, criterion.ttl)
        && ttl > most
    {
        return Err(Refusal::new(
            "holds_too_long",
            format!("evidence for {} holds for {most} at most", criterion.id),
            "leave its time out, or make it shorter",
        ));
    }
    let others = answer.covers.iter().flatten().chain(also);
    let covered = std::iter::once(&record.subject.value).chain(others);
    record.covers = digests(covered, case.package)?;
    record.criterion.value = criterion.id.to_string();
    record.package_digest = Some(case.text.digest().0);
    if record.method == Method::Attest {
        counts(&record, criterion, case)?;
    }
    Ok(record)
}

/// Somebody's word counts only from whom the criterion asks; a record of it by anybody else
/// would lie there and never count.
fn counts(
    record: &Evidence,
    criterion: &'static Criterion,
    case: &Case<'_>,
) -> Result<(), Refusal> {
    let alone = case.with_only(record);
    let answer = about(criterion, &record.subject.value, &alone)?;
    let trouble = match answer.evidence.is_empty() {
        true => answer.state.is_open(),
        false => record.result == Outcome::Pass && answer.state == State::Unknown,
    };
    match answer.reasons.first().filter(|_| trouble) {
        None => Ok(()),
        Some(why) => Err(Refusal::new(
            "would_not_count",
            format!("it would not count: {why}"),
            format!("`gonogo explain {}` says whose word it takes", criterion.id),
        )),
    }
}

/// The criterion of a name.
pub fn criterion(code: &str) -> Result<&'static Criterion, Refusal> {
    criteria::find(code).ok_or_else(|| {
        let near = did_you_mean(&code.to_uppercase(), criteria::all().map(|c| c.id));
        let help = near.map_or_else(
            || "`gonogo explain` lists them all".to_string(),
            |near| format!("did you mean `{near}`?"),
        );
        Refusal::new(
            "unknown_criterion",
            format!("there is no criterion `{code}`"),
            help,
        )
    })
}

/// The answer of a criterion about a subject, which says what evidence has to cover.
pub fn about(
    criterion: &'static Criterion,
    subject: &Subject,
    case: &Case<'_>,
) -> Result<Answer, Refusal> {
    let mut answers = Answers::new(criterion, case.profile());
    (criterion.assess)(case, &mut answers);
    let all = answers.into_vec();
    let found = all.iter().find(|a| a.subject == *subject);
    found.cloned().ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|a| a.subject.to_string()).collect();
        let typed = subject.to_string();
        let help = match did_you_mean(&typed, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "this package has nothing that it asks about".into(),
            None => {
                let some = names[..names.len().min(NAMED_MAX)].join(", ");
                match names.len().saturating_sub(NAMED_MAX) {
                    0 => format!("it asks about {some}"),
                    more => format!("it asks about {some} and {more} more"),
                }
            }
        };
        Refusal::new(
            "not_asked_about",
            format!("{} does not ask about `{typed}`", criterion.id),
            help,
        )
    })
}

/// Somebody of a package who can vouch for something.
pub fn person(name: &str, package: &Package) -> Result<Id, Refusal> {
    let people = &package.people;
    match people.values().find(|p| p.id.as_str() == name) {
        Some(p) if p.placeholder => Err(Refusal::new(
            "placeholder",
            format!("`{name}` is a placeholder, and cannot vouch for anything"),
            "fill in who it is, and take `placeholder: true` away",
        )),
        Some(p) => Ok(p.id.value.clone()),
        None => {
            let near = did_you_mean(name, people.keys().map(Id::as_str));
            let help = near.map_or_else(
                || "name somebody under `people`".to_string(),
                |near| format!("did you mean `{near}`?"),
            );
            Err(Refusal::new(
                "unknown_person",
                format!("there is no person `{name}` in this package"),
                help,
            ))
        }
    }
}

/// The digest of each of some subjects, as they are in a package.
pub fn digests<'s>(
    subjects: impl Iterator<Item = &'s Subject>,
    package: &Package,
) -> Result<BTreeMap<String, String>, Refusal> {
    let digest = |subject: &Subject| {
        let found = package.digests.get(subject).ok_or_else(|| {
            Refusal::new(
                "unknown_subject",
                format!("there is no `{subject}` in this package"),
                "name what the record is about, such as `component/billing`",
            )
        })?;
        Ok((subject.to_string(), found.clone()))
    };
    subjects.map(digest).collect()
}

fn takes(criterion: &Criterion, method: Method) -> Result<(), Refusal> {
    if criterion.is_static() {
        return Err(Refusal::new(
            "decided_by_package",
            format!("{} is decided by the package alone", criterion.id),
            format!("`gonogo explain {}` says how to meet it", criterion.id),
        ));
    }
    if criterion.takes(method) {
        return Ok(());
    }
    let wanted: Vec<&str> = criterion.classes.iter().map(|c| c.word()).collect();
    Err(Refusal::new(
        "wrong_method",
        format!("{} is not answered by {method}", criterion.id),
        format!("it needs {}", wanted.join(" and ")),
    ))
}

fn dated(at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if at <= now {
        return Ok(());
    }
    Err(Refusal::new(
        "in_the_future",
        format!("{at} is in the future"),
        "record what was found out when it has been",
    ))
}

/// Somebody's word needs somebody, and on a blocker a second one.
fn attested_by(record: &Evidence, answer: &Answer, package: &Package) -> Result<(), Refusal> {
    for name in std::iter::once(&record.actor).chain(&record.reviewer) {
        person(name, package)?;
    }
    let second = record.reviewer.as_ref().filter(|r| **r != record.actor);
    if answer.gate == Gate::Blocker && second.is_none() {
        return Err(Refusal::new(
            "second_person",
            "on a blocker, one person's word is not enough",
            "name somebody else as the reviewer, who looked at it",
        ));
    }
    Ok(())
}
