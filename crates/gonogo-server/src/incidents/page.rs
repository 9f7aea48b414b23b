//! One incident, as a whole.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_engine::incident::{How, Incident, Standing};
use gonogo_model::comms::PublicState;
use gonogo_model::{Id, Package};
use jiff::Timestamp;

use super::called::{Called, called};
use super::customers::{Composer, Entered, Published, composer, may_publish, published, writers};
use crate::auth::Identity;
use crate::runbooks::steps::{Part, parts};
use crate::shell::{Missing, may_act, shell};
use crate::shown::{self, WhoHas};
use crate::site::Site;
use crate::store::{OutboxFilter, OutboxItem};
use crate::view::View;
use crate::web::components::items::Moment;
use crate::web::components::table::TableQuery;
use crate::web::components::{Severity, State as Colour};
use crate::web::{Frame, Nav, Shell, page_with};

/// Lines of the timeline on one page.
const TIMELINE_ROWS: u32 = 60;
/// Messages of an incident that are looked through.
const MESSAGES: u32 = 500;
/// Keys of an alert that are named.
const KEYS_SHOWN: usize = 8;

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    shell: Shell,
    number: u64,
    /// Where its actions are posted, without a slash at the end.
    at: String,
    title: String,
    severity: Severity,
    state: Colour,
    word: &'static str,
    opened: Timestamp,
    resolved: Option<Timestamp>,
    quiet: Option<Timestamp>,
    reopened: u32,
    merged_into: Option<u64>,
    open: bool,
    acknowledged: bool,
    may_act: bool,
    may_publish: bool,
    /// Something may still have to be said to customers.
    untold: bool,
    writers: String,
    who: WhoHas,
    leads: bool,
    commander: String,
    cause: Option<Cause>,
    failing: Vec<Hit>,
    at_risk: Vec<Hit>,
    journeys: Vec<String>,
    impact: String,
    first_step: String,
    runbook: Option<(String, String)>,
    parts: Vec<Part>,
    promise: Option<Timestamp>,
    /// What customers see now.
    told: Option<Published>,
    told_before: Vec<Published>,
    composer: Composer,
    called: Vec<Called>,
    alerts: Vec<AlertRow>,
    timeline: Vec<Moment>,
    older: Option<String>,
    newest: bool,
    typed: Typed,
}

/// What somebody typed that could not be taken, and why.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// A note.
    pub note: String,
    /// What is wrong with it.
    pub note_error: String,
    /// A reason to end it.
    pub reason: String,
    /// What is wrong with that.
    pub reason_error: String,
    /// An update.
    pub update: Entered,
}

impl Typed {
    fn has_mistakes(&self) -> bool {
        !(self.note_error.is_empty()
            && self.reason_error.is_empty()
            && self.update.error.is_empty())
    }
}

struct Cause {
    name: String,
    href: String,
    state: Colour,
    word: &'static str,
    since: Timestamp,
}

struct Hit {
    name: String,
    href: String,
    why: String,
}

struct AlertRow {
    id: String,
    name: String,
    severity: Severity,
    state: Colour,
    word: &'static str,
    how: &'static str,
    since: Timestamp,
    detail: String,
    keys: Vec<String>,
    more_keys: u64,
    href: String,
    /// What changed just before it: the nearest, and how many more.
    changed: Option<(String, usize)>,
}

/// `GET /incidents/{number}`
pub async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(number): Path<String>,
) -> Result<Response, Missing> {
    let query = TableQuery::from_uri(&frame.uri);
    let mut typed = Typed::default();
    typed.update.state = query.get("draft").and_then(PublicState::from_word);
    render(&site, &who, frame, &number, typed).await
}

/// The page of an incident; with mistakes it is answered 422.
pub async fn render(
    site: &Site,
    who: &Identity,
    frame: Frame,
    number: &str,
    typed: Typed,
) -> Result<Response, Missing> {
    let view = site.view();
    let incident = find(&view, number).ok_or_else(|| missing(frame.clone(), number))?;
    let query = TableQuery::from_uri(&frame.uri);
    let before = query.get("before").and_then(|b| b.parse().ok());
    let id = incident.number.to_string();
    let rows = site.store.blocking(move |s| {
        let filter = OutboxFilter {
            incident: Some(id.clone()),
            kind: Some("notify".into()),
            limit: MESSAGES,
            ..OutboxFilter::default()
        };
        let history = s.history_before(&id, before.unwrap_or(i64::MAX), TIMELINE_ROWS)?;
        Ok((history, s.outbox_list(&filter)?))
    });
    let (history, outbox) = rows.await.map_err(Missing::store(&frame))?;
    let older = (history.len() == TIMELINE_ROWS as usize)
        .then(|| history.last().map(|(rank, _)| rank.to_string()))
        .flatten()
        .map(|rank| format!("{}#timeline", query.href_with("before", &rank)));
    let status = if typed.has_mistakes() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut template = build(site, &view, who, frame, incident, &outbox, typed);
    template.timeline = history.iter().map(|(_, row)| shown::moment(row)).collect();
    template.older = older;
    template.newest = before.is_none();
    Ok(page_with(status, &template))
}

/// The incident that an address names: "12" or "INC-12".
pub fn find<'v>(view: &'v View, number: &str) -> Option<&'v Incident> {
    let number = number.strip_prefix("INC-").unwrap_or(number);
    view.incidents.get(&number.parse().ok()?)
}

/// No such incident.
pub fn missing(frame: Frame, number: &str) -> Missing {
    let shown: String = number.chars().take(40).collect();
    Missing::thing(
        frame,
        format!("incident {shown}"),
        ("All incidents", "/incidents"),
    )
}

fn build(
    site: &Site,
    view: &View,
    who: &Identity,
    frame: Frame,
    incident: &Incident,
    outbox: &[OutboxItem],
    typed: Typed,
) -> IncidentPage {
    let package = &view.plan.package;
    let now = site.clock.now().timestamp();
    let lead = shown::lead(view, incident);
    let said = |text: Option<&String>| text.cloned().unwrap_or_default();
    let (state, word) = shown::phase(incident);
    let (failing, at_risk) = reach(view, incident);
    let runbook = lead.and_then(|a| package.runbooks.get(&a.runbook.as_ref()?.id));
    let ticking = (incident.is_open() && may_act(who)).then_some(incident.number);
    let title = format!("{} {}", incident.name(), incident.title);
    let mut told_before = published(incident).into_iter();
    let told = told_before.next();
    IncidentPage {
        number: incident.number,
        at: format!("/incidents/{}", incident.number),
        title: incident.title.clone(),
        severity: shown::severity(incident.severity),
        state,
        word,
        opened: incident.opened_at.timestamp(),
        resolved: incident.resolved_at.map(|t| t.timestamp()),
        quiet: incident.quiet_since.map(|t| t.timestamp()),
        reopened: incident.reopened,
        merged_into: incident.merged_into,
        open: incident.is_open(),
        acknowledged: incident.phase != gonogo_engine::incident::Phase::Open,
        may_act: may_act(who) && incident.merged_into.is_none(),
        may_publish: may_publish(package, incident, who, now),
        untold: view.drafts.contains_key(&incident.number),
        writers: writers(package, incident),
        who: shown::who_has(view, incident),
        leads: incident.commander.as_deref() == Some(who.name.as_str()),
        commander: incident.commander.clone().unwrap_or_default(),
        cause: cause(package, incident),
        failing,
        at_risk,
        journeys: incident
            .journeys
            .iter()
            .map(|j| shown::journey_name(package, j))
            .collect(),
        impact: said(lead.and_then(|a| a.impact.as_ref())),
        first_step: said(lead.and_then(|a| a.first_step.as_ref())),
        runbook: runbook.map(shown::runbook_link),
        parts: runbook
            .map(|r| parts(r, &incident.steps, ticking))
            .unwrap_or_default(),
        promise: incident.promise.as_ref().map(|p| p.due.timestamp()),
        told,
        told_before: told_before.collect(),
        composer: composer(view, incident, &typed.update),
        called: called(package, incident, outbox),
        alerts: alerts(view, incident),
        timeline: Vec::new(),
        older: None,
        newest: true,
        shell: shell(site, view, who, frame, &title, Nav::Incidents),
        typed,
    }
}

fn cause(package: &Package, incident: &Incident) -> Option<Cause> {
    let cause = incident.cause.as_ref()?;
    let (state, word) = match cause.standing {
        Standing::Suspected => (Colour::Unknown, "suspected"),
        Standing::Confirmed => (Colour::Bad, "confirmed"),
    };
    Some(Cause {
        name: shown::component_name(package, &cause.component),
        href: format!("/graph/{}", cause.component),
        state,
        word,
        since: cause.since.timestamp(),
    })
}

/// What fails, and what fails with it or is at risk, as this incident sees it.
fn reach(view: &View, incident: &Incident) -> (Vec<Hit>, Vec<Hit>) {
    let package = &view.plan.package;
    let failing = incident.failing_components();
    let hit = |id: &Id, why: &str| Hit {
        name: shown::component_name(package, id),
        href: format!("/graph/{id}"),
        why: why.to_owned(),
    };
    let why = |id: &Id| {
        view.components
            .get(id)
            .map_or("", |c| c.why.as_str())
            .to_owned()
    };
    let mut risk: Vec<&Id> = view
        .components
        .iter()
        .filter(|(id, c)| c.incident == Some(incident.number) && !failing.contains(*id))
        .map(|(id, _)| id)
        .collect();
    if !incident.is_open() {
        risk.clear();
    }
    (
        failing.iter().map(|id| hit(id, &why(id))).collect(),
        risk.into_iter().map(|id| hit(id, &why(id))).collect(),
    )
}

fn alerts(view: &View, incident: &Incident) -> Vec<AlertRow> {
    let mut rows: Vec<AlertRow> = incident
        .alerts
        .iter()
        .map(|(id, attached)| {
            let declared = view.plan.alerts.get(id);
            let reading = view.reading(id);
            let (state, word) = match attached.firing {
                true => (shown::severity_state(attached.severity), "fires"),
                false => (Colour::Ok, "recovered"),
            };
            let keys = reading.map(|r| r.keys.as_slice()).unwrap_or_default();
            let shown_keys: Vec<String> = keys.iter().take(KEYS_SHOWN).cloned().collect();
            let count = reading.map_or(0, |r| r.count).max(keys.len() as u64);
            AlertRow {
                id: id.to_string(),
                name: declared.map_or_else(|| shown::words(id.as_str()), |a| a.name.clone()),
                severity: shown::severity(attached.severity),
                state,
                word,
                how: match attached.how {
                    How::Origin => "it began with this",
                    How::Downstream => "explained by the cause",
                    How::Symptom => "shares a suspected cause",
                },
                since: attached.at.timestamp(),
                detail: reading.map(|r| r.detail.clone()).unwrap_or_default(),
                more_keys: if keys.is_empty() {
                    0
                } else {
                    count - shown_keys.len() as u64
                },
                keys: shown_keys,
                href: declared.map_or_else(String::new, |a| format!("/alerts/{}", a.id.value)),
                changed: view.alerts.get(id).and_then(crate::explained::nearest),
            }
        })
        .collect();
    rows.sort_by_key(|r| (r.state == Colour::Ok, r.severity.level));
    rows
}
