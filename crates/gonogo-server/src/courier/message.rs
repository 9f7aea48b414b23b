//! From the engine's decision to a message: addresses resolved, links signed at send time.

use gonogo_engine::effect::{Notify, NotifyKind, Recipient};
use gonogo_engine::paging::SendState;

use crate::notify::{Address, Outcome, Page, PageKind};
use crate::view::View;

use super::Courier;

pub(super) async fn send(courier: &Courier, notify: &Notify) -> Outcome {
    let to = match courier.outside.resolve_text(&notify.address) {
        Ok(to) => to,
        Err(why) => {
            return Outcome::Failed {
                error: format!("the address is not known: {why}"),
            };
        }
    };
    let mut address = Address::new(notify.channel, to);
    if let Some(secret) = &notify.secret {
        match courier.outside.resolve_text(secret) {
            Ok(secret) => address = address.with_credential(secret),
            Err(why) => {
                return Outcome::Failed {
                    error: format!("the key is not known: {why}"),
                };
            }
        }
    }
    let view = courier.view.borrow().clone();
    let page = page(courier, notify, &view);
    courier.channels.send(&address, &page).await
}

fn page(courier: &Courier, notify: &Notify, view: &View) -> Page {
    let base = &courier.base_url;
    let incident = notify.incident.map(|n| format!("INC-{n}"));
    let incident_url = match notify.incident {
        Some(number) => format!("{base}/incidents/{number}"),
        None => format!("{base}/"),
    };
    let package = &view.plan.package;
    let (to_name, person) = match &notify.to {
        Recipient::Person(id) => (
            package
                .people
                .get(id)
                .map_or(id.to_string(), |p| p.name.clone()),
            Some(id),
        ),
        Recipient::Room(team) => (
            package
                .teams
                .get(team)
                .map_or(team.to_string(), |t| t.name.clone()),
            None,
        ),
    };
    let asks = matches!(notify.kind, NotifyKind::Page | NotifyKind::Growth);
    let ack_url = match (person, notify.incident) {
        (Some(person), Some(number)) if asks => {
            let now = courier.clock.now().timestamp();
            let token = courier.channels.links().ack(
                &number.to_string(),
                person.as_str(),
                &notify.id.0,
                now,
            );
            Some(format!("{base}/ack/{}", token.expose()).into())
        }
        _ => None,
    };
    Page {
        effect_id: notify.id.0.clone(),
        kind: kind_of(notify.kind),
        incident,
        severity: notify.severity.word().into(),
        title: notify.title.clone(),
        summary: notify.summary.clone(),
        impact: notify.impact.clone(),
        first_step: notify.first_step.clone(),
        runbook_url: notify
            .runbook
            .as_ref()
            .map(|r| format!("{base}/runbooks/{r}")),
        incident_url: Some(incident_url),
        ack_url,
        to_name,
        why_you: notify.why_you.clone(),
        exercise: courier.exercise,
        closes: closes(notify, view),
    }
}

/// The pages that an all-clear closes, where a channel keeps alerts of its own.
fn closes(notify: &Notify, view: &View) -> Vec<String> {
    if notify.kind != NotifyKind::Resolved {
        return Vec::new();
    }
    let incident = notify.incident.and_then(|n| view.incidents.get(&n));
    let sends = incident
        .into_iter()
        .flat_map(|i| i.engagements.values())
        .flat_map(|e| &e.sends);
    sends
        .filter(|(_, s)| s.state == SendState::HandedOver && s.channel == notify.channel)
        .map(|(id, _)| id.0.clone())
        .collect()
}

pub(super) fn kind_of(kind: NotifyKind) -> PageKind {
    match kind {
        NotifyKind::Page => PageKind::Page,
        NotifyKind::Growth => PageKind::Growth,
        NotifyKind::UpdateDue => PageKind::UpdateDue,
        NotifyKind::UpdateOverdue => PageKind::UpdateOverdue,
        NotifyKind::Resolved => PageKind::Resolved,
        NotifyKind::Ticket => PageKind::Ticket,
        NotifyKind::Test => PageKind::Test,
    }
}
