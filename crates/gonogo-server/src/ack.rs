//! `/ack/{token}`: one button for somebody who was asleep four minutes ago.
//!
//! Invariant: reading the page acknowledges nothing, because mail scanners follow links; only
//! pressing the button does. The signed link is the proof, so no sign-in is needed.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use gonogo_engine::Time;
use gonogo_engine::incident::Incident;
use gonogo_engine::input::{Actor, Verb};
use gonogo_model::Id;
use gonogo_model::alert::{Alert, Severity as Sev};
use jiff::Timestamp;

use crate::notify::link::{Claims, LinkError, Purpose};
use crate::site::Site;
use crate::view::View;
use crate::web::components::Severity;
use crate::web::plain::{AckPage, ErrorPage, Standing};
use crate::web::{Frame, page};

/// The page and its button.
pub fn routes() -> Router<Site> {
    Router::new().route("/ack/{token}", get(show).post(press))
}

async fn show(State(site): State<Site>, Path(token): Path<String>, frame: Frame) -> Response {
    match verify(&site, &token) {
        Ok(claims) => answer(&site, frame, &token, &claims),
        Err(error) => refused(frame, error),
    }
}

async fn press(State(site): State<Site>, Path(token): Path<String>, frame: Frame) -> Response {
    let claims = match verify(&site, &token) {
        Ok(claims) => claims,
        Err(error) => return refused(frame, error),
    };
    let view = site.view();
    let number = claims.incident.parse().unwrap_or(0);
    if view.incidents.get(&number).is_none_or(|i| !i.is_open()) {
        return answer(&site, frame, &token, &claims);
    }
    let by = Actor {
        name: name_of(&view, &claims.person),
        person: Id::parse(&claims.person).ok(),
        via: "link".into(),
    };
    if let Err(error) = site
        .decide(by, Verb::Acknowledge { incident: number })
        .await
    {
        tracing::error!(%error, "an acknowledgement could not be written down");
        let text = "It could not be written down, so you will be called again. Please press the button once more.";
        return ErrorPage::new(
            frame,
            StatusCode::SERVICE_UNAVAILABLE,
            "Not acknowledged",
            text,
        )
        .respond();
    }
    answer(&site, frame, &token, &claims)
}

fn verify(site: &Site, token: &str) -> Result<Claims, LinkError> {
    site.channels
        .links()
        .verify(token, Purpose::Ack, site.clock.now().timestamp())
}

fn refused(frame: Frame, error: LinkError) -> Response {
    let (title, text) = match error {
        LinkError::Expired => (
            "This link is too old",
            "Links in messages are good for three days. Sign in to see where the incident stands.",
        ),
        _ => (
            "This link is not valid",
            "It may have been cut off in the message. Open it from the message again, or sign in to acknowledge.",
        ),
    };
    let mut page = ErrorPage::new(frame, StatusCode::GONE, title, text);
    page.code = error.code().to_string();
    page.way_out = ("Sign in".into(), "/login?next=/".into());
    page.respond()
}

fn answer(site: &Site, frame: Frame, token: &str, claims: &Claims) -> Response {
    let view = site.view();
    let number = claims.incident.parse().unwrap_or(0);
    let Some(incident) = view.incidents.get(&number) else {
        let text = "It is over for so long that only its history is kept.";
        return ErrorPage::new(frame, StatusCode::GONE, "This incident is long over", text)
            .respond();
    };
    let lead = lead(&view, incident);
    let runbook = lead.and_then(|a| a.runbook.as_ref()).map(|r| {
        let title = view
            .plan
            .package
            .runbooks
            .get(&r.id)
            .map_or_else(|| r.id.to_string(), |b| b.head.title.clone());
        (title, format!("/runbooks/{}", r.id))
    });
    page(&AckPage {
        frame,
        action: format!("/ack/{token}"),
        person: name_of(&view, &claims.person),
        title: incident.title.clone(),
        severity: severity(incident.severity),
        impact: lead.and_then(|a| a.impact.clone()).unwrap_or_default(),
        began_at: incident.opened_at.timestamp(),
        incident_href: format!("/incidents/{number}"),
        runbook,
        next: next(&view, incident),
        standing: standing(incident, &claims.person, &name_of(&view, &claims.person)),
        now: site.clock.now().timestamp(),
    })
}

/// How things stand for this person: what they were called for counts, not the whole incident.
fn standing(incident: &Incident, person: &str, name: &str) -> Standing {
    if let Some(at) = incident.resolved_at {
        return Standing::Resolved { at: at.timestamp() };
    }
    let called =
        |e: &&gonogo_engine::paging::Engagement| e.sends.values().any(|s| s.person == *person);
    let theirs: Vec<_> = incident.engagements.values().filter(called).collect();
    if theirs.is_empty() || theirs.iter().any(|e| e.acked.is_none()) {
        return Standing::Open;
    }
    let acks: BTreeMap<&str, Time> = theirs
        .iter()
        .filter_map(|e| e.acked.as_ref())
        .map(|(by, at)| (by.as_str(), *at))
        .collect();
    match acks.iter().next() {
        Some(_) if acks.contains_key(name) => Standing::Mine,
        Some((by, at)) => Standing::Taken {
            by: (*by).to_string(),
            at: at.timestamp(),
        },
        None => Standing::Open,
    }
}

/// When the next step of an escalation is due. Whom it finds is decided at that moment.
fn next(_: &View, incident: &Incident) -> Option<(String, Timestamp)> {
    let steps = incident
        .engagements
        .values()
        .filter_map(|e| e.escalation.as_ref());
    let soonest = steps.min_by_key(|e| e.next_at)?;
    Some(("the next in line".into(), soonest.next_at.timestamp()))
}

/// The alert that says most: that of the cause, else the worst.
fn lead<'v>(view: &'v View, incident: &Incident) -> Option<&'v Alert> {
    let cause = incident.cause.as_ref().map(|c| &c.component);
    let firing = incident.alerts.iter().filter(|(_, a)| a.firing);
    let best =
        firing.min_by_key(|(id, a)| (a.component.as_ref() != cause, a.severity, (*id).clone()));
    view.plan.alerts.get(best?.0)
}

fn name_of(view: &View, person: &str) -> String {
    view.plan
        .package
        .people
        .get(person)
        .map_or_else(|| person.to_string(), |p| p.name.clone())
}

fn severity(severity: Sev) -> Severity {
    let level = match severity {
        Sev::Sev1 => 1,
        Sev::Sev2 => 2,
        Sev::Sev3 => 3,
        Sev::Sev4 => 4,
    };
    Severity::new(level, severity.word())
}
