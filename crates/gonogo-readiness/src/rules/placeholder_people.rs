//! # placeholder-people
//!
//! ## What it does
//! Lists the people who are still stand-ins.
//!
//! ## Why is this bad?
//! A page to a stand-in reaches nobody. The list is the first thing to do with a package that
//! came as a template.
//!
//! ## Example
//! ```yaml
//! people:
//!   - id: placeholder-a
//!     name: Placeholder A
//!     placeholder: true
//! ```
//!
//! ## Instead
//! Write who it is and how to reach them, then delete `placeholder: true`.

use gonogo_model::Diagnostic;

use super::Subject;
use crate::report::counted;

pub(super) const CODE: &str = "placeholder-people";

/// How many are shown in place; the message names them all.
const MAX_SHOWN: usize = 5;

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let people = subject.package.people.values();
    let mut standing_in: Vec<_> = people.filter(|p| p.placeholder).collect();
    standing_in.sort_by_key(|p| (p.id.span.file, p.id.span.line));
    let Some((first, rest)) = standing_in.split_first() else {
        return;
    };
    let roles_of = |person: &gonogo_model::Id| {
        let held = |r: &&gonogo_model::team::Role| r.holders.iter().any(|h| h.person.id == *person);
        let names: Vec<String> = subject
            .package
            .roles
            .values()
            .filter(held)
            .map(|r| r.name.clone())
            .collect();
        match &names[..] {
            [] => "holds no role".to_string(),
            names => names.join(", "),
        }
    };
    let count = standing_in.len();
    let message = match count {
        1 => "1 person is still a stand-in, and nobody is reached through them".to_string(),
        _ => format!(
            "{} are still stand-ins, and nobody is reached through them",
            counted(count, "person").replace("persons", "people")
        ),
    };
    let mut finding =
        Diagnostic::warning(CODE, first.id.span, message).label(roles_of(&first.id.value));
    for person in rest.iter().take(MAX_SHOWN - 1) {
        finding = finding.related(person.id.span, roles_of(&person.id.value));
    }
    found.push(
        finding.help("write who it is and how to reach them, then delete `placeholder: true`"),
    );
}
