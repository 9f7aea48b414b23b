//! How far a runbook can be trusted tonight: computed from evidence, never typed.
//!
//! Following it is what proves it, step by step, and only when somebody else than its author
//! did. A record holds until its time is over, or until the runbook or a component that it
//! covers is another one than it was then.

use gonogo_model::evidence::{Evidence, Method, Outcome, StepOutcome};
use gonogo_model::percent::Percent;
use gonogo_model::runbook::{Runbook, Step};
use gonogo_model::{Duration, Id, Kind, Subject};
use jiff::Timestamp;

use crate::criteria::{Case, State, day, unbound};
use crate::mentions;

/// The criterion whose records say that a runbook was followed.
pub const FOLLOWED: &str = "RBK-03";
/// The criterion whose records say that its links, commands and references were tried.
pub const TRIED: &str = "RBK-04";
/// How long a verification holds for tiers 1 and 2.
pub const HOLDS: Duration = Duration::from_hours(90 * 24);
/// How long it holds for what matters less.
pub const HOLDS_LOW_TIER: Duration = Duration::from_hours(180 * 24);
/// What runs by itself and so cannot tell whether a person understands the text.
const NOT_A_PERSON: &str = "gonogo";

/// How far a runbook can be trusted, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Somebody else than its author followed it, not long ago, and nothing changed since.
    Fresh,
    /// So it is, and more than two thirds of the time for which that holds are over.
    Aging,
    /// It was proven too long ago, or something that it covers changed since.
    Stale,
    /// Nobody but its author ever followed it.
    Unproven,
    /// A step, a link or a name in it is known not to work.
    Broken,
}

impl Freshness {
    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Aging => "aging",
            Self::Stale => "stale",
            Self::Unproven => "unproven",
            Self::Broken => "broken",
        }
    }
}

/// How far a runbook can be trusted, and why.
#[derive(Clone, Debug)]
pub struct RunbookStatus {
    /// How far.
    pub freshness: Freshness,
    /// Why it is no better, one sentence each.
    pub reasons: Vec<String>,
    /// The newest time that somebody else than its author followed it.
    pub verified: Option<Verification>,
    /// Its steps, in order, with what is known of each.
    pub steps: Vec<StepProof>,
}

/// That somebody followed a runbook.
#[derive(Clone, Debug)]
pub struct Verification {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// When that is too long ago.
    pub until: Timestamp,
}

/// What is known of a step.
#[derive(Clone, Debug)]
pub struct StepProof {
    /// Its name within the runbook: `mitigate-2`.
    pub step: String,
    /// The sentence above it; empty for one that is missing.
    pub title: String,
    /// What came of it the last time that it was needed; `None` where nobody did it yet, or too
    /// long ago, or as it was then.
    pub last: Option<Tried>,
}

/// What came of a step, and when.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What came of it.
    pub outcome: StepOutcome,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
}

impl StepProof {
    /// Did it do what it says, as it stands there now?
    pub fn is_proven(&self) -> bool {
        self.outcome() == Some(StepOutcome::Ok)
    }

    /// Is it known not to work?
    pub fn is_broken(&self) -> bool {
        matches!(
            self.outcome(),
            Some(StepOutcome::Failed | StepOutcome::Missing)
        )
    }

    fn outcome(&self) -> Option<StepOutcome> {
        self.last.as_ref().map(|tried| tried.outcome)
    }
}

impl RunbookStatus {
    /// Of a runbook, with what is known at the moment that the case judges.
    pub fn of(case: &Case<'_>, runbook: &Runbook) -> Self {
        let subject = mentions::subject(runbook);
        let others = covered(runbook);
        let holds = holds(case, &subject);
        let followed = followed(case, runbook, &subject);
        let mut status = Self {
            freshness: Freshness::Fresh,
            reasons: Vec::new(),
            verified: None,
            steps: steps(case, runbook),
        };
        status.age(case, runbook, &followed, &subject, &others, holds);
        for step in status.steps.clone().iter().filter(|s| s.is_broken()) {
            status.worsen(Freshness::Broken, broken_step(step));
        }
        for dead in mentions::dead(case.package, case.text, runbook) {
            let why = format!(
                "it names the {} `{}`, which is not there",
                dead.what, dead.name
            );
            status.worsen(Freshness::Broken, why);
        }
        if let Some((State::Fail, why)) = case.standing(TRIED, &subject) {
            status.worsen(Freshness::Broken, format!("its links and commands: {why}"));
        }
        status
    }

    /// The share of its steps that are proven; `None` for a runbook without typed steps.
    pub fn coverage(&self) -> Option<Percent> {
        let written = || self.steps.iter().filter(|s| !s.is_missing());
        let proven = written().filter(|s| s.is_proven()).count();
        Percent::of(proven as u64, written().count() as u64)
    }

    /// Judges the newest time that it was followed.
    fn age(
        &mut self,
        case: &Case<'_>,
        runbook: &Runbook,
        followed: &[&Evidence],
        subject: &Subject,
        others: &[Subject],
        holds: Duration,
    ) {
        let Some(newest) = followed.first() else {
            let why = match case.records(FOLLOWED, subject).is_empty() {
                true => "nobody ever followed it".into(),
                false => format!(
                    "only its author, {}, followed it",
                    authors(case, runbook).join(" or ")
                ),
            };
            self.worsen(Freshness::Unproven, why);
            return;
        };
        let holds = newest.ttl.map_or(holds, |own| own.min(holds));
        let at = newest.observed_at.0;
        self.verified = Some(Verification {
            at,
            by: newest.actor.clone(),
            until: at.checked_add(holds.signed()).unwrap_or(Timestamp::MAX),
        });
        let changed = unbound(case, newest, subject, others);
        if let Some((_, why)) = changed {
            self.worsen(Freshness::Stale, why);
        } else if newest.result == Outcome::Fail {
            let note = newest.note.as_deref().unwrap_or("without a note");
            let why = format!("following it failed on {}: {note}", day(at));
            self.worsen(Freshness::Broken, why);
        }
        let age = case.now.duration_since(at);
        if age > holds.signed() {
            let why = format!("it was followed on {}, longer ago than {holds}", day(at));
            self.worsen(Freshness::Stale, why);
        } else if age.as_millis() > i128::from(holds.as_millis()) * 2 / 3 {
            let why = format!("it was followed on {}, which is soon too long ago", day(at));
            self.worsen(Freshness::Aging, why);
        }
    }

    fn worsen(&mut self, to: Freshness, why: String) {
        self.freshness = self.freshness.max(to);
        self.reasons.push(why);
    }
}

impl StepProof {
    /// Is it one that somebody needed and that the runbook does not have?
    pub fn is_missing(&self) -> bool {
        self.outcome() == Some(StepOutcome::Missing) && self.title.is_empty()
    }
}

/// What came of a step that does not work, in a sentence.
pub(crate) fn broken_step(step: &StepProof) -> String {
    let (what, when) = match &step.last {
        Some(tried) if tried.outcome == StepOutcome::Missing => {
            ("was needed and did not stand there", day(tried.at))
        }
        Some(tried) => ("did not do what it says", day(tried.at)),
        None => ("is not proven", String::new()),
    };
    format!("the step `{}` {what} on {when}", step.step)
}

/// The components that a runbook is for: it is stale when one of them changes.
pub(crate) fn covered(runbook: &Runbook) -> Vec<Subject> {
    let id = |r: &gonogo_model::Ref<_>| Subject::Entity(Kind::Component, r.id.clone());
    runbook.head.covers.iter().map(id).collect()
}

/// How long a verification of a runbook holds.
pub(crate) fn holds(case: &Case<'_>, runbook: &Subject) -> Duration {
    match case.tier(runbook) {
        0..=2 => HOLDS,
        _ => HOLDS_LOW_TIER,
    }
}

/// Whoever wrote a runbook: who is named as its author, or whoever holds the role that owns it.
pub(crate) fn authors(case: &Case<'_>, runbook: &Runbook) -> Vec<String> {
    let people = &case.package.people;
    let holder = || case.holder(&runbook.head.owner.id).map(|p| &p.id.value);
    let author: Option<&Id> = runbook.head.author.as_ref().map(|a| &a.id).or_else(holder);
    let named = author.and_then(|id| people.get(id)).map(|p| p.name.clone());
    author
        .map(ToString::to_string)
        .into_iter()
        .chain(named)
        .collect()
}

/// Why a record does not prove that somebody else can follow a runbook.
pub(crate) fn by_its_author(
    case: &Case<'_>,
    runbook: &Runbook,
    record: &Evidence,
) -> Option<String> {
    let actor = record.actor.trim();
    let is = |name: &str| name.eq_ignore_ascii_case(actor);
    if is(NOT_A_PERSON) {
        return Some("only gonogo itself played it through: a person has to follow it".into());
    }
    let wrote = authors(case, runbook).iter().any(|author| is(author));
    wrote.then(|| format!("only `{actor}` followed it, who wrote it"))
}

/// The records of somebody else than the author following it, newest first; of two of one moment
/// the worse one.
fn followed<'p>(case: &Case<'p>, runbook: &Runbook, subject: &Subject) -> Vec<&'p Evidence> {
    let mut found = case.records(FOLLOWED, subject);
    found.retain(|r| {
        r.method == Method::Drill
            && r.observed_at.0 <= case.now
            && by_its_author(case, runbook, r).is_none()
    });
    found.sort_by_key(|r| std::cmp::Reverse((r.observed_at.0, r.result)));
    found
}

/// What is known of each step of a runbook, in order; after them those that were missing.
pub fn steps(case: &Case<'_>, runbook: &Runbook) -> Vec<StepProof> {
    let subject = &mentions::subject(runbook);
    let others = &covered(runbook);
    let holds = holds(case, subject);
    let followed = followed(case, runbook, subject);
    let counts = |r: &&&Evidence| {
        let holds = r.ttl.map_or(holds, |own| own.min(holds));
        let age = case.now.duration_since(r.observed_at.0);
        age <= holds.signed() && unbound(case, r, subject, others).is_none()
    };
    let current: Vec<&Evidence> = followed.iter().filter(counts).copied().collect();
    // A step that was skipped was not tried: the time before says more.
    let last = |name: &str| {
        let tried = current.iter().filter_map(|r| {
            let outcome = *r.steps.get(name)?;
            (outcome != StepOutcome::Skipped).then(|| Tried {
                outcome,
                at: r.observed_at.0,
                by: r.actor.clone(),
            })
        });
        tried.into_iter().next()
    };
    let written: Vec<&Step> = runbook.sections.iter().flat_map(|s| &s.steps).collect();
    let mut proofs: Vec<StepProof> = written
        .iter()
        .map(|step| StepProof {
            step: step.id.clone(),
            title: step.title.clone(),
            last: last(&step.id),
        })
        .collect();
    let missing = current
        .first()
        .into_iter()
        .flat_map(|r| &r.steps)
        .filter(|(name, outcome)| {
            **outcome == StepOutcome::Missing && !written.iter().any(|s| s.id == **name)
        });
    proofs.extend(missing.map(|(name, _)| StepProof {
        step: name.clone(),
        title: String::new(),
        last: last(name),
    }));
    proofs
}
