//! A catalogue on its way into a package: teams, people, components and edges, and how they are
//! written down.
//!
//! Each team gets a role and an escalation policy of its own, because a package asks who is
//! paged; what had to be made up for that is in the report.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::Id;

use super::{Imported, Loss, LossKind, Report};
use crate::yaml::Yaml;

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Catalogue {
    pub people: BTreeMap<String, Person>,
    pub teams: BTreeMap<String, Team>,
    pub components: BTreeMap<String, Component>,
    pub report: Report,
}

#[derive(Debug, Default)]
pub struct Person {
    pub name: String,
    pub email: Option<String>,
    pub place: String,
}

#[derive(Debug, Default)]
pub struct Team {
    pub name: String,
    /// People, by id.
    pub members: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub struct Component {
    pub name: String,
    pub kind: &'static str,
    pub team: String,
    pub tier: Option<u8>,
    pub description: Option<String>,
    pub attributes: BTreeMap<String, String>,
    pub links: BTreeMap<String, String>,
    /// What it needs: how hard, by id.
    pub needs: BTreeMap<String, Option<String>>,
    pub place: String,
}

/// The team of what has no owner that is known.
pub const NOBODY: &str = "owner-missing";

impl Catalogue {
    /// Notes something that did not come along.
    pub fn lose(&mut self, kind: LossKind, place: &str, entity: &str, what: impl Into<String>) {
        self.report.losses.push(Loss {
            kind,
            place: place.into(),
            entity: entity.into(),
            what: what.into(),
        });
    }

    /// Notes that components lack a tier and edges their hardness, and writes it all down.
    /// `format` is in the files' names, so that several imports can stand side by side.
    pub fn finish(mut self, format: &str) -> Imported {
        self.complete();
        let mut files = BTreeMap::new();
        if self.teams.is_empty() && self.components.is_empty() {
            return Imported {
                files,
                report: self.report,
            };
        }
        let head = |what: &str| {
            format!(
                "# {what}, imported from {format}. What did not come along was reported then.\n"
            )
        };
        files.insert(
            "gonogo.yaml".into(),
            head("The package") + &self.header().document(),
        );
        let teams = format!("imported/{format}-teams.yaml");
        files.insert(
            teams,
            head("Who there is") + &self.organisation().document(),
        );
        if !self.components.is_empty() {
            let components = self.components.iter().map(component).collect();
            let tree = Yaml::map([("components", Some(Yaml::List(components)))]);
            let path = format!("imported/{format}-components.yaml");
            files.insert(path, head("What there is") + &tree.document());
        }
        for (kind, count) in [
            ("component", self.components.len()),
            ("team", self.teams.len()),
            ("person", self.people.len()),
        ] {
            self.report.take(kind, count);
        }
        let edges = self.components.values().map(|c| c.needs.len()).sum();
        self.report.take("edge", edges);
        Imported {
            files,
            report: self.report,
        }
    }

    fn complete(&mut self) {
        let mut losses = Vec::new();
        for (id, person) in &self.people {
            let what = format!(
                "what rings at night: `{}`, to be set where gonogo runs",
                phone(id)
            );
            losses.push((LossKind::StandIn, person.place.clone(), id.clone(), what));
        }
        for (id, component) in &self.components {
            let mut lose = |kind, what: String| {
                losses.push((kind, component.place.clone(), id.clone(), what));
            };
            if component.tier.is_none() {
                lose(LossKind::NoTier, "says no tier".into());
            }
            for (needed, _) in component.needs.iter().filter(|(_, kind)| kind.is_none()) {
                lose(LossKind::NoHardness, format!("needs {needed}"));
            }
        }
        for (kind, place, entity, what) in losses {
            self.lose(kind, &place, &entity, what);
        }
        let owned: BTreeSet<&String> = self.components.values().map(|c| &c.team).collect();
        if owned.iter().any(|team| *team == NOBODY) {
            let name = "Owner missing".to_string();
            self.teams.insert(
                NOBODY.into(),
                Team {
                    name,
                    ..Team::default()
                },
            );
        }
    }

    fn header(&self) -> Yaml {
        let first = self.teams.keys().find(|id| *id != NOBODY);
        let operators = first.map_or(NOBODY, String::as_str);
        let header = Yaml::map([
            ("format", Some(Yaml::Number(1))),
            ("id", Some(Yaml::text("imported"))),
            ("name", Some(Yaml::text("Imported"))),
            (
                "operators",
                Some(Yaml::text(format!("{operators}-on-call"))),
            ),
        ]);
        Yaml::map([("package", Some(header))])
    }

    fn organisation(&self) -> Yaml {
        let people = self.people.iter().map(|(id, person)| {
            let contact = |channel: &str, to: &str| {
                let (channel, to) = (Yaml::text(channel), Yaml::text(to));
                Yaml::map([("channel", Some(channel)), ("to", Some(to))])
            };
            let mut contacts = vec![contact("ntfy", &phone(id))];
            contacts.extend(person.email.iter().map(|to| contact("email", to)));
            Yaml::map([
                ("id", Some(Yaml::text(id))),
                ("name", Some(Yaml::text(&person.name))),
                ("contacts", Some(Yaml::List(contacts))),
            ])
        });
        let roles = self.teams.iter().map(|(id, team)| {
            let holders = team.members.iter();
            let holder = |m: &String| Yaml::map([("person", Some(Yaml::text(m)))]);
            Yaml::map([
                ("id", Some(Yaml::text(role(id)))),
                ("name", Some(Yaml::text(format!("{}, on call", team.name)))),
                ("holders", Some(Yaml::List(holders.map(holder).collect()))),
            ])
        });
        let target = |id: &str| Yaml::map([("role", Some(Yaml::text(role(id))))]);
        let teams = self.teams.iter().map(|(id, team)| {
            Yaml::map([
                ("id", Some(Yaml::text(id))),
                ("name", Some(Yaml::text(&team.name))),
                ("accountable", Some(Yaml::text(role(id)))),
                ("members", Some(Yaml::List(vec![Yaml::text(role(id))]))),
                (
                    "escalation_policy",
                    Some(Yaml::text(format!("{id}-on-call"))),
                ),
            ])
        });
        let policies = self.teams.iter().map(|(id, team)| {
            let step = Yaml::map([("notify", Some(Yaml::List(vec![target(id)])))]);
            Yaml::map([
                ("id", Some(Yaml::text(format!("{id}-on-call")))),
                ("name", Some(Yaml::text(format!("{} on call", team.name)))),
                ("steps", Some(Yaml::List(vec![step]))),
                ("fallback", Some(target(id))),
            ])
        });
        Yaml::map([
            ("people", Yaml::list(people.collect())),
            ("roles", Yaml::list(roles.collect())),
            ("teams", Yaml::list(teams.collect())),
            ("escalation_policies", Yaml::list(policies.collect())),
        ])
    }
}

/// The channel that wakes somebody: no catalogue says it, so it is asked for at the start.
fn phone(person: &str) -> String {
    let upper = person.to_ascii_uppercase();
    let name = upper.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("${{env:GONOGO_NTFY_{name}}}")
}

fn role(team: &str) -> String {
    format!("{team}-engineer")
}

fn component((id, component): (&String, &Component)) -> Yaml {
    let texts = |map: &BTreeMap<String, String>| {
        let pairs = map.iter().map(|(k, v)| (k.clone(), Yaml::text(v)));
        (!map.is_empty()).then(|| Yaml::Map(pairs.collect()))
    };
    let needs = component.needs.iter().map(|(needed, kind)| {
        Yaml::map([
            ("component", Some(Yaml::text(needed))),
            ("kind", kind.as_ref().map(Yaml::text)),
        ])
    });
    Yaml::map([
        ("id", Some(Yaml::text(id))),
        ("name", Some(Yaml::text(&component.name))),
        ("kind", Some(Yaml::text(component.kind))),
        ("team", Some(Yaml::text(&component.team))),
        ("tier", component.tier.map(|tier| Yaml::Number(tier.into()))),
        (
            "description",
            component.description.as_ref().map(Yaml::text),
        ),
        ("depends_on", Yaml::list(needs.collect())),
        ("attributes", texts(&component.attributes)),
        ("links", texts(&component.links)),
    ])
}

/// A name as an id: lower case, and `-` for what an id cannot have.
pub fn id_of(name: &str) -> String {
    let mut id = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' | '.' | '_' => id.push(c),
            _ if id.ends_with('-') => {}
            _ => id.push('-'),
        }
    }
    let id: String = id
        .trim_matches(['-', '.', '_'])
        .chars()
        .take(LONGEST)
        .collect();
    Id::parse(&id).map_or_else(|_| "unnamed".into(), |id| id.to_string())
}

/// The longest name that leaves room for `-engineer` and a number behind it.
const LONGEST: usize = gonogo_model::id::MAX_ID_LEN - 16;

/// An id that is still free: the name itself, else with a suffix, else with a number.
pub fn free_id(taken: &BTreeSet<String>, name: &str, suffix: &str) -> String {
    let id = id_of(name);
    if !taken.contains(&id) {
        return id;
    }
    let other = id_of(&format!("{id}-{suffix}"));
    let numbered = (2u32..).map(|n| format!("{other}-{n}"));
    let mut candidates = std::iter::once(other.clone()).chain(numbered);
    candidates.find(|id| !taken.contains(id)).unwrap_or(other)
}

/// A tier as people write it: `1`, `tier-2`, `High`.
pub fn tier_of(text: &str) -> Option<u8> {
    let lower = text.to_ascii_lowercase();
    let digits = lower
        .trim_start_matches("tier")
        .trim_start_matches(['-', '_', ' ']);
    match digits {
        "critical" | "high" | "0" => Some(1),
        "medium" => Some(2),
        "low" => Some(3),
        number => number.parse().ok().filter(|tier| (1..=9).contains(tier)),
    }
}

/// Text as a link, when it is one.
pub fn is_link(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}
