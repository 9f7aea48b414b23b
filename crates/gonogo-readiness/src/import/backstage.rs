//! Backstage's descriptor format: `apiVersion: backstage.io/v1alpha1` or `v1beta1`.
//!
//! References are `[kind:][namespace/]name`, without regard to case; the kind defaults by the
//! field that they stand in, the namespace to the entity's own.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::yaml::Node;

use super::catalogue::{
    Catalogue, Component, NOBODY, Person, Team, free_id, id_of, is_link, tier_of,
};
use super::document::{Document, documents, entries, items, scalar, text};
use super::{Imported, Input, LossKind};

/// The annotations in which an export keeps what the format has no field for.
pub const TIER: &str = "gonogo/tier";
/// What sort of component it is.
pub const KIND: &str = "gonogo/kind";
/// The beginning of the annotations that say how hard an edge is: its end names the component.
pub const HARDNESS: &str = "gonogo.needs/";

/// Reads descriptor files.
pub fn import(inputs: &[Input<'_>]) -> Imported {
    let mut catalogue = Catalogue::default();
    let documents = documents(inputs, &mut catalogue.report);
    let mut entities = Vec::new();
    let mut seen: BTreeSet<Key> = BTreeSet::new();
    for document in &documents {
        if let Some(entity) = Entity::read(document, &mut catalogue) {
            if seen.insert(entity.key.clone()) {
                entities.push(entity);
            } else {
                let said = entity.key.to_string();
                catalogue.lose(
                    LossKind::Renamed,
                    &entity.place,
                    &said,
                    "stands here again; the first one counts",
                );
            }
        }
    }
    let mut reader = Reader {
        catalogue,
        ids: BTreeMap::new(),
        providers: BTreeMap::new(),
    };
    reader.name(&entities);
    entities.iter().for_each(|entity| reader.take(entity));
    entities.iter().for_each(|entity| reader.connect(entity));
    reader.catalogue.finish("backstage")
}

/// Kind, namespace and name, all in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: String,
    namespace: String,
    name: String,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

impl Key {
    /// Reads a reference; `kind` is what the field means where none is written.
    fn parse(text: &str, kind: &str, namespace: &str) -> Self {
        let lower = text.trim().to_lowercase();
        let (kind, rest) = match lower.split_once(':') {
            Some((kind, rest)) => (kind.to_string(), rest),
            None => (kind.to_string(), lower.as_str()),
        };
        let (namespace, name) = rest.split_once('/').unwrap_or((namespace, rest));
        Self {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

struct Entity<'d> {
    key: Key,
    root: &'d Node,
    place: String,
}

impl<'d> Entity<'d> {
    fn read(document: &'d Document<'_>, catalogue: &mut Catalogue) -> Option<Self> {
        let root = &document.root;
        let place = document.place(root);
        let version = text(root, &["apiVersion"]).unwrap_or_default();
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
        if !version.starts_with("backstage.io/") {
            let what = format!("`apiVersion: {version}` is not Backstage's");
            catalogue.lose(LossKind::Unreadable, &place, &name, what);
            return None;
        }
        let namespace = text(root, &["metadata", "namespace"]).unwrap_or_else(|| "default".into());
        let key = Key {
            kind: kind.to_lowercase(),
            namespace: namespace.to_lowercase(),
            name: name.to_lowercase(),
        };
        Some(Self { key, root, place })
    }

    fn annotation(&self, name: &str) -> Option<String> {
        text(self.root, &["metadata", "annotations", name])
    }

    fn title(&self) -> String {
        let title = text(self.root, &["metadata", "title"]);
        let name = || text(self.root, &["metadata", "name"]);
        title.or_else(name).unwrap_or_default()
    }
}

struct Reader {
    catalogue: Catalogue,
    /// The id of each entity that a package has a place for.
    ids: BTreeMap<Key, String>,
    /// The components that provide an API.
    providers: BTreeMap<Key, Vec<Key>>,
}

impl Reader {
    /// Gives each entity its id, and finds out who provides which API.
    fn name(&mut self, entities: &[Entity<'_>]) {
        let mut taken: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for entity in entities {
            let table = match entity.key.kind.as_str() {
                "component" | "resource" => "component",
                "group" => "team",
                "user" => "person",
                _ => continue,
            };
            let table = taken.entry(table).or_default();
            let Key {
                kind,
                namespace,
                name,
            } = &entity.key;
            let wanted = match namespace.as_str() {
                "default" => name.clone(),
                other => format!("{other}.{name}"),
            };
            let id = free_id(table, &wanted, kind);
            if id != wanted {
                let said = entity.key.to_string();
                self.catalogue.lose(
                    LossKind::Renamed,
                    &entity.place,
                    &said,
                    format!("is called `{id}` here"),
                );
            }
            table.insert(id.clone());
            self.ids.insert(entity.key.clone(), id);
            for api in items(entity.root, &["spec", "providesApis"]) {
                if let Some(api) = scalar(api) {
                    let api = Key::parse(&api, "api", namespace);
                    self.providers
                        .entry(api)
                        .or_default()
                        .push(entity.key.clone());
                }
            }
        }
    }

    fn take(&mut self, entity: &Entity<'_>) {
        let id = self.ids.get(&entity.key).cloned().unwrap_or_default();
        let profile = |key: &str| text(entity.root, &["spec", "profile", key]);
        match entity.key.kind.as_str() {
            "user" => {
                let person = Person {
                    name: profile("displayName").unwrap_or_else(|| entity.title()),
                    email: profile("email").filter(|to| !to.contains("${")),
                    place: entity.place.clone(),
                };
                self.catalogue.people.insert(id, person);
                self.not_carried(entity, &["profile.picture"]);
            }
            "group" => {
                let name = profile("displayName").unwrap_or_else(|| entity.title());
                self.catalogue.teams.insert(
                    id,
                    Team {
                        name,
                        ..Team::default()
                    },
                );
                self.not_carried(entity, &["parent", "children", "profile.email"]);
            }
            "component" | "resource" => self.take_component(entity, id),
            "api" => self.not_carried(entity, &["definition"]),
            "system" | "domain" => {}
            kind => {
                let said = entity.key.to_string();
                self.catalogue.lose(
                    LossKind::NotCarried,
                    &entity.place,
                    &said,
                    format!("a package has no {kind}"),
                );
            }
        }
    }

    fn take_component(&mut self, entity: &Entity<'_>, id: String) {
        let spec = |key: &str| text(entity.root, &["spec", key]);
        let mut component = Component {
            name: entity.title(),
            kind: kind_of(entity),
            team: self.owner(entity),
            tier: entity.annotation(TIER).and_then(|t| tier_of(&t)),
            description: text(entity.root, &["metadata", "description"]),
            place: entity.place.clone(),
            ..Component::default()
        };
        if component.tier.is_none() {
            component.tier =
                text(entity.root, &["metadata", "labels", "tier"]).and_then(|t| tier_of(&t));
        }
        for key in ["lifecycle", "system"] {
            component
                .attributes
                .extend(spec(key).map(|value| (key.to_string(), value)));
        }
        for (number, link) in items(entity.root, &["metadata", "links"])
            .into_iter()
            .enumerate()
        {
            if let Some(url) = text(link, &["url"]) {
                let title = text(link, &["title"]).or_else(|| text(link, &["type"]));
                let title = title.unwrap_or_else(|| format!("link {}", number + 1));
                component.links.insert(title, url);
            }
        }
        for (name, value) in entries(entity.root, &["metadata", "annotations"]) {
            let value = scalar(value).unwrap_or_default();
            let said = entity.key.to_string();
            match name {
                "github.com/project-slug" => {
                    let url = format!("https://github.com/{value}");
                    component.links.insert("repository".into(), url);
                }
                name if name.starts_with("gonogo") => {}
                name if is_link(&value) => {
                    component.links.insert(name.into(), value);
                }
                name => {
                    let what = format!("annotation `{name}`");
                    self.catalogue
                        .lose(LossKind::NotCarried, &entity.place, &said, what);
                }
            }
        }
        self.not_carried(entity, &["subcomponentOf"]);
        let labels = entries(entity.root, &["metadata", "labels"]);
        let said = entity.key.to_string();
        for (lost, field) in [
            (
                !items(entity.root, &["metadata", "tags"]).is_empty(),
                "tags",
            ),
            (labels.iter().any(|(name, _)| *name != "tier"), "labels"),
        ] {
            if lost {
                let what = format!("`metadata.{field}`");
                self.catalogue
                    .lose(LossKind::NotCarried, &entity.place, &said, what);
            }
        }
        self.catalogue.components.insert(id, component);
    }

    /// The team that an owner means. An owner that is a person becomes a team of one.
    fn owner(&mut self, entity: &Entity<'_>) -> String {
        let said = entity.key.to_string();
        let Some(owner) = text(entity.root, &["spec", "owner"]) else {
            self.catalogue
                .lose(LossKind::Unresolved, &entity.place, &said, "names no owner");
            return NOBODY.into();
        };
        let group = Key::parse(&owner, "group", &entity.key.namespace);
        let user = Key {
            kind: "user".into(),
            ..group.clone()
        };
        let is_user = group.kind == "user" || !owner.contains(':');
        if let Some(id) = self.ids.get(&group).filter(|_| group.kind == "group") {
            return id.clone();
        }
        if let Some(person) = self.ids.get(&user).filter(|_| is_user).cloned() {
            let id = id_of(&format!("{person}-alone"));
            let name = format!("{person}, alone");
            let members = BTreeSet::from([person]);
            let new = self
                .catalogue
                .teams
                .insert(id.clone(), Team { name, members })
                .is_none();
            if new {
                self.catalogue.lose(
                    LossKind::StandIn,
                    &entity.place,
                    &said,
                    format!("is owned by a person: team `{id}`"),
                );
            }
            return id;
        }
        self.catalogue.lose(
            LossKind::Unresolved,
            &entity.place,
            &said,
            format!("owner `{owner}`"),
        );
        NOBODY.into()
    }

    /// The edges between what was taken.
    fn connect(&mut self, entity: &Entity<'_>) {
        let Key {
            kind, namespace, ..
        } = &entity.key;
        let refs = |field: &str, default: &str| -> Vec<(Key, String)> {
            let written = items(entity.root, &["spec", field]);
            let written = written.into_iter().filter_map(scalar);
            written
                .map(|t| (Key::parse(&t, default, namespace), t))
                .collect()
        };
        match kind.as_str() {
            "user" => {
                for (group, written) in refs("memberOf", "group") {
                    self.join(entity, &group, &entity.key, &written);
                }
            }
            "group" => {
                for (user, written) in refs("members", "user") {
                    self.join(entity, &entity.key, &user, &written);
                }
            }
            "component" | "resource" => {
                for (needed, written) in refs("dependsOn", "component") {
                    self.edge(entity, &entity.key, &needed, &written);
                }
                for (dependant, written) in refs("dependencyOf", "component") {
                    self.edge(entity, &dependant, &entity.key, &written);
                }
                for (api, written) in refs("consumesApis", "api") {
                    let providers = self.providers.get(&api).cloned().unwrap_or_default();
                    if providers.is_empty() {
                        let what = format!("consumes `{written}`, which nothing provides");
                        let said = entity.key.to_string();
                        self.catalogue
                            .lose(LossKind::Unresolved, &entity.place, &said, what);
                    }
                    for provider in providers {
                        self.edge(entity, &entity.key, &provider, &written);
                    }
                }
            }
            _ => {}
        }
    }

    fn join(&mut self, entity: &Entity<'_>, group: &Key, user: &Key, written: &str) {
        let both = (self.ids.get(group).cloned(), self.ids.get(user).cloned());
        let (Some(team), Some(person)) = both else {
            let said = entity.key.to_string();
            self.catalogue.lose(
                LossKind::Unresolved,
                &entity.place,
                &said,
                format!("membership `{written}`"),
            );
            return;
        };
        if let Some(team) = self.catalogue.teams.get_mut(&team) {
            team.members.insert(person);
        }
    }

    fn edge(&mut self, entity: &Entity<'_>, from: &Key, to: &Key, written: &str) {
        // `dependsOn` of old catalogues names resources without their kind.
        let resource = Key {
            kind: "resource".into(),
            ..to.clone()
        };
        let known = |key: &Key| {
            let component = matches!(key.kind.as_str(), "component" | "resource");
            self.ids.get(key).filter(|_| component).cloned()
        };
        let to = known(to).or_else(|| known(&resource).filter(|_| !written.contains(':')));
        let (Some(from), Some(to)) = (known(from), to) else {
            let said = entity.key.to_string();
            self.catalogue.lose(
                LossKind::Unresolved,
                &entity.place,
                &said,
                format!("dependency `{written}`"),
            );
            return;
        };
        let kind = entity.annotation(&format!("{HARDNESS}{to}"));
        let kind = kind.filter(|k| gonogo_model::component::DependencyKind::from_word(k).is_some());
        if let Some(component) = self.catalogue.components.get_mut(&from) {
            let edge = component.needs.entry(to).or_default();
            *edge = edge.take().or(kind);
        }
    }

    fn not_carried(&mut self, entity: &Entity<'_>, fields: &[&str]) {
        for field in fields {
            let path: Vec<&str> = std::iter::once("spec").chain(field.split('.')).collect();
            if text_or_list(entity.root, &path) {
                let said = entity.key.to_string();
                self.catalogue.lose(
                    LossKind::NotCarried,
                    &entity.place,
                    &said,
                    format!("`spec.{field}`"),
                );
            }
        }
    }
}

fn text_or_list(root: &Node, path: &[&str]) -> bool {
    !items(root, path).is_empty() || !entries(root, path).is_empty()
}

/// What sort of component a type means. Types are free text; these are the usual ones.
fn kind_of(entity: &Entity<'_>) -> &'static str {
    use gonogo_model::component::ComponentKind;
    let said = entity
        .annotation(KIND)
        .and_then(|k| ComponentKind::from_word(&k));
    if let Some(kind) = said {
        return kind.word();
    }
    let of = text(entity.root, &["spec", "type"])
        .unwrap_or_default()
        .to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| of.contains(w));
    if has(&[
        "database",
        "datastore",
        "cache",
        "bucket",
        "storage",
        "queue",
        "topic",
        "redis",
        "postgres",
        "mysql",
        "s3",
        "sql",
        "kafka",
    ]) {
        "datastore"
    } else if has(&["job", "cron", "batch", "worker", "pipeline", "workflow"]) {
        "job"
    } else if has(&["vendor", "saas", "external", "third"]) {
        "vendor"
    } else if has(&["dns", "network", "cdn", "balancer", "gateway", "vpc"]) {
        "network"
    } else if has(&["library", "tool", "cli", "documentation", "template"]) {
        "tool"
    } else if has(&["config", "feature-flag"]) {
        "config-feed"
    } else {
        "service"
    }
}
