//! What customers see of an incident, and the next update to them.
//!
//! Whoever the communication rule names writes it; a launch director may always.

use gonogo_engine::incident::{Incident, Update};
use gonogo_model::comms::{CommsRule, PublicState};
use gonogo_model::team::Role as Holder;
use gonogo_model::{Id, Package, Ref};
use jiff::Timestamp;

use crate::auth::{Identity, Role};
use crate::shown;
use crate::view::View;
use crate::web::components::items::Tab;

/// The longest update, in characters.
pub const UPDATE_CHARS_MAX: usize = 5_000;

/// What is typed into a composer, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// The state chosen; the promised one where none is.
    pub state: Option<PublicState>,
    /// The words; the draft where there are none.
    pub text: Option<String>,
    /// What is wrong.
    pub error: String,
}

/// The next update, ready to be changed and published.
pub struct Composer {
    /// One for each state, to change the draft.
    pub tabs: Vec<Tab>,
    /// The state it announces.
    pub state: PublicState,
    /// The headline that goes with it.
    pub title: String,
    /// The words.
    pub text: String,
    /// What is wrong with it.
    pub error: String,
    /// What happens when it is published.
    pub hint: String,
}

/// An update that customers saw.
pub struct Published {
    /// When.
    pub at: Timestamp,
    /// Where it said the incident stands.
    pub stage: String,
    /// The headline.
    pub title: String,
    /// The words.
    pub text: String,
    /// Who approved it.
    pub by: String,
    /// What it promised.
    pub next_by: Option<Timestamp>,
}

/// What was published, newest first.
pub fn published(incident: &Incident) -> Vec<Published> {
    let of = |u: &Update| Published {
        at: u.at.timestamp(),
        stage: shown::capital(u.state.word()),
        title: u.title.clone(),
        text: u.text.clone(),
        by: u.approved_by.clone(),
        next_by: u.next_by.map(|t| t.timestamp()),
    };
    incident.updates.iter().rev().map(of).collect()
}

/// The composer for the next update.
pub fn composer(view: &View, incident: &Incident, entered: &Entered) -> Composer {
    let promised = incident.promise.as_ref().map(|p| p.state);
    let state = entered
        .state
        .or(promised)
        .unwrap_or_else(|| following(incident));
    let drafts = view
        .drafts
        .get(&incident.number)
        .map_or(&[][..], Vec::as_slice);
    let draft = drafts.iter().find(|d| d.state == state);
    let tab = |s: &PublicState| Tab {
        label: shown::capital(s.word()),
        href: format!("/incidents/{}?draft={s}#update", incident.number),
        current: *s == state,
        count: None,
    };
    let hint = match (rule(&view.plan.package, incident), state) {
        (_, PublicState::Resolved) => {
            "Customers see it at once. It promises nothing more and does not close the incident."
                .into()
        }
        (Some(rule), _) => format!(
            "Customers see it at once. The next one is promised within {}.",
            shown::length(rule.cadence)
        ),
        (None, _) => "Customers see it at once. No rule promises another one.".into(),
    };
    Composer {
        tabs: PublicState::ALL.iter().map(tab).collect(),
        state,
        title: draft.map(|d| d.title.clone()).unwrap_or_default(),
        text: entered
            .text
            .clone()
            .or_else(|| draft.map(|d| d.text.trim().to_owned()))
            .unwrap_or_default(),
        error: entered.error.clone(),
        hint,
    }
}

/// Whether somebody may publish an update: the roles that the rule names, and directors.
pub fn may_publish(package: &Package, incident: &Incident, who: &Identity, now: Timestamp) -> bool {
    if who.may(Role::Director) {
        return true;
    }
    let Some(rule) = rule(package, incident) else {
        return who.may(Role::Responder);
    };
    let named = std::iter::once(&rule.owner).chain(rule.backup.as_ref());
    who.may(Role::Responder)
        && named
            .into_iter()
            .any(|role| holds(package, role, who.person.as_ref(), now))
}

/// Whose turn it is to write, in words.
pub fn writers(package: &Package, incident: &Incident) -> String {
    let Some(rule) = rule(package, incident) else {
        return "a responder".into();
    };
    let named = std::iter::once(&rule.owner).chain(rule.backup.as_ref());
    let mut names: Vec<String> = named.map(|r| shown::role(package, &r.id)).collect();
    names.push("a launch director".into());
    names.join(", or ")
}

fn holds(package: &Package, role: &Ref<Holder>, person: Option<&Id>, now: Timestamp) -> bool {
    let holder = package.roles.get(&role.id).and_then(|r| r.holder_at(now));
    holder.is_some_and(|h| person == Some(&h.id))
}

fn rule<'p>(package: &'p Package, incident: &Incident) -> Option<&'p CommsRule> {
    let rules = &package.comms.as_ref()?.rules;
    rules.iter().find(|r| r.severity.value == incident.severity)
}

/// The state that usually comes after the last one that was published.
fn following(incident: &Incident) -> PublicState {
    match incident.updates.last().map(|u| u.state) {
        None => PublicState::Investigating,
        Some(_) if !incident.is_open() => PublicState::Resolved,
        Some(PublicState::Monitoring | PublicState::Resolved) => PublicState::Monitoring,
        Some(_) => PublicState::Identified,
    }
}
