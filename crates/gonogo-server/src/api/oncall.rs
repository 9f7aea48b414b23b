//! `GET /oncall` and `POST /test-page`: who is called, and whether it would arrive.

use axum::Json;
use axum::extract::State;
use gonogo_engine::Time;
use gonogo_engine::input::Verb;
use gonogo_model::Id;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Body, Named};
use super::problem::Problem;
use crate::auth::{Identity, Require, need};
use crate::site::Site;

/// Who is on call right now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnCall {
    /// Each schedule of the package.
    pub schedules: Vec<Turn>,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The schedule.
    pub schedule: Named,
    /// The role whose turn it is; none where nobody has it.
    pub role: Option<Named>,
    /// Who holds the role; none where nobody does.
    pub person: Option<Named>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// A page to somebody, to see whether it arrives.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestPage {
    /// Whom: the id of a person of the package.
    pub person: String,
}

/// A test page that is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestPaged {
    /// The place of the command in the journal.
    pub position: i64,
    /// Whom.
    pub person: Named,
    /// The channels on which it is sent.
    pub channels: Vec<String>,
}

pub(super) async fn get(State(site): State<Site>, _: Identity) -> Answer<OnCall> {
    let view = site.view();
    let package = &view.plan.package;
    let turn = |turn: &crate::view::OnCall| {
        let schedule = package.schedules.get(&turn.schedule);
        let role = |id: &Id| Named::new(id, package.roles.get(id).map(|r| &r.name));
        Turn {
            schedule: Named::new(&turn.schedule, schedule.map(|s| &s.name)),
            role: turn.role.as_ref().map(role),
            person: turn.person.as_ref().map(|id| Named::person(&view, id)),
            until: turn.until.map(Time::timestamp),
        }
    };
    let schedules = view.on_call.iter().map(turn).collect();
    Ok(Json(OnCall { schedules }))
}

pub(super) async fn test_page(
    State(site): State<Site>,
    who: Require<need::Responder>,
    Body(whom): Body<TestPage>,
) -> Answer<TestPaged> {
    let view = site.view();
    let people = &view.plan.package.people;
    let found = Id::parse(&whom.person).ok().and_then(|id| people.get(&id));
    let Some(person) = found else {
        let message = format!("The package has no person `{}`.", whom.person);
        return Err(Problem::invalid("unknown_person", message));
    };
    if person.contacts.is_empty() {
        let message = format!("{} has no contact to test.", person.name);
        return Err(
            Problem::invalid("no_contact", message).help("Add one in the package, under `people`.")
        );
    }
    let channels = person
        .contacts
        .iter()
        .map(|c| c.channel.value.word().to_owned())
        .collect();
    let person = person.id.value.clone();
    let named = Named::person(&view, &person);
    let position = site.decide(who.actor(), Verb::TestPage { person }).await?;
    Ok(Json(TestPaged {
        position,
        person: named,
        channels,
    }))
}
