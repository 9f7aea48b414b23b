//! `GET /components`: what is known about each part. Unknown is never `ok`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Named};
use crate::auth::Identity;
use crate::site::Site;
use crate::view::{ComponentState, ComponentView, View};

/// The components of the package, the worst first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// All of them.
    pub components: Vec<Component>,
}

/// A component and what is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its id in the package.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What sort of thing it is.
    pub kind: String,
    /// The team that owns it.
    pub team: Option<Named>,
    /// `ok`, `unknown`, `at_risk` or `failing`.
    pub state: String,
    /// Why, in a few words.
    pub why: String,
    /// The number of the open incident that it is part of.
    pub incident: Option<u64>,
}

pub(super) async fn list(State(site): State<Site>, _: Identity) -> Answer<Components> {
    let view = site.view();
    let mut found: Vec<_> = view.components.iter().collect();
    found.sort_by_key(|(id, c)| (std::cmp::Reverse(c.state), *id));
    let of = |(id, known)| Component::of(&view, id, known);
    let components = found.into_iter().map(of).collect();
    Ok(Json(Components { components }))
}

impl Component {
    fn of(view: &View, id: &gonogo_model::Id, known: &ComponentView) -> Self {
        let declared = view.plan.package.components.get(id);
        let Named { id, name } = Named::new(id, declared.map(|c| &c.name));
        let state = match known.state {
            ComponentState::Ok => "ok",
            ComponentState::Unknown => "unknown",
            ComponentState::AtRisk => "at_risk",
            ComponentState::Failing => "failing",
        };
        Self {
            id,
            name,
            kind: declared.map_or("", |c| c.kind.word()).to_owned(),
            team: declared.map(|c| Named::team(view, &c.team.id)),
            state: state.to_owned(),
            why: known.why.clone(),
            incident: known.incident,
        }
    }
}
