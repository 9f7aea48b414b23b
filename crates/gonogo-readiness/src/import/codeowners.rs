//! `CODEOWNERS`: who owns which part of a repository, as a first guess at who owns what runs.
//!
//! The file says nothing about what runs, so every component is a stand-in until somebody has
//! looked at it. The last rule for a path wins, as the hosts do it.

use std::collections::BTreeSet;

use super::catalogue::{Catalogue, Component, NOBODY, Person, Team, id_of};
use super::{Imported, Input, LossKind};

/// The most rules that one file may have.
pub const MAX_RULES: usize = 20_000;

/// Reads files.
pub fn import(inputs: &[Input<'_>]) -> Imported {
    let mut catalogue = Catalogue::default();
    for input in inputs {
        for (number, line) in input.text.lines().enumerate().take(MAX_RULES) {
            rule(
                line,
                &format!("{}:{}", input.name, number + 1),
                &mut catalogue,
            );
        }
        if let Some(line) = input.text.lines().nth(MAX_RULES) {
            let place = format!("{}:{}", input.name, MAX_RULES + 1);
            catalogue.lose(
                LossKind::Unreadable,
                &place,
                line,
                "and what follows: the file has too many rules",
            );
        }
    }
    catalogue.finish("codeowners")
}

fn rule(line: &str, place: &str, catalogue: &mut Catalogue) {
    let line = line.split(" #").next().unwrap_or(line).trim();
    if line.is_empty() || line.starts_with('#') {
        return;
    }
    if line.starts_with('[') || line.starts_with("^[") {
        catalogue.lose(LossKind::NotCarried, place, line, "a section");
        return;
    }
    let mut words = line.split_whitespace();
    let pattern = words.next().unwrap_or_default();
    let owners: Vec<&str> = words.collect();
    let path = pattern.trim_matches('/');
    let path = path.trim_end_matches("/**").trim_end_matches("/*");
    if path.is_empty() || path.contains(['*', '?', '!']) {
        catalogue.lose(
            LossKind::NotCarried,
            place,
            pattern,
            "a pattern that names no single folder",
        );
        return;
    }
    let id = id_of(path);
    let teams: Vec<String> = owners
        .iter()
        .filter_map(|o| owner(o, place, catalogue))
        .collect();
    if owners.is_empty() {
        catalogue.lose(LossKind::Unresolved, place, pattern, "names no owner");
    }
    for other in teams.iter().skip(1) {
        catalogue.lose(
            LossKind::NotCarried,
            place,
            pattern,
            format!("`{other}` as a second owner: exactly one is accountable"),
        );
    }
    let before = catalogue.components.get(&id).map(|c| c.place.clone());
    match before {
        Some(_) => catalogue.lose(
            LossKind::Renamed,
            place,
            pattern,
            format!("`{id}` stands here again; the last one counts"),
        ),
        None => catalogue.lose(
            LossKind::StandIn,
            place,
            pattern,
            format!("component `{id}`: is it something that runs?"),
        ),
    }
    let component = Component {
        name: path.into(),
        kind: "service",
        team: teams.into_iter().next().unwrap_or_else(|| NOBODY.into()),
        place: place.into(),
        ..Component::default()
    };
    catalogue.components.insert(id, component);
}

/// The team that an owner means: `@org/team`, or a person, who becomes a team of one.
fn owner(written: &str, place: &str, catalogue: &mut Catalogue) -> Option<String> {
    let name = written.trim_start_matches('@');
    if let Some((_, team)) = name.split_once('/').filter(|_| written.starts_with('@')) {
        let id = id_of(team);
        if !catalogue.teams.contains_key(&id) {
            catalogue.lose(
                LossKind::StandIn,
                place,
                written,
                "a team without people; say who is in it",
            );
            catalogue.teams.insert(
                id.clone(),
                Team {
                    name: team.into(),
                    ..Team::default()
                },
            );
        }
        return Some(id);
    }
    let email = (!written.starts_with('@') && written.contains('@')).then(|| written.to_string());
    if email.is_none() && !written.starts_with('@') {
        catalogue.lose(
            LossKind::Unresolved,
            place,
            written,
            "is neither `@name`, `@org/team` nor a mail address",
        );
        return None;
    }
    let short = name.split('@').next().unwrap_or(name);
    let (person, team) = (id_of(short), id_of(&format!("{short}-alone")));
    let email = email.filter(|to| !to.contains("${"));
    catalogue.people.entry(person.clone()).or_insert(Person {
        name: short.into(),
        email,
        place: place.into(),
    });
    if !catalogue.teams.contains_key(&team) {
        catalogue.lose(
            LossKind::StandIn,
            place,
            written,
            format!("is a person: team `{team}`"),
        );
        let members = BTreeSet::from([person]);
        catalogue.teams.insert(
            team.clone(),
            Team {
                name: format!("{short}, alone"),
                members,
            },
        );
    }
    Some(team)
}
