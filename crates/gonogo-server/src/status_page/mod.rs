//! `/status`: does it work, if not what, and until when will I hear again.
//!
//! Open to all, without a script, cacheable. It shows what was published and never more: an
//! incident that nobody approved for customers is not on it. Invariant: a component is green
//! only while something that watches it says so.

mod feed;
mod files;
mod summary;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use gonogo_engine::Time;
use gonogo_engine::incident::{Incident, Update};
use gonogo_model::Id;
use gonogo_model::comms::PublicState;
use jiff::Timestamp;

pub use files::Files;

use crate::site::Site;
use crate::view::{ComponentState, View};
use crate::web::components::State as Seen;
use crate::web::status::{
    PastDay, PastIncident, PlannedWork, PublicIncident, PublicUpdate, StatusComponent, StatusGroup,
    StatusPage,
};

/// How long before it begins maintenance is announced.
const ANNOUNCED_MS: i64 = 14 * DAY_MS;
/// How many past days are listed.
const PAST_DAYS: i64 = 7;
const DAY_MS: i64 = 86_400_000;

/// The public pages.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/status", get(show))
        .route("/status/summary.json", get(summary::show))
        .route("/status/api/v2/summary.json", get(summary::show))
        .route("/status/history.atom", get(feed::show))
}

async fn show(State(site): State<Site>) -> Response {
    page(&site.view(), site.clock.now()).respond()
}

/// The page for a view.
pub fn page(view: &View, now: Time) -> StatusPage {
    let package = &view.plan.package;
    let declared = package.comms.as_ref().and_then(|c| c.status_page.as_ref());
    let groups = groups(view, now);
    let active: Vec<&Incident> = published(view)
        .filter(|(i, u)| is_active(i, u))
        .map(|(i, _)| i)
        .collect();
    let state = Seen::worst(groups.iter().flat_map(|g| &g.components).map(|c| c.state));
    let support = declared.and_then(|s| s.support.clone());
    let links = [
        Some(("Feed".to_string(), "/status/history.atom".to_string())),
        support.map(|address| ("Support".to_string(), format!("mailto:{address}"))),
    ];
    let (sentence, detail) = sentence(&groups, &active, state);
    StatusPage {
        // The template adds the word itself.
        site: declared
            .map_or(package.name(), |s| s.name.trim_end_matches(" status"))
            .to_string(),
        state,
        sentence,
        detail,
        groups,
        active: active.iter().map(|i| public(view, i)).collect(),
        planned: planned(view, now),
        past: past(view, now),
        links: links.into_iter().flatten().collect(),
        generated_at: now.timestamp(),
        data_at: view.heard.unwrap_or_default().timestamp(),
    }
}

/// The maintenance that customers are told of, as the package words it.
fn planned(view: &View, now: Time) -> Vec<PlannedWork> {
    let spans = view.maintenance.declared.iter();
    let mut found: Vec<PlannedWork> = spans
        .filter(|(_, s)| !s.ended && s.until > now && s.from.since(now).as_millis() <= ANNOUNCED_MS)
        .filter_map(|(id, span)| {
            let window = view.plan.package.maintenance.get(id)?;
            Some(PlannedWork {
                id: id.to_string(),
                name: window.name.clone(),
                text: window.customers.clone()?,
                from: span.from.timestamp(),
                until: span.until.timestamp(),
                on: span.is_on(now),
            })
        })
        .collect();
    found.sort_by_key(|w| w.from);
    found
}

/// Incidents that customers were told of, with the latest update.
fn published(view: &View) -> impl Iterator<Item = (&Incident, &Update)> {
    let told = view
        .incidents
        .values()
        .rev()
        .filter(|i| i.merged_into.is_none());
    told.filter_map(|i| Some((i, i.updates.last()?)))
}

fn is_active(_: &Incident, latest: &Update) -> bool {
    latest.state != PublicState::Resolved
}

fn groups(view: &View, now: Time) -> Vec<StatusGroup> {
    let mut groups: BTreeMap<String, Vec<StatusComponent>> = BTreeMap::new();
    for (id, component) in &view.plan.package.components {
        let Some(public) = &component.public else {
            continue;
        };
        let entry = groups
            .entry(public.group.clone().unwrap_or_default())
            .or_default();
        let state = public_state(view, id, now);
        match entry.iter_mut().find(|c| c.name == public.name) {
            Some(known) => known.state = Seen::worst([known.state, state]),
            None => entry.push(StatusComponent {
                name: public.name.clone(),
                about: String::new(),
                state,
                history: None,
            }),
        }
    }
    groups
        .into_iter()
        .map(|(name, components)| StatusGroup { name, components })
        .collect()
}

/// What customers see of a component: trouble once it was published, and green only with
/// evidence. Trouble that is not published yet shows as "no data", never as green.
fn public_state(view: &View, id: &Id, now: Time) -> Seen {
    let hit = |i: &Incident| {
        i.alerts
            .values()
            .any(|a| a.firing && a.component.as_ref() == Some(id))
    };
    if published(view).any(|(i, u)| is_active(i, u) && hit(i)) {
        return Seen::Bad;
    }
    let about = published(view).any(|(i, u)| {
        is_active(i, u) && i.alerts.values().any(|a| a.component.as_ref() == Some(id))
    });
    let fresh = view.heard.is_some_and(|at| now.since(at).as_secs() < 300);
    let known = view
        .components
        .get(id)
        .map_or(ComponentState::Unknown, |c| c.state);
    match known {
        _ if !fresh => Seen::Unknown,
        ComponentState::Ok | ComponentState::AtRisk if about => Seen::Warn,
        ComponentState::Ok => Seen::Ok,
        // Watched by flows alone: it is fine while they end well.
        ComponentState::Unknown if flows_say_ok(view, id) => {
            if about {
                Seen::Warn
            } else {
                Seen::Ok
            }
        }
        ComponentState::AtRisk => Seen::Ok,
        ComponentState::Unknown | ComponentState::Failing => Seen::Unknown,
    }
}

/// A flow of this component lately ended well, and nothing of it is overdue or fails.
fn flows_say_ok(view: &View, id: &Id) -> bool {
    let of = |f: &&crate::view::FlowView| {
        view.plan
            .package
            .flows
            .get(&f.id)
            .is_some_and(|d| d.component.id == *id)
    };
    let mut flows = view.flows.iter().filter(of).peekable();
    flows.peek().is_some()
        && flows.all(|f| f.day.successes > 0 && f.overdue == 0 && f.failures_in_row == 0)
}

fn sentence(groups: &[StatusGroup], active: &[&Incident], state: Seen) -> (String, String) {
    let named = |wanted: Seen| -> Vec<&str> {
        let all = groups.iter().flat_map(|g| &g.components);
        all.filter(|c| c.state == wanted)
            .map(|c| c.name.as_str())
            .collect()
    };
    let list = |names: &[&str]| match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_string(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    };
    let bad = named(Seen::Bad);
    match state {
        _ if !bad.is_empty() => {
            let rest = groups.iter().map(|g| g.components.len()).sum::<usize>() - bad.len();
            let detail = if rest > 0 {
                "Everything else is listed below."
            } else {
                ""
            };
            (
                format!("There is trouble with {}.", list(&bad)),
                detail.to_string(),
            )
        }
        _ if !active.is_empty() => (
            "We are watching a recovery.".into(),
            active[0]
                .updates
                .last()
                .map_or(String::new(), |u| u.title.clone()),
        ),
        Seen::Ok => ("Everything works.".into(), String::new()),
        Seen::Warn => (
            format!("{} recover.", list(&named(Seen::Warn))),
            String::new(),
        ),
        _ => {
            let unknown = named(Seen::Unknown);
            if unknown.len() == groups.iter().map(|g| g.components.len()).sum::<usize>() {
                (
                    "We have no data right now.".into(),
                    "That is about our watching, not necessarily about the service.".into(),
                )
            } else {
                (
                    "No known trouble.".into(),
                    format!("We have no data on {} right now.", list(&unknown)),
                )
            }
        }
    }
}

fn public(view: &View, incident: &Incident) -> PublicIncident {
    PublicIncident {
        title: incident
            .updates
            .last()
            .map_or_else(|| "We are looking into it".into(), |u| u.title.clone()),
        href: format!("/status#incident-{}", incident.number),
        state: Seen::Bad,
        began_at: incident.opened_at.timestamp(),
        affected: affected(view, incident),
        next_update_at: incident.promise.as_ref().map(|p| p.due.timestamp()),
        updates: updates(incident),
    }
}

fn affected(view: &View, incident: &Incident) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for attached in incident.alerts.values() {
        let component = attached
            .component
            .as_ref()
            .and_then(|c| view.plan.package.components.get(c));
        if let Some(public) = component.and_then(|c| c.public.as_ref())
            && !names.contains(&public.name)
        {
            names.push(public.name.clone());
        }
    }
    names
}

fn updates(incident: &Incident) -> Vec<PublicUpdate> {
    let said = |u: &Update| PublicUpdate {
        at: u.at.timestamp(),
        stage: stage(u.state).into(),
        text: u.text.clone(),
    };
    incident.updates.iter().rev().map(said).collect()
}

/// The word that customers read.
fn stage(state: PublicState) -> &'static str {
    match state {
        PublicState::Investigating => "Investigating",
        PublicState::Identified => "Identified",
        PublicState::Monitoring => "Monitoring",
        PublicState::Resolved => "Resolved",
    }
}

fn past(view: &View, now: Time) -> Vec<PastDay> {
    let day_of = |at: Time| at.as_millis().div_euclid(DAY_MS);
    let today = day_of(now);
    (0..PAST_DAYS)
        .map(|back| {
            let day = today - back;
            let over =
                published(view).filter(|(i, u)| !is_active(i, u) && day_of(i.opened_at) == day);
            PastDay {
                day: Timestamp::from_millisecond(day * DAY_MS + DAY_MS / 2).unwrap_or_default(),
                incidents: over.map(|(i, u)| past_incident(i, u)).collect(),
            }
        })
        .collect()
}

fn past_incident(incident: &Incident, latest: &Update) -> PastIncident {
    let ended = incident.resolved_at.unwrap_or(latest.at);
    PastIncident {
        // The last headline says that it is over; the first says what it was.
        title: incident.updates.first().unwrap_or(latest).title.clone(),
        href: format!("/status#incident-{}", incident.number),
        lasted: ended.since(incident.opened_at).signed(),
        summary: latest.text.lines().next().unwrap_or_default().to_string(),
    }
}
