//! What a package is written out as, for other tools and for when no tool is left.

pub mod backstage;
pub mod handbook;
pub mod openslo;
pub mod prometheus;

use gonogo_model::Id;

use crate::report::counted;
use crate::yaml::Yaml;

/// A package in another tool's format.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// The documents, as one file.
    pub text: String,
    /// What the format has no place for, a line each.
    pub lost: Vec<String>,
}

impl Exported {
    fn document(&mut self, tree: &Yaml) {
        if !self.text.is_empty() {
            self.text += "---\n";
        }
        self.text += &tree.document();
    }

    fn lose_all(&mut self, count: usize, what: &str) {
        let all = match (count, what.strip_suffix('y')) {
            (0, _) => return,
            (1, _) => counted(1, what),
            (n, Some(stem)) if !what.ends_with("ey") => format!("{n} {stem}ies"),
            (n, _) => counted(n, what),
        };
        self.lost
            .push(format!("{all}: the format has no place for them"));
    }
}

/// Says where a name is longer than a format allows, or has other characters.
fn name_fits(id: &Id, longest: usize, other: impl Fn(char) -> bool, out: &mut Exported) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || other(c);
    let name = id.as_str();
    let ends = name.ends_with(|c: char| c.is_ascii_alphanumeric());
    if name.len() > longest || !name.chars().all(allowed) || !ends {
        out.lost.push(format!(
            "{name}: the format does not allow this name; rename it before others read it"
        ));
    }
}
