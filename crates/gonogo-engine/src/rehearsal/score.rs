//! Did it come out as it should? Each expectation is judged by what was recorded, with the
//! time that was measured.

use gonogo_model::alert::Severity;
use gonogo_model::comms::PublicState;
use gonogo_model::percent::Percent;
use gonogo_model::scenario::{Expectation, Outcome, Scenario};
use gonogo_model::{Duration, Id, Kind, Package};
use serde::{Deserialize, Serialize};

use super::record::{Course, Fate, Paged, Record};
use super::timeline::in_secs;
use crate::time::Time;

/// An expectation and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// What was expected, in words.
    pub expected: String,
    /// The inject that the time is counted from; none for the start.
    pub after: Option<String>,
    /// How soon it had to be, in milliseconds.
    pub within_ms: Option<i64>,
    /// Did it come out so?
    pub passed: bool,
    /// When it did, in milliseconds from the inject, where there is a moment to measure.
    pub measured_ms: Option<i64>,
    /// Why not, or what else is worth knowing.
    pub detail: String,
}

/// Judges all expectations of a scenario.
pub(super) fn judge(
    scenario: &Scenario,
    package: &Package,
    record: &Record,
    start: Time,
    end: Time,
) -> Vec<Judged> {
    let court = Court {
        package,
        record,
        end,
    };
    scenario
        .expect
        .iter()
        .map(|e| court.judge(scenario, e, start))
        .collect()
}

struct Court<'a> {
    package: &'a Package,
    record: &'a Record,
    end: Time,
}

/// What was found about an expectation.
enum Found {
    /// It came about at this moment.
    At(Time, String),
    /// It holds of the whole, or does not.
    Holds(bool, String),
    /// It never came about.
    Never(String),
}

impl Court<'_> {
    fn judge(&self, scenario: &Scenario, expectation: &Expectation, start: Time) -> Judged {
        let mut judged = Judged {
            expected: in_words(&expectation.that),
            after: expectation.after.as_ref().map(|a| a.value.to_string()),
            within_ms: expectation.within.map(Duration::as_millis),
            passed: false,
            measured_ms: None,
            detail: String::new(),
        };
        let from = match &expectation.after {
            None => start,
            Some(after) => match scenario.injects.iter().find(|i| i.id.value == after.value) {
                Some(inject) => start + inject.at,
                None => {
                    judged.detail = format!("there is no inject `{}`", after.value);
                    return judged;
                }
            },
        };
        if let Some(missing) = self.undeclared(&expectation.that) {
            judged.detail = missing;
            return judged;
        }
        let until = expectation
            .within
            .map_or(self.end, |w| (from + w).min(self.end));
        match self.find(&expectation.that, from, until) {
            Found::At(at, detail) => {
                judged.measured_ms = Some(at.since(from).as_millis());
                judged.passed = at <= until;
                judged.detail = detail;
            }
            Found::Holds(holds, detail) => {
                judged.passed = holds;
                judged.detail = detail;
            }
            Found::Never(detail) => judged.detail = detail,
        }
        judged
    }

    /// What an expectation names and the package does not declare.
    fn undeclared(&self, that: &Outcome) -> Option<String> {
        let (kind, id) = match that {
            Outcome::Fires(a) | Outcome::NeverFires(a) | Outcome::Resolves(a) => {
                (Kind::Alert, &a.id)
            }
            Outcome::Paged(t) | Outcome::NotPaged(t) => (Kind::Team, &t.id),
            Outcome::RolePaged(r) => (Kind::Role, &r.id),
            Outcome::Cause(c) => (Kind::Component, &c.id),
            Outcome::JourneyHit(j) => (Kind::Journey, &j.id),
            Outcome::Incidents(_)
            | Outcome::Severity(_)
            | Outcome::Published(_)
            | Outcome::UpdateDue(_)
            | Outcome::AllResolved(_) => return None,
        };
        (!self.package.has(kind, id)).then(|| format!("there is no {} `{id}`", kind.word()))
    }

    fn find(&self, that: &Outcome, from: Time, until: Time) -> Found {
        let r = self.record;
        match that {
            Outcome::Fires(alert) => moment(&r.fired, &alert.id, from, "it did not fire"),
            Outcome::Resolves(alert) => moment(&r.resolved, &alert.id, from, "it did not resolve"),
            Outcome::NeverFires(alert) => {
                let fired = first(&r.fired, &alert.id, from).filter(|at| *at <= until);
                never(fired, from, "it fired")
            }
            Outcome::Paged(team) => {
                let of = |p: &&Paged| p.at >= from && p.team.as_ref() == Some(&team.id);
                self.paged(of, "nobody of the team was paged")
            }
            Outcome::RolePaged(role) => {
                let of = |p: &&Paged| p.at >= from && p.roles.contains(&role.id);
                match r.pages.iter().find(of) {
                    Some(page) => Found::At(page.at, self.name(&page.person)),
                    None => Found::Never("nobody who holds the role was paged".into()),
                }
            }
            Outcome::NotPaged(team) => {
                let of = |p: &&Paged| {
                    (from..=until).contains(&p.at) && p.team.as_ref() == Some(&team.id)
                };
                let page = r.pages.iter().find(of);
                let who = page.map_or(String::new(), |p| {
                    format!("{} was paged", self.name(&p.person))
                });
                never(page.map(|p| p.at), from, &who)
            }
            Outcome::Incidents(count) => self.incidents(*count),
            Outcome::Cause(component) => self.cause(&component.id, from),
            Outcome::Severity(severity) => self.severity(*severity, from),
            Outcome::JourneyHit(journey) => {
                let hits = r.incidents.values().flat_map(|c| &c.journeys);
                let hit = hits
                    .filter(|(j, at)| *j == journey.id && *at >= from)
                    .map(|(_, at)| *at)
                    .min();
                hit.map_or_else(
                    || Found::Never("no incident says so".into()),
                    |at| Found::At(at, String::new()),
                )
            }
            Outcome::Published(state) => self.published(*state, from),
            Outcome::UpdateDue(share) => self.updates_kept(*share),
            Outcome::AllResolved(wanted) => self.all_resolved(*wanted, from),
        }
    }

    fn paged(&self, of: impl Fn(&&Paged) -> bool, nobody: &str) -> Found {
        let pages = || self.record.pages.iter().filter(|p| of(p));
        if let Some(page) = pages().find(|p| p.wakes) {
            return Found::At(page.at, self.name(&page.person));
        }
        Found::Never(match pages().next() {
            Some(page) => format!(
                "{} was only told on a channel that wakes nobody",
                self.name(&page.person)
            ),
            None => nobody.to_string(),
        })
    }

    fn incidents(&self, wanted: u32) -> Found {
        let own = |c: &&Course| c.merged_into.is_none();
        let found = self.record.incidents.values().filter(own).count();
        let merged = self.record.incidents.len() - found;
        let mut detail = match found {
            1 => "there was 1".to_string(),
            n => format!("there were {n}"),
        };
        if merged > 0 {
            detail.push_str(&format!(
                ", and {merged} that turned out to be part of another"
            ));
        }
        Found::Holds(u32::try_from(found) == Ok(wanted), detail)
    }

    fn cause(&self, component: &Id, from: Time) -> Found {
        let courses = || {
            self.record
                .incidents
                .values()
                .filter(|c| c.merged_into.is_none())
        };
        let named = |c: &Course| {
            let (last, at) = c.causes.last()?;
            (last.as_ref() == Some(component)).then_some(*at)
        };
        if let Some(at) = courses().filter_map(named).min() {
            // Named before the inject that is counted from: at once, then.
            return Found::At(at.max(from), String::new());
        }
        let others: Vec<String> = courses()
            .filter_map(|c| Some(c.causes.last()?.0.as_ref()?.to_string()))
            .collect();
        Found::Never(match others.as_slice() {
            [] => "no incident names a cause".into(),
            some => format!("named instead: {}", some.join(", ")),
        })
    }

    fn severity(&self, wanted: Severity, from: Time) -> Found {
        let all = || self.record.incidents.values().flat_map(|c| &c.severities);
        // A smaller severity is a worse one.
        let reached = all()
            .filter(|(s, at)| *s <= wanted && *at >= from)
            .map(|(_, at)| *at)
            .min();
        match (reached, all().map(|(s, _)| *s).min()) {
            (Some(at), _) => Found::At(at, String::new()),
            (None, Some(worst)) => Found::Never(format!("the worst was {worst}")),
            (None, None) => Found::Never("there was no incident".into()),
        }
    }

    fn published(&self, state: PublicState, from: Time) -> Found {
        let found = |(s, at): &&(PublicState, Time)| *s == state && *at >= from;
        match self.record.published.iter().find(found) {
            Some((_, at)) => Found::At(*at, String::new()),
            None => Found::Never("customers were never told so".into()),
        }
    }

    fn updates_kept(&self, wanted: Percent) -> Found {
        let (mut kept, mut all) = (0_u64, 0_u64);
        for promise in &self.record.promises {
            match promise.fate {
                Fate::PublishedAt(at) => {
                    all += 1;
                    kept += u64::from(at <= promise.due);
                }
                Fate::Open if promise.due <= self.end => all += 1,
                Fate::Open | Fate::Withdrawn => {}
            }
        }
        match Percent::of(kept, all) {
            None => Found::Holds(false, "no update was promised".into()),
            Some(share) => Found::Holds(share >= wanted, format!("{kept} of {all} came in time")),
        }
    }

    fn all_resolved(&self, wanted: bool, from: Time) -> Found {
        let open = self
            .record
            .incidents
            .iter()
            .find(|(_, c)| c.resolved_at.is_none());
        match (wanted, self.record.quiet_since, open) {
            (true, Some(since), None) => Found::At(since.max(from), String::new()),
            (true, _, Some((number, course))) => {
                Found::Never(format!("INC-{number} goes on: {}", course.title))
            }
            (true, None, None) => Found::Never("an incident goes on".into()),
            (false, since, _) => Found::Holds(since.is_none(), String::new()),
        }
    }

    fn name(&self, person: &Id) -> String {
        let people = &self.package.people;
        people
            .get(person)
            .map_or_else(|| person.to_string(), |p| p.name.clone())
    }
}

fn first(moments: &[(Id, Time)], id: &Id, from: Time) -> Option<Time> {
    moments
        .iter()
        .find(|(i, at)| i == id && *at >= from)
        .map(|(_, at)| *at)
}

fn moment(moments: &[(Id, Time)], id: &Id, from: Time, never: &str) -> Found {
    match (
        first(moments, id, from),
        moments.iter().find(|(i, _)| i == id),
    ) {
        (Some(at), _) => Found::At(at, String::new()),
        (None, Some((_, before))) => Found::Never(format!(
            "{never}; it had before, {} earlier",
            in_secs(from.since(*before))
        )),
        (None, None) => Found::Never(never.to_string()),
    }
}

fn never(happened: Option<Time>, from: Time, what: &str) -> Found {
    match happened {
        None => Found::Holds(true, String::new()),
        Some(at) => Found::Holds(false, format!("{what} after {}", in_secs(at.since(from)))),
    }
}

fn in_words(that: &Outcome) -> String {
    match that {
        Outcome::Fires(a) => format!("alert {} fires", a.id),
        Outcome::NeverFires(a) => format!("alert {} never fires", a.id),
        Outcome::Resolves(a) => format!("alert {} resolves", a.id),
        Outcome::Paged(t) => format!("team {} is paged", t.id),
        Outcome::RolePaged(r) => format!("role {} is paged", r.id),
        Outcome::NotPaged(t) => format!("team {} is not paged", t.id),
        Outcome::Incidents(1) => "there is 1 incident in all".into(),
        Outcome::Incidents(n) => format!("there are {n} incidents in all"),
        Outcome::Cause(c) => format!("the cause is {}", c.id),
        Outcome::Severity(s) => format!("the severity reaches {s}"),
        Outcome::JourneyHit(j) => format!("journey {} is hit", j.id),
        Outcome::Published(s) => format!("customers are told: {s}"),
        Outcome::UpdateDue(share) => format!("{share} of promised updates come in time"),
        Outcome::AllResolved(true) => "everything is resolved at the end".into(),
        Outcome::AllResolved(false) => "something is still open at the end".into(),
    }
}
