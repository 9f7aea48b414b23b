//! One answer to one criterion about one subject.

use gonogo_model::evidence::{Evidence, Method, Outcome};
use gonogo_model::launch::Profile;
use gonogo_model::text::Span;
use gonogo_model::{Duration, Subject};

use super::proof::{self, Wanted};
use super::{Case, Criterion, Gate};

/// How an answer stands. Ordered from best to worst, so that the worst of several is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// What it asks about is not there, which was checked.
    NotApplicable,
    /// It holds, and that is known.
    Pass,
    /// It was known, and that knowledge is too old, or older than what it is about.
    Stale,
    /// Nobody knows.
    Unknown,
    /// It does not hold.
    Fail,
}

impl State {
    /// The word on pages and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::Pass => "pass",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }

    /// Does a launch wait for it?
    pub fn is_open(self) -> bool {
        self >= Self::Stale
    }
}

/// One answer to one criterion about one subject.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What it is about.
    pub subject: Subject,
    /// Where that was declared.
    pub span: Option<Span>,
    /// What comes of it for this subject.
    pub gate: Gate,
    /// How it stands.
    pub state: State,
    /// Why, one sentence for each thing that is not as it should be.
    pub reasons: Vec<String>,
    /// What to do next; empty where nothing is to be done.
    pub actions: Vec<String>,
    /// The records it rests on.
    pub evidence: Vec<Evidence>,
    /// What evidence for it has to cover besides the subject; `None` where none is asked for.
    pub covers: Option<Vec<Subject>>,
    criterion: &'static Criterion,
}

impl Answer {
    /// Says that something has to hold. Where it does not, `why` and what to do about it are kept.
    pub fn must(
        &mut self,
        holds: bool,
        why: impl Into<String>,
        action: impl Into<String>,
    ) -> &mut Self {
        if !holds {
            self.worsen(State::Fail, why, action);
        }
        self
    }

    /// Says that something does not hold.
    pub fn fail(&mut self, why: impl Into<String>, action: impl Into<String>) -> &mut Self {
        self.must(false, why, action)
    }

    /// Says that something is not known.
    pub fn unknown(&mut self, why: impl Into<String>, action: impl Into<String>) -> &mut Self {
        self.worsen(State::Unknown, why, action);
        self
    }

    /// Asks for evidence about this subject that also covers `others`: it is stale as soon as
    /// one of them changes. `action` says how to come by it.
    pub fn proved(&mut self, case: &Case<'_>, others: &[Subject], action: &str) -> &mut Self {
        let ttl = self.criterion.ttl;
        self.proved_within(case, others, ttl, action)
    }

    /// As [`Self::proved`], for evidence that holds for another time than the criterion's own.
    pub fn proved_within(
        &mut self,
        case: &Case<'_>,
        others: &[Subject],
        ttl: Option<Duration>,
        action: &str,
    ) -> &mut Self {
        let wanted = Wanted {
            others,
            ttl,
            method: None,
            leave_out: &|_| None,
        };
        self.proved_for(case, &wanted, action)
    }

    /// As [`Self::proved`], by one method of several: each of them shows its own part.
    pub fn proved_by(
        &mut self,
        case: &Case<'_>,
        others: &[Subject],
        (method, ttl): (Method, Option<Duration>),
        action: &str,
    ) -> &mut Self {
        let wanted = Wanted {
            others,
            ttl,
            method: Some(method),
            leave_out: &|_| None,
        };
        self.proved_for(case, &wanted, action)
    }

    /// As [`Self::proved`], by a record against which `leave_out` says nothing.
    pub fn proved_unless(
        &mut self,
        case: &Case<'_>,
        others: &[Subject],
        ttl: Option<Duration>,
        leave_out: &dyn Fn(&Evidence) -> Option<String>,
        action: &str,
    ) -> &mut Self {
        let wanted = Wanted {
            others,
            ttl,
            method: None,
            leave_out,
        };
        self.proved_for(case, &wanted, action)
    }

    fn proved_for(&mut self, case: &Case<'_>, wanted: &Wanted<'_>, action: &str) -> &mut Self {
        let found = proof::look_for(case, self.criterion, self.gate, &self.subject, wanted);
        self.evidence.extend(found.record);
        let covers = self.covers.get_or_insert_default();
        covers.extend(wanted.others.iter().cloned());
        covers.sort();
        covers.dedup();
        if let Some((state, why)) = found.trouble {
            self.worsen(state, why, action);
        }
        self
    }

    /// Says how something else that it rests on stands.
    pub(super) fn stands(&mut self, state: State, why: String, action: String) -> &mut Self {
        self.worsen(state, why, action);
        self
    }

    /// Looks closer at the record found last, where it says that it passed: `look` says what
    /// it does not show.
    pub fn shows(
        &mut self,
        action: &str,
        look: impl FnOnce(&Evidence) -> Option<(State, String)>,
    ) -> &mut Self {
        let last = self.evidence.last();
        let passed = last.filter(|record| record.result == Outcome::Pass);
        if let Some((state, why)) = passed.and_then(look) {
            self.worsen(state, why, action);
        }
        self
    }

    fn worsen(&mut self, state: State, why: impl Into<String>, action: impl Into<String>) {
        self.state = self.state.max(state);
        self.reasons.push(why.into());
        let action = action.into();
        if !action.is_empty() && !self.actions.contains(&action) {
            self.actions.push(action);
        }
    }
}

/// The answers to one criterion.
#[derive(Debug)]
pub struct Answers {
    criterion: &'static Criterion,
    gate: Gate,
    given: Vec<Answer>,
}

impl Answers {
    /// For a criterion in a profile, with no answers yet.
    pub fn new(criterion: &'static Criterion, profile: Profile) -> Self {
        Self {
            criterion,
            gate: criterion.gate_in(profile),
            given: Vec::new(),
        }
    }

    /// Begins the answer about a subject of a tier; it passes until something is said against it.
    ///
    /// A subject that is less important than the criterion asks about takes what is said of it
    /// as a warning.
    pub fn about(&mut self, subject: Subject, span: Option<Span>, tier: u8) -> &mut Answer {
        let gate = match self.gate {
            Gate::Blocker if tier <= LAST_BLOCKING_TIER => Gate::Blocker,
            _ => Gate::Warning,
        };
        self.given.push(Answer {
            subject,
            span,
            gate,
            state: State::Pass,
            reasons: Vec::new(),
            actions: Vec::new(),
            evidence: Vec::new(),
            covers: None,
            criterion: self.criterion,
        });
        let last = self.given.len() - 1;
        &mut self.given[last]
    }

    /// Begins the answer about the package as a whole.
    pub fn about_package(&mut self, case: &Case<'_>) -> &mut Answer {
        let span = case.package.header.as_ref().map(|h| h.id.span);
        self.about(Subject::Package, span, 1)
    }

    /// All of them, in the order given.
    pub fn into_vec(self) -> Vec<Answer> {
        self.given
    }
}

/// Tiers after this one never block a launch.
pub const LAST_BLOCKING_TIER: u8 = 2;
