//! `/launch`: GO or NO-GO, what is in the way, whose it is, and what to do next.
//!
//! A place shows the board that was judged last and decides nothing. Invariant: what nobody
//! knows is unknown and hatched; only what is known to hold is green.

mod criterion;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use gonogo_model::evidence::Exception;
use gonogo_model::{Id, Kind, Package, Subject};
use gonogo_readiness::criteria::{Gate, State as Standing};
use gonogo_readiness::verdict::{Asked, Call, Judged, Verdict};
use jiff::Timestamp;

use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::shown;
use crate::site::Site;
use crate::web::components::items::Tab;
use crate::web::components::table::TableQuery;
use crate::web::components::{Markup, State as Seen, escape};
use crate::web::{Frame, Nav, Shell, page};

/// Answers that are written out for one criterion; the rest stands on its own page.
const ANSWERS_SHOWN: usize = 3;
/// Answers on the page of one criterion.
const ANSWERS_MAX: usize = 500;

/// The addresses of the board.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/launch", get(show))
        .route("/launch/{criterion}", get(criterion::show))
}

#[derive(Template)]
#[template(path = "launch/board.html")]
struct BoardPage {
    shell: Shell,
    call: (Seen, &'static str),
    why: String,
    asked_for: String,
    launch: Option<(Timestamp, String)>,
    judged: Timestamp,
    digest: String,
    figures: Vec<Figure>,
    areas: Vec<AreaRow>,
    states: Vec<Tab>,
    sections: Vec<Section>,
    /// Whether what is in the way has to be told from the rest.
    tagged: bool,
    all_href: String,
    excepted: Vec<Excepted>,
    void: Vec<(String, Markup)>,
}

struct Figure {
    label: &'static str,
    value: usize,
    state: Seen,
    note: &'static str,
    href: String,
}

struct AreaRow {
    name: &'static str,
    href: String,
    current: bool,
    state: Option<Seen>,
    word: String,
}

struct Section {
    code: &'static str,
    name: &'static str,
    rows: Vec<Row>,
}

/// A criterion.
struct Row {
    id: &'static str,
    title: &'static str,
    href: String,
    mark: Mark,
    blocks: bool,
    answers: Vec<Line>,
    more: usize,
}

/// How something stands: `None` where it does not apply, which is no state at all.
struct Mark {
    state: Option<Seen>,
    word: String,
}

/// An answer.
struct Line {
    subject: String,
    href: String,
    mark: Mark,
    reasons: Vec<Markup>,
    actions: Vec<Markup>,
    owner: String,
    exception: Option<Excepted>,
    evidence: Vec<Proof>,
}

struct Excepted {
    id: String,
    criterion: String,
    subject: String,
    until: Timestamp,
    signed: String,
    control: String,
    reason: String,
}

struct Proof {
    state: Seen,
    what: String,
    at: Timestamp,
    who: String,
    note: String,
}

async fn show(State(site): State<Site>, who: Identity, frame: Frame) -> Result<Response, Missing> {
    let view = site.view();
    let board = site.readiness.board(&site).await;
    let board = board.map_err(Missing::store(&frame))?;
    let (package, verdict) = (&board.plan.package, &board.verdict);
    let query = TableQuery::from_uri(&frame.uri);
    let wanted = Wanted::of(&query);
    let launch = package.header.as_ref().and_then(|h| h.launch.as_ref());
    let sections = verdict.areas.iter().filter(|a| wanted.area(a.code));
    let sections = sections.map(|area| Section {
        code: area.code,
        name: area.name,
        rows: area
            .criteria
            .iter()
            .filter(|c| wanted.state(c))
            .map(|c| row(package, c, &wanted))
            .collect(),
    });
    Ok(page(&BoardPage {
        call: match verdict.call {
            Call::Go => (Seen::Ok, "GO"),
            Call::Conditional => (Seen::Warn, "CONDITIONAL"),
            Call::NoGo => (Seen::Bad, "NO-GO"),
        },
        why: why(verdict),
        asked_for: asked_for(verdict),
        launch: launch.map(|l| (l.at.0, shown::role(package, &l.director.id))),
        judged: verdict.at,
        digest: verdict.package_digest.chars().take(12).collect(),
        figures: figures(verdict, &query),
        areas: areas(verdict, &query),
        states: wanted.tabs(verdict, &query),
        sections: sections.filter(|s| !s.rows.is_empty()).collect(),
        tagged: wanted.state != "blocking",
        all_href: "/launch?state=all".into(),
        excepted: exceptions(package, verdict),
        void: verdict
            .void_exceptions
            .iter()
            .map(|(id, why)| (id.to_string(), coded(why)))
            .collect(),
        shell: shell(&site, &view, &who, frame, "Launch", Nav::Launch),
    }))
}

/// Which criteria are asked for.
struct Wanted {
    area: String,
    state: &'static str,
}

/// The states that the list can be cut down to: in the address, and for people.
const STATES: &[(&str, &str)] = &[
    ("blocking", "In the way"),
    ("fail", "Fails"),
    ("unknown", "Unknown"),
    ("stale", "Stale"),
    ("pass", "Passes"),
    ("none", "Does not apply"),
    ("all", "All"),
];

impl Wanted {
    fn of(query: &TableQuery) -> Self {
        let state = query.get("state").unwrap_or_default();
        let found = STATES.iter().find(|(name, _)| *name == state);
        let area = query.get("area").unwrap_or_default();
        // A link to an area shows all of it that is not met.
        Self {
            state: found.map_or("blocking", |(name, _)| name),
            area: area.to_uppercase(),
        }
    }

    fn area(&self, code: &str) -> bool {
        self.area.is_empty() || self.area == code
    }

    fn state(&self, asked: &Asked) -> bool {
        is_one_of(asked, self.state)
    }

    fn tabs(&self, verdict: &Verdict, query: &TableQuery) -> Vec<Tab> {
        let tab = |(name, label): &(&'static str, &str)| {
            let areas = verdict.areas.iter().filter(|a| self.area(a.code));
            let of = areas.flat_map(|a| &a.criteria);
            let count = of.filter(|c| is_one_of(c, name)).count();
            let value = if *name == "blocking" { "" } else { name };
            Tab {
                label: (*label).to_owned(),
                href: query.href_with("state", value),
                current: *name == self.state,
                count: Some(count as u64),
            }
        };
        STATES.iter().map(tab).collect()
    }
}

fn is_one_of(asked: &Asked, state: &str) -> bool {
    match state {
        "blocking" => asked.blocks(),
        "fail" => asked.state == Standing::Fail,
        "unknown" => asked.state == Standing::Unknown,
        "stale" => asked.state == Standing::Stale,
        "pass" => asked.state == Standing::Pass,
        "none" => asked.state == Standing::NotApplicable,
        _ => true,
    }
}

fn why(verdict: &Verdict) -> String {
    let blocking = verdict.blocking().count();
    match verdict.call {
        Call::Go => "every blocker is known to hold".into(),
        Call::Conditional => "every blocker holds or is excepted, by name and for a time".into(),
        Call::NoGo if blocking == 1 => "1 criterion is in the way".into(),
        Call::NoGo => format!("{blocking} criteria are in the way"),
    }
}

/// How much is asked, in a sentence.
fn asked_for(verdict: &Verdict) -> String {
    let stop = verdict.criteria().filter(|c| c.gate == Gate::Blocker);
    format!(
        "Profile {}: {} of {} criteria can stop the launch, and the others warn.",
        verdict.profile,
        stop.count(),
        verdict.criteria().count()
    )
}

fn figures(verdict: &Verdict, query: &TableQuery) -> Vec<Figure> {
    let figure = |label, state, name, note, count| Figure {
        label,
        value: count,
        state: if count == 0 { Seen::Ok } else { state },
        note: if count == 0 { "" } else { note },
        href: query.href_with("state", name),
    };
    let n = |standing| verdict.count(standing);
    let waits = "the launch waits for them";
    let mut figures = vec![
        figure(
            "In the way",
            Seen::Bad,
            "",
            waits,
            verdict.blocking().count(),
        ),
        figure(
            "Fail",
            Seen::Bad,
            "fail",
            "known not to hold",
            n(Standing::Fail),
        ),
        figure(
            "Unknown",
            Seen::Unknown,
            "unknown",
            "nobody knows",
            n(Standing::Unknown),
        ),
        figure(
            "Stale",
            Seen::Warn,
            "stale",
            "known too long ago",
            n(Standing::Stale),
        ),
        figure("Pass", Seen::Ok, "pass", "known to hold", n(Standing::Pass)),
    ];
    figures.retain(|f| f.value > 0 || f.label == "In the way");
    figures
}

fn areas(verdict: &Verdict, query: &TableQuery) -> Vec<AreaRow> {
    let current = query.get("area").unwrap_or_default().to_uppercase();
    let of = |area: &gonogo_readiness::verdict::Area| {
        let blocking = area.criteria.iter().filter(|c| c.blocks()).count();
        let open = area.criteria.iter().filter(|c| c.state.is_open()).count();
        let (state, word) = match (blocking, open) {
            (0, 0) if area.criteria.is_empty() => (None, "nothing is asked".into()),
            (0, 0) => (Some(Seen::Ok), "all met".to_string()),
            (0, n) => (Some(Seen::Warn), format!("{n} not met")),
            (n, _) => (Some(Seen::Bad), format!("{n} in the way")),
        };
        let current = current == area.code;
        AreaRow {
            name: area.name,
            href: query.href_with("area", if current { "" } else { area.code }),
            current,
            state,
            word,
        }
    };
    verdict.areas.iter().map(of).collect()
}

fn row(package: &Package, asked: &Asked, wanted: &Wanted) -> Row {
    let told = |a: &&Judged| match wanted.state {
        "blocking" => a.blocks(),
        "pass" | "none" => false,
        _ => a.answer.state.is_open() || a.exception.is_some(),
    };
    let told: Vec<&Judged> = asked.answers.iter().filter(told).collect();
    Row {
        id: asked.criterion.id,
        title: asked.criterion.title,
        href: format!("/launch/{}", asked.criterion.id),
        mark: mark(asked.state, asked.gate),
        blocks: asked.blocks(),
        more: told.len().saturating_sub(ANSWERS_SHOWN),
        answers: told
            .into_iter()
            .take(ANSWERS_SHOWN)
            .map(|a| line(package, asked, a))
            .collect(),
    }
}

fn line(package: &Package, asked: &Asked, judged: &Judged) -> Line {
    let answer = &judged.answer;
    let code = |texts: &[String]| texts.iter().map(|t| coded(t)).collect();
    let proof = |r: &gonogo_model::evidence::Evidence| Proof {
        state: match r.result {
            gonogo_model::evidence::Outcome::Pass if answer.state == Standing::Pass => Seen::Ok,
            gonogo_model::evidence::Outcome::Pass => Seen::Unknown,
            gonogo_model::evidence::Outcome::Fail => Seen::Bad,
        },
        what: format!("{}: {}", r.method, r.result),
        at: r.observed_at.0,
        who: match &r.reviewer {
            Some(second) => format!("{}, seen by {second}", r.actor),
            None => r.actor.clone(),
        },
        note: r.note.clone().unwrap_or_default(),
    };
    Line {
        subject: subject_name(package, &answer.subject),
        href: subject_href(package, &answer.subject),
        mark: mark(answer.state, answer.gate),
        reasons: code(&answer.reasons),
        actions: code(&answer.actions),
        owner: owner(package, judged.owner.as_ref()),
        exception: judged
            .exception
            .as_ref()
            .map(|e| excepted(package, asked, e)),
        evidence: answer.evidence.iter().map(proof).collect(),
    }
}

fn exceptions(package: &Package, verdict: &Verdict) -> Vec<Excepted> {
    let asked = verdict.criteria();
    let pairs = asked.flat_map(|c| c.answers.iter().map(move |a| (c, a)));
    pairs
        .filter_map(|(c, a)| Some(excepted(package, c, a.exception.as_ref()?)))
        .collect()
}

fn excepted(package: &Package, asked: &Asked, e: &Exception) -> Excepted {
    let person = |id: &Id| shown::person(package, id);
    Excepted {
        id: e.id.value.to_string(),
        criterion: asked.criterion.id.into(),
        subject: subject_name(package, &e.subject.value),
        until: e.until.0,
        signed: format!(
            "{} and {}",
            person(&e.signed_by.id),
            person(&e.countersigned_by.id)
        ),
        control: e.compensating_control.clone(),
        reason: e.reason.clone(),
    }
}

fn owner(package: &Package, role: Option<&Id>) -> String {
    role.map_or_else(|| "nobody".into(), |id| shown::role(package, id))
}

/// How a state looks. What fails and only warns is amber; what is not known is never green.
fn mark(state: Standing, gate: Gate) -> Mark {
    let seen = match (state, gate) {
        (Standing::NotApplicable, _) => None,
        (Standing::Pass, _) => Some(Seen::Ok),
        (Standing::Unknown, _) => Some(Seen::Unknown),
        (Standing::Stale, _) | (Standing::Fail, Gate::Warning) => Some(Seen::Warn),
        (Standing::Fail, Gate::Blocker) => Some(Seen::Bad),
    };
    let word = match state {
        Standing::NotApplicable => "Does not apply",
        Standing::Pass => "Pass",
        Standing::Stale => "Stale",
        Standing::Unknown => "Unknown",
        Standing::Fail => "Fail",
    };
    Mark {
        state: seen,
        word: word.into(),
    }
}

/// What people call a subject.
fn subject_name(package: &Package, subject: &Subject) -> String {
    let named = match subject {
        Subject::Package => Some("The package".to_string()),
        Subject::Comms => Some("Communication".to_string()),
        Subject::Support => Some("Support".to_string()),
        Subject::Entity(kind, id) => match kind {
            Kind::Component => package.components.get(id).map(|c| c.name.clone()),
            Kind::Journey => package.journeys.get(id).map(|j| j.name.clone()),
            Kind::Alert => package.alerts.get(id).map(|a| a.name.clone()),
            Kind::Runbook => package.runbooks.get(id).map(|r| r.head.title.clone()),
            Kind::FailureMode => package.failure_modes.get(id).map(|f| f.name.clone()),
            Kind::Flow => package.flows.get(id).map(|f| f.name.clone()),
            Kind::Check => package.checks.get(id).map(|c| c.name.clone()),
            Kind::Fleet => package.fleets.get(id).map(|f| f.name.clone()),
            Kind::Reconciliation => package.reconciliations.get(id).map(|r| r.name.clone()),
            Kind::Gauge => package.gauges.get(id).map(|g| g.name.clone()),
            Kind::Skew => package.skews.get(id).map(|s| s.name.clone()),
            Kind::Slo => package.slos.get(id).map(|s| s.name.clone()),
            Kind::Role => package.roles.get(id).map(|r| r.name.clone()),
            Kind::Team => package.teams.get(id).map(|t| t.name.clone()),
            Kind::Material => package.expiring.get(id).map(|m| m.name.clone()),
            _ => None,
        },
    };
    named.unwrap_or_else(|| subject.to_string())
}

/// Where a subject is shown; empty where it has no page.
fn subject_href(package: &Package, subject: &Subject) -> String {
    match subject {
        Subject::Entity(Kind::Component, id) => format!("/graph/{id}"),
        Subject::Entity(Kind::Runbook, id) => format!("/runbooks/{id}"),
        Subject::Entity(Kind::Flow, id) => format!("/signals/flows/{id}"),
        Subject::Entity(Kind::Check, id) => format!("/signals/checks/{id}"),
        Subject::Entity(Kind::Fleet, id) => format!("/domains?fleet={id}"),
        Subject::Entity(Kind::Reconciliation, id) => format!("/signals/reconciliations/{id}"),
        Subject::Entity(Kind::Source, id) => format!("/signals/sources/{id}"),
        Subject::Entity(Kind::FailureMode, id) => format!("/risks#risk-{id}"),
        Subject::Entity(Kind::Alert, id) => package
            .alerts
            .get(id)
            .and_then(crate::signals::href_of)
            .unwrap_or_default(),
        _ => String::new(),
    }
}

/// A sentence in which `code` stands between backticks, and nothing else is markup.
pub(crate) fn coded(text: &str) -> Markup {
    let mut html = String::with_capacity(text.len() + 16);
    let mut parts = text.split('`').peekable();
    let mut inside = false;
    while let Some(part) = parts.next() {
        // A backtick that nothing closes is a backtick.
        match (inside, parts.peek().is_some()) {
            (true, true) => html.push_str(&format!("<code>{}</code>", escape(part))),
            (true, false) => html.push_str(&format!("`{}", escape(part))),
            (false, _) => html.push_str(&escape(part)),
        }
        inside = !inside;
    }
    Markup::trusted(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_set_apart_and_nothing_else_is_markup() {
        assert_eq!(
            coded("write `runs_on: <x>` in *it*").as_str(),
            "write <code>runs_on: &lt;x&gt;</code> in *it*"
        );
        assert_eq!(coded("a ` b").as_str(), "a ` b");
        assert_eq!(coded("`a` and `b").as_str(), "<code>a</code> and `b");
    }

    #[test]
    fn only_a_pass_is_green() {
        use Standing::{Fail, NotApplicable, Pass, Stale, Unknown};
        for gate in [Gate::Blocker, Gate::Warning] {
            for state in [NotApplicable, Pass, Stale, Unknown, Fail] {
                let green = mark(state, gate).state == Some(Seen::Ok);
                assert_eq!(green, state == Pass, "{state:?}");
            }
        }
    }
}
