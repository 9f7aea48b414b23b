//! Datadog's software catalogue, entity definitions of version 3.
//!
//! References are `kind:[namespace/]name`; without a kind they mean a service.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{Catalogue, Component, NOBODY, Team, free_id, id_of, tier_of};
use super::document::{Document, documents, entries, items, scalar, text};
use super::{Imported, Input, LossKind};

/// Reads entity definitions.
pub fn import(inputs: &[Input<'_>]) -> Imported {
    let mut catalogue = Catalogue::default();
    let documents = documents(inputs, &mut catalogue.report);
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let mut entities = Vec::new();
    for document in &documents {
        let Some((kind, name)) = identity(document, &mut catalogue) else {
            continue;
        };
        let said = format!("{kind}:{name}");
        let place = document.place(&document.root);
        if known.contains_key(&said) {
            catalogue.lose(
                LossKind::Renamed,
                &place,
                &said,
                "stands here again; the first one counts",
            );
            continue;
        }
        let id = free_id(&taken, &name, &kind);
        if id != name {
            catalogue.lose(
                LossKind::Renamed,
                &place,
                &said,
                format!("is called `{id}` here"),
            );
        }
        taken.insert(id.clone());
        known.insert(said.clone(), id.clone());
        entities.push((document, said, id));
    }
    for (document, said, id) in &entities {
        take(document, said, id, &mut catalogue);
    }
    for (document, said, id) in &entities {
        connect(document, said, id, &known, &mut catalogue);
    }
    catalogue.finish("datadog")
}

/// The kind and the name of an entity, when a package has a place for it.
fn identity(document: &Document<'_>, catalogue: &mut Catalogue) -> Option<(String, String)> {
    let root = &document.root;
    let place = document.place(root);
    let version = text(root, &["apiVersion"]);
    if version.as_deref() != Some("v3") {
        let version = version
            .or_else(|| text(root, &["schema-version"]))
            .unwrap_or_else(|| "nothing".into());
        let name = text(root, &["dd-service"]).unwrap_or_else(|| "a document".into());
        let what = format!("is of schema version {version}; only v3 is read");
        catalogue.lose(LossKind::Unreadable, &place, &name, what);
        return None;
    }
    let (Some(kind), Some(name)) = (text(root, &["kind"]), text(root, &["metadata", "name"]))
    else {
        catalogue.lose(
            LossKind::Unreadable,
            &place,
            "a document",
            "has no `kind` or no `metadata.name`",
        );
        return None;
    };
    let (kind, name) = (kind.to_lowercase(), name.to_lowercase());
    if kind == "system" {
        let said = format!("{kind}:{name}");
        catalogue.lose(
            LossKind::NotCarried,
            &place,
            &said,
            "a system; its parts keep its name as an attribute",
        );
        return None;
    }
    Some((kind, name))
}

fn take(document: &Document<'_>, said: &str, id: &str, catalogue: &mut Catalogue) {
    let root = &document.root;
    let place = document.place(root);
    let meta = |key: &str| text(root, &["metadata", key]);
    let mut component = Component {
        name: meta("displayName")
            .or_else(|| meta("name"))
            .unwrap_or_default(),
        kind: kind_of(said, text(root, &["spec", "type"]).as_deref()),
        team: owner(root, said, &place, catalogue),
        tier: text(root, &["spec", "tier"]).and_then(|t| tier_of(&t)),
        description: meta("description"),
        place: place.clone(),
        ..Component::default()
    };
    for key in ["lifecycle", "componentOf"] {
        let values: Vec<String> = items(root, &["spec", key])
            .into_iter()
            .filter_map(scalar)
            .collect();
        let name = if key == "componentOf" { "system" } else { key };
        if !values.is_empty() {
            let value = values.join(", ").replace("system:", "");
            component.attributes.insert(name.into(), value);
        }
    }
    for link in items(root, &["metadata", "links"]) {
        if let (Some(name), Some(url)) = (text(link, &["name"]), text(link, &["url"])) {
            let named = match text(link, &["type"]) {
                Some(of) if !name.to_lowercase().contains(&of) => format!("{name} ({of})"),
                _ => name,
            };
            component.links.insert(named, url);
        }
    }
    for tool in ["pagerduty", "opsgenie"] {
        let url = text(root, &["integrations", tool, "serviceURL"]);
        component
            .links
            .extend(url.map(|url| (tool.to_string(), url)));
    }
    for contact in items(root, &["metadata", "contacts"]) {
        let of = text(contact, &["type"]).unwrap_or_default();
        catalogue.lose(
            LossKind::NotCarried,
            &place,
            said,
            format!("a contact of type `{of}`: teams have schedules and rooms"),
        );
    }
    let fields = ["additionalOwners", "tags", "inheritFrom"].map(|f| ["metadata", f]);
    let more = [["datadog", ""], ["extensions", ""]];
    for path in fields.iter().chain(&more) {
        let path: Vec<&str> = path.iter().copied().filter(|p| !p.is_empty()).collect();
        if !items(root, &path).is_empty() || !entries(root, &path).is_empty() {
            catalogue.lose(
                LossKind::NotCarried,
                &place,
                said,
                format!("`{}`", path.join(".")),
            );
        }
    }
    catalogue.components.insert(id.into(), component);
}

fn owner(
    root: &gonogo_model::yaml::Node,
    said: &str,
    place: &str,
    catalogue: &mut Catalogue,
) -> String {
    let Some(owner) = text(root, &["metadata", "owner"]) else {
        catalogue.lose(LossKind::Unresolved, place, said, "names no owner");
        return NOBODY.into();
    };
    let id = id_of(&owner);
    if !catalogue.teams.contains_key(&id) {
        let what = format!("owner `{owner}`: a team without people; say who is in it");
        catalogue.lose(LossKind::StandIn, place, said, what);
        catalogue.teams.insert(
            id.clone(),
            Team {
                name: owner,
                ..Team::default()
            },
        );
    }
    id
}

fn connect(
    document: &Document<'_>,
    said: &str,
    id: &str,
    known: &BTreeMap<String, String>,
    catalogue: &mut Catalogue,
) {
    let place = document.place(&document.root);
    for needed in items(&document.root, &["spec", "dependsOn"]) {
        let Some(written) = scalar(needed) else {
            continue;
        };
        let lower = written.to_lowercase();
        let (kind, rest) = lower.split_once(':').unwrap_or(("service", &lower));
        let name = rest.rsplit('/').next().unwrap_or(rest);
        match known.get(&format!("{kind}:{name}")) {
            None => catalogue.lose(
                LossKind::Unresolved,
                &place,
                said,
                format!("dependency `{written}`"),
            ),
            Some(to) => {
                if let Some(component) = catalogue.components.get_mut(id) {
                    component.needs.entry(to.clone()).or_default();
                }
            }
        }
    }
}

fn kind_of(said: &str, of: Option<&str>) -> &'static str {
    match (said.split(':').next(), of) {
        (Some("datastore" | "queue"), _) => "datastore",
        (Some("library"), _) => "tool",
        (_, Some("cron" | "job" | "batch" | "worker")) => "job",
        _ => "service",
    }
}
