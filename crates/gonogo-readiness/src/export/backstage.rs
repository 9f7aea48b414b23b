//! A package as a Backstage catalogue: groups, users, components, resources and their edges.
//!
//! What the format has no field for but a reader may want back (tier, kind, how hard an edge
//! is) stands in annotations, which the import reads again.

use std::collections::BTreeSet;

use gonogo_model::component::{Component, ComponentKind};
use gonogo_model::team::{Channel, Team};
use gonogo_model::{Id, Package};

use super::{Exported, name_fits};
use crate::import::backstage::{HARDNESS, KIND, TIER};
use crate::yaml::Yaml;

/// The longest name of an entity.
pub const MAX_NAME: usize = 63;

/// Every entity that the format has a place for, as one file of several documents.
pub fn export(package: &Package) -> Exported {
    let mut out = Exported::default();
    for team in package.teams.values() {
        out.document(&group(team, package));
    }
    for person in package.people.values() {
        let teams = package.teams.values();
        let of = teams.filter(|t| people_of(t, package).contains(&person.id.value));
        let member_of = of.map(|t| Yaml::text(t.id.as_str())).collect();
        let email = person
            .contacts
            .iter()
            .find(|c| c.channel.value == Channel::Email);
        let email = email.and_then(|c| c.to.as_plain()).map(Yaml::text);
        let profile = Yaml::map([
            ("displayName", Some(Yaml::text(&person.name))),
            ("email", email),
        ]);
        let spec = Yaml::map([
            ("profile", Some(profile)),
            ("memberOf", Some(Yaml::List(member_of))),
        ]);
        out.document(&entity(
            "User",
            metadata(person.id.as_str(), None, None),
            spec,
        ));
    }
    for component in package.components.values() {
        out.document(&of_component(component, package));
        lost_of(component, &mut out);
    }
    for id in package
        .components
        .keys()
        .chain(package.teams.keys())
        .chain(package.people.keys())
    {
        name_fits(id, MAX_NAME, |c| "-_.".contains(c), &mut out);
    }
    for (count, what) in [
        (package.journeys.len(), "journey"),
        (package.schedules.len(), "schedule"),
        (package.escalation_policies.len(), "escalation policy"),
        (
            package.sources.len() + package.flows.len() + package.checks.len(),
            "source, flow or check",
        ),
        (package.slos.len(), "SLO"),
        (package.alerts.len(), "alert"),
        (package.failure_modes.len(), "failure mode"),
        (package.runbooks.len(), "runbook"),
        (package.scenarios.len(), "scenario"),
    ] {
        out.lose_all(count, what);
    }
    out
}

fn of_component(component: &Component, package: &Package) -> Yaml {
    let mut annotations = vec![
        (KIND.to_string(), Yaml::text(component.kind.word())),
        (TIER.to_string(), Yaml::text(component.tier.to_string())),
    ];
    for edge in &component.depends_on {
        let name = format!("{HARDNESS}{}", edge.component.id);
        annotations.push((name, Yaml::text(edge.kind.word())));
    }
    let links = component
        .links
        .iter()
        .filter(|(_, url)| crate::import::is_link(url));
    let links = links.map(|(title, url)| {
        Yaml::map([
            ("url", Some(Yaml::text(url))),
            ("title", Some(Yaml::text(title))),
        ])
    });
    let mut metadata = metadata(
        component.id.as_str(),
        Some(&component.name),
        component.description.as_deref(),
    );
    if let Yaml::Map(entries) = &mut metadata {
        entries.push(("annotations".into(), Yaml::Map(annotations)));
        entries.extend(Yaml::list(links.collect()).map(|links| ("links".into(), links)));
    }
    let needs = component.depends_on.iter().map(|edge| {
        let to = package.components.get(&edge.component.id);
        let kind = to.map_or("component", |c| kind(c).0).to_lowercase();
        Yaml::text(format!("{kind}:default/{}", edge.component.id))
    });
    let (kind, of) = kind(component);
    let attribute = |name: &str| component.attributes.get(name).map(Yaml::text);
    let lifecycle = attribute("lifecycle").unwrap_or_else(|| Yaml::text("production"));
    let spec = Yaml::map([
        ("type", Some(Yaml::text(of))),
        ("lifecycle", Some(lifecycle).filter(|_| kind == "Component")),
        (
            "owner",
            Some(Yaml::text(format!("group:default/{}", component.team.id))),
        ),
        ("system", attribute("system")),
        ("dependsOn", Yaml::list(needs.collect())),
    ]);
    entity(kind, metadata, spec)
}

/// The kind of the entity, and its type.
fn kind(component: &Component) -> (&'static str, &'static str) {
    match component.kind {
        ComponentKind::Service => ("Component", "service"),
        ComponentKind::Job => ("Component", "job"),
        ComponentKind::Tool => ("Component", "tool"),
        ComponentKind::Datastore => ("Resource", "database"),
        ComponentKind::Vendor => ("Resource", "vendor"),
        ComponentKind::DomainFleet => ("Resource", "domains"),
        ComponentKind::ConfigFeed => ("Resource", "config"),
        ComponentKind::Network => ("Resource", "network"),
    }
}

fn group(team: &Team, package: &Package) -> Yaml {
    let members = people_of(team, package);
    let members = members.into_iter().map(|id| Yaml::text(id.as_str()));
    let profile = Yaml::map([("displayName", Some(Yaml::text(&team.name)))]);
    let spec = Yaml::map([
        ("type", Some(Yaml::text("team"))),
        ("profile", Some(profile)),
        ("children", Some(Yaml::List(Vec::new()))),
        ("members", Yaml::list(members.collect())),
    ]);
    entity("Group", metadata(team.id.as_str(), None, None), spec)
}

/// Everybody who holds a role of a team, now or later.
fn people_of<'p>(team: &Team, package: &'p Package) -> BTreeSet<&'p Id> {
    let roles = team
        .members
        .iter()
        .filter_map(|role| package.roles.get(&role.id));
    let holders = roles.flat_map(|role| &role.holders);
    holders.map(|holder| &holder.person.id).collect()
}

fn metadata(name: &str, title: Option<&str>, description: Option<&str>) -> Yaml {
    Yaml::map([
        ("name", Some(Yaml::text(name))),
        ("title", title.map(Yaml::text)),
        ("description", description.map(Yaml::text)),
    ])
}

fn entity(kind: &str, metadata: Yaml, spec: Yaml) -> Yaml {
    Yaml::map([
        ("apiVersion", Some(Yaml::text("backstage.io/v1alpha1"))),
        ("kind", Some(Yaml::text(kind))),
        ("metadata", Some(metadata)),
        ("spec", Some(spec)),
    ])
}

fn lost_of(component: &Component, out: &mut Exported) {
    let id = &component.id.value;
    let said = |what: &str| format!("component {id}: {what}");
    for (lost, what) in [
        (component.rollback.is_some(), "how it is rolled back"),
        (component.public.is_some(), "its name on the status page"),
        (
            component
                .depends_on
                .iter()
                .any(|d| d.when_it_fails.is_some()),
            "what happens when its dependencies fail",
        ),
        (
            component.depends_on.iter().any(|d| d.group.is_some()),
            "which of its dependencies stand in for one another",
        ),
        (
            component
                .attributes
                .keys()
                .any(|k| k != "lifecycle" && k != "system"),
            "its attributes",
        ),
    ] {
        if lost {
            out.lost.push(said(what));
        }
    }
}
