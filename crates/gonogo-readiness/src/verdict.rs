//! GO, CONDITIONAL or NO-GO: every criterion asked, its answers weighed by a lattice, and never
//! an average.
//!
//! One blocker that fails, or that nobody knows about, is a NO-GO whatever the rest says. An
//! exception takes one subject out of one criterion, for a time, and turns a GO into a
//! CONDITIONAL; a void one does nothing but say why it is void.

use gonogo_model::evidence::{Evidence, Exception};
use gonogo_model::launch::Profile;
use gonogo_model::{Id, Package, PackageText, Subject};
use jiff::{SignedDuration, Timestamp};

use crate::criteria::{AREAS, Answer, Answers, Case, Criterion, Gate, State, all};
use crate::graph::Graph;

/// The longest that an exception may hold.
pub const LONGEST_EXCEPTION: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How old the trial of a compensating control may be when an exception is signed.
pub const OLDEST_CONTROL_TEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The least important tier that there is.
const LAST_TIER: u8 = 3;

/// The answer to "do we launch?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Every blocker is known to hold.
    Go,
    /// Every blocker is known to hold, or is excepted by name and for a time.
    Conditional,
    /// A blocker fails, or is not known to hold.
    NoGo,
}

impl Call {
    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Go => "GO",
            Self::Conditional => "CONDITIONAL",
            Self::NoGo => "NO-GO",
        }
    }
}

/// The board.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The answer.
    pub call: Call,
    /// The moment that was judged.
    pub at: Timestamp,
    /// How much was asked.
    pub profile: Profile,
    /// The package that was judged.
    pub package_digest: String,
    /// Every area, in order, with its criteria.
    pub areas: Vec<Area>,
    /// Exceptions that do nothing, and why.
    pub void_exceptions: Vec<(Id, String)>,
}

/// The criteria of one area.
#[derive(Clone, Debug)]
pub struct Area {
    /// Its code: `OWN`.
    pub code: &'static str,
    /// What it is about.
    pub name: &'static str,
    /// Its criteria, in order.
    pub criteria: Vec<Asked>,
}

/// A criterion and its answers.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The criterion.
    pub criterion: &'static Criterion,
    /// What comes of it in the package's profile when it is not met.
    pub gate: Gate,
    /// The worst of the answers that no exception covers; where one covers each of them, the
    /// worst of all, as an exception makes nothing better.
    pub state: State,
    /// One answer for each subject.
    pub answers: Vec<Judged>,
}

/// An answer, who answers for it, and whether it is excepted.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The answer.
    pub answer: Answer,
    /// The role that has the next action.
    pub owner: Option<Id>,
    /// The exception in force for it.
    pub exception: Option<Exception>,
}

impl Judged {
    /// Does the launch wait for this?
    pub fn blocks(&self) -> bool {
        self.answer.gate == Gate::Blocker && self.answer.state.is_open() && self.exception.is_none()
    }
}

impl Asked {
    /// Does the launch wait for this criterion?
    pub fn blocks(&self) -> bool {
        self.answers.iter().any(Judged::blocks)
    }

    /// The answers that the launch waits for.
    pub fn blocking(&self) -> impl Iterator<Item = &Judged> {
        self.answers.iter().filter(|a| a.blocks())
    }

    /// Is one of its answers covered by an exception?
    pub fn is_excepted(&self) -> bool {
        self.answers.iter().any(|a| a.exception.is_some())
    }
}

impl Verdict {
    /// Every criterion that was asked, in order.
    pub fn criteria(&self) -> impl Iterator<Item = &Asked> {
        self.areas.iter().flat_map(|a| &a.criteria)
    }

    /// What the launch waits for.
    pub fn blocking(&self) -> impl Iterator<Item = &Asked> {
        self.criteria().filter(|c| c.blocks())
    }

    /// How many criteria stand so.
    pub fn count(&self, state: State) -> usize {
        self.criteria().filter(|c| c.state == state).count()
    }
}

/// Judges a package at a moment. `more` is evidence from elsewhere than the package's own files,
/// such as what a running server sees.
pub fn judge(
    package: &Package,
    text: &PackageText,
    more: &[Evidence],
    exceptions: &[Exception],
    now: Timestamp,
) -> Verdict {
    let graph = Graph::new(package);
    let case = Case::new(package, text, &graph, more, now);
    let mut void_exceptions = Vec::new();
    let mut in_force: Vec<&Exception> = Vec::new();
    for exception in package.exceptions.iter().chain(exceptions) {
        match why_void(&case, exception) {
            None => in_force.push(exception),
            Some(why) => void_exceptions.push((exception.id.value.clone(), why)),
        }
    }
    let areas: Vec<Area> = AREAS
        .iter()
        .map(|(code, name)| Area {
            code,
            name,
            criteria: all()
                .filter(|c| c.area() == *code)
                .map(|c| ask(c, &case, &in_force))
                .collect(),
        })
        .collect();
    let criteria = || areas.iter().flat_map(|a| &a.criteria);
    let call = if criteria().any(Asked::blocks) {
        Call::NoGo
    } else if criteria().any(Asked::is_excepted) {
        Call::Conditional
    } else {
        Call::Go
    };
    Verdict {
        call,
        at: now,
        profile: case.profile(),
        package_digest: text.digest().0,
        areas,
        void_exceptions,
    }
}

fn ask(criterion: &'static Criterion, case: &Case<'_>, exceptions: &[&Exception]) -> Asked {
    let answers: Vec<Judged> = answers(criterion, case)
        .into_iter()
        .map(|answer| {
            let covers = |e: &&&Exception| {
                e.criterion.value.eq_ignore_ascii_case(criterion.id)
                    && e.subject.value == answer.subject
            };
            let needed = answer.gate == Gate::Blocker && answer.state.is_open();
            Judged {
                owner: case.owner(&answer.subject).map(|r| r.id.value.clone()),
                exception: needed
                    .then(|| exceptions.iter().find(covers).map(|e| (*e).clone()))
                    .flatten(),
                answer,
            }
        })
        .collect();
    let worst = |excepted: bool| {
        let these = answers.iter().filter(|a| a.exception.is_some() == excepted);
        these.map(|a| a.answer.state).max()
    };
    let state = worst(false).or_else(|| worst(true));
    Asked {
        criterion,
        gate: criterion.gate_in(case.profile()),
        state: state.unwrap_or(State::Unknown),
        answers,
    }
}

/// What a criterion says, or that it does not apply, or that nobody can say.
fn answers(criterion: &'static Criterion, case: &Case<'_>) -> Vec<Answer> {
    let mut answers = Answers::new(criterion, case.profile());
    let header = case.package.header.as_ref();
    let declared = header
        .into_iter()
        .flat_map(|h| &h.not_applicable)
        .find(|n| n.criterion.eq_ignore_ascii_case(criterion.id));
    if let Some(declared) = declared {
        let answer = answers.about(Subject::Package, Some(declared.criterion.span), 1);
        let present = criterion.trigger.map(|t| (t, t.present(case.package)));
        match present {
            None => answer.fail("it always applies", "take it out of `not_applicable`"),
            Some((trigger, _)) if *declared.absent.value != *trigger.word() => answer.fail(
                format!(
                    "`{}` being absent says nothing about it",
                    declared.absent.value
                ),
                format!("write `absent: {}`, if that is so", trigger.word()),
            ),
            Some((trigger, Some(there))) => answer.fail(
                format!("there is {}: `{there}`", trigger.phrase()),
                "take it out of `not_applicable`",
            ),
            Some((_, None)) => {
                answer.state = State::NotApplicable;
                answer.reasons.push(declared.because.clone());
                return answers.into_vec();
            }
        };
    }
    (criterion.assess)(case, &mut answers);
    let mut given = answers.into_vec();
    if given.is_empty() {
        let mut answers = Answers::new(criterion, case.profile());
        let answer = answers.about_package(case);
        match criterion.trigger {
            Some(trigger) if trigger.present(case.package).is_none() => answer.unknown(
                format!("the package has no {}", trigger.word()),
                format!(
                    "if that is so, say it: `not_applicable: [{{criterion: {}, absent: {}, because: …}}]`",
                    criterion.id,
                    trigger.word()
                ),
            ),
            _ => answer.unknown("there is nothing to ask it about", "declare what it is about"),
        };
        given = answers.into_vec();
    }
    for answer in &mut given {
        if let Some(why) = case.off(&answer.subject) {
            answer.state = State::NotApplicable;
            answer.reasons = vec![format!("it is not live: {why}")];
            answer.actions.clear();
        }
    }
    // A tier beyond the last is as unimportant as the last, and no way out of being asked.
    given.retain(|a| {
        case.tier(&a.subject).min(LAST_TIER) <= criterion.tiers || a.subject == Subject::Package
    });
    given
}

/// Why an exception does nothing; `None` where it is in force.
pub fn why_void(case: &Case<'_>, e: &Exception) -> Option<String> {
    if crate::criteria::find(&e.criterion.value).is_none() {
        return Some(format!("there is no criterion `{}`", e.criterion.value));
    }
    if e.signed_by.id == e.countersigned_by.id {
        return Some("both signatures are the same person's".into());
    }
    for signer in [&e.signed_by.id, &e.countersigned_by.id] {
        let person = case.package.people.get(signer);
        if !person.is_some_and(|p| crate::criteria::is_there(p, e.signed_at.0)) {
            return Some(format!(
                "`{signer}`, who signed it, was nobody to sign then"
            ));
        }
    }
    if !crate::criteria::held_by_somebody(case, &e.owner.id) {
        return Some(format!(
            "nobody holds `{}`, which owns the risk",
            e.owner.id
        ));
    }
    if e.signed_at.0 > case.now {
        return Some("it is signed in the future".into());
    }
    if e.until.0 <= case.now {
        return Some(format!("it ended on {}", crate::criteria::day(e.until.0)));
    }
    if e.until.0.duration_since(e.signed_at.0) > LONGEST_EXCEPTION {
        return Some("it holds for longer than 90 days".into());
    }
    let tested = e.signed_at.0.duration_since(e.control_tested_at.0);
    if tested > OLDEST_CONTROL_TEST || tested < SignedDuration::ZERO {
        return Some(
            "its compensating control was not tried in the 30 days before it was signed".into(),
        );
    }
    let subject = e.subject.value.to_string();
    if let Some(now) = case.package.digests.get(&e.subject.value)
        && e.covers.get(&subject) != Some(now)
    {
        return Some(format!("`{subject}` changed since it was signed"));
    }
    None
}
