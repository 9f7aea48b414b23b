//! A template and the answers that are filled into it.
//!
//! Values are replaced at the places where the model says that they stand, so comments and
//! layout of a template stay as they are.

use std::collections::BTreeMap;

use gonogo_model::decode::{Cx, Decode as _};
use gonogo_model::package::PackageFile;
use gonogo_model::text::{FileNo, Span};
use gonogo_model::yaml::{self, Node, Value};
use gonogo_model::{Id, Kind};
use gonogo_readiness::yaml::scalar;

use crate::args::Init;

/// A package that ships, read.
pub struct Template {
    files: Vec<(String, String)>,
    trees: Vec<Node>,
    /// What it is called, as shipped.
    pub name: String,
    /// The zone of its schedules, as shipped.
    pub time_zone: String,
    /// Its teams, as shipped: name by id, in order.
    pub teams: Vec<(String, String)>,
}

/// What somebody wants instead of what the template says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// What is launched.
    pub name: Option<String>,
    /// What the teams are called, in the template's order; the rest stay.
    pub teams: Vec<String>,
    /// The zone of people and schedules.
    pub time_zone: Option<String>,
}

impl Answers {
    /// What the command line says.
    pub fn from_flags(args: &Init, template: &Template) -> Result<Self, String> {
        let answers = Self {
            name: args.name.clone(),
            teams: args.team.clone(),
            time_zone: args.time_zone.clone(),
        };
        answers.check(template)?;
        Ok(answers)
    }

    /// Can these be filled in?
    pub fn check(&self, template: &Template) -> Result<(), String> {
        if self.teams.len() > template.teams.len() {
            let (given, there) = (self.teams.len(), template.teams.len());
            return Err(format!(
                "{given} teams are named, and the template has {there}"
            ));
        }
        if let Some(name) = &self.name {
            slug(name)?;
        }
        let mut ids: Vec<String> = Vec::new();
        for (number, (id, name)) in template.teams.iter().enumerate() {
            let wanted = self.teams.get(number);
            let id = match wanted.filter(|wanted| *wanted != name) {
                Some(wanted) => slug(wanted)?,
                None => id.clone(),
            };
            if ids.contains(&id) {
                return Err(format!("two teams would be called `{id}`"));
            }
            ids.push(id);
        }
        Ok(())
    }
}

impl Template {
    /// Reads a package that ships.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let files: Vec<(String, String)> = files
            .iter()
            .map(|(path, text)| (path.to_string(), text.to_string()))
            .collect();
        let mut trees = Vec::new();
        for (number, (path, text)) in files.iter().enumerate() {
            if path.ends_with(".yaml") {
                let file = FileNo(u32::try_from(number).unwrap_or(u32::MAX));
                trees.extend(yaml::parse(text, file, 1, &mut Vec::new()));
            }
        }
        let find = |key: &str| {
            let header = trees.iter().find_map(|tree| tree.get("package"));
            header.and_then(|h| h.get(key)).and_then(text_of)
        };
        let teams = teams(&trees).filter_map(|team| {
            let id = text_of(team.get("id")?)?;
            Some((id, text_of(team.get("name")?)?))
        });
        Self {
            name: find("name").unwrap_or_default(),
            time_zone: find("time_zone").unwrap_or_else(|| "UTC".into()),
            teams: teams.collect(),
            files,
            trees,
        }
    }

    /// Its files with the answers in their places.
    pub fn filled(&self, answers: &Answers) -> BTreeMap<String, String> {
        let mut edits: Vec<(Span, String)> = Vec::new();
        if let Some(name) = &answers.name {
            let header = self.trees.iter().find_map(|tree| tree.get("package"));
            let place = |key: &str| header.and_then(|h| h.get(key)).map(|node| node.span);
            edits.extend(place("name").map(|span| (span, scalar(name))));
            if let Ok(id) = slug(name) {
                edits.extend(place("id").map(|span| (span, id)));
            }
        }
        if let Some(zone) = &answers.time_zone {
            for tree in &self.trees {
                zones(tree, &self.time_zone, &mut |span| {
                    edits.push((span, scalar(zone)));
                });
            }
        }
        for ((old, name), wanted) in self.teams.iter().zip(&answers.teams) {
            if wanted != name {
                self.rename_team(old, wanted, &mut edits);
            }
        }
        self.edited(edits)
    }

    fn rename_team(&self, old: &str, wanted: &str, edits: &mut Vec<(Span, String)>) {
        let Ok(id) = slug(wanted) else { return };
        for team in teams(&self.trees) {
            let (Some(own), Some(name)) = (team.get("id"), team.get("name")) else {
                continue;
            };
            if text_of(own).as_deref() == Some(old) {
                edits.push((own.span, id.clone()));
                edits.push((name.span, scalar(wanted)));
            }
        }
        for tree in &self.trees {
            if let Some(file) = PackageFile::decode(tree, &mut Cx::default()) {
                file.each_ref(&mut |found| {
                    if found.kind == Kind::Team && found.id.as_str() == old {
                        edits.push((found.span, id.clone()));
                    }
                });
            }
        }
    }

    fn edited(&self, mut edits: Vec<(Span, String)>) -> BTreeMap<String, String> {
        // From the end to the beginning, so that no edit moves the place of another.
        edits.sort_by_key(|(span, _)| (span.line, span.column));
        let mut out = BTreeMap::new();
        for (number, (path, text)) in self.files.iter().enumerate() {
            let mut lines: Vec<String> = text.split('\n').map(String::from).collect();
            let here = |span: &Span| span.file.0 as usize == number;
            for (span, new) in edits.iter().rev().filter(|(span, _)| here(span)) {
                if let Some(line) = lines.get_mut(span.line as usize - 1) {
                    let before = span.column as usize - 1;
                    let head: String = line.chars().take(before).collect();
                    let tail: String = line.chars().skip(before + span.len as usize).collect();
                    *line = format!("{head}{new}{tail}");
                }
            }
            // The schema stands one folder up where packages ship, and in the package here.
            let text = lines.join("\n").replacen("$schema=../", "$schema=", 1);
            out.insert(path.clone(), text);
        }
        out
    }
}

/// A name as an id: "Data & AI" is `data-ai`.
fn slug(name: &str) -> Result<String, String> {
    let mut id = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            id.push(c);
        } else if !id.ends_with('-') && !id.is_empty() {
            id.push('-');
        }
    }
    let id = id.trim_end_matches('-');
    Id::parse(id).map(|id| id.to_string()).map_err(|_| {
        format!(
            "`{name}` gives no id: it needs a letter from a to z or a digit, and at most 80 of them"
        )
    })
}

fn teams(trees: &[Node]) -> impl Iterator<Item = &Node> {
    let lists = trees.iter().filter_map(|tree| tree.get("teams"));
    lists.flat_map(|list| match &list.value {
        Value::List(items) => items.as_slice(),
        _ => &[],
    })
}

/// Each place where this zone is written.
fn zones(node: &Node, zone: &str, found: &mut impl FnMut(Span)) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                if entry.key.value == "time_zone" && text_of(&entry.value).as_deref() == Some(zone)
                {
                    found(entry.value.span);
                }
                zones(&entry.value, zone, found);
            }
        }
        Value::List(items) => items.iter().for_each(|item| zones(item, zone, found)),
        _ => {}
    }
}

fn text_of(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar { text, .. } => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_id() {
        assert_eq!(slug("Data & AI (core)").as_deref(), Ok("data-ai-core"));
        assert_eq!(slug("Größe 2").as_deref(), Ok("gr-e-2"));
        assert!(slug("東京").is_err());
        assert!(slug(&"a".repeat(81)).is_err());
    }
}
