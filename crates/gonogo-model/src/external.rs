//! Alerts that other tools raise, and which of them a declared alert takes.
//!
//! Prometheus, Grafana or whatever speaks PagerDuty's Events API decides when something is
//! wrong; a package says whom that concerns. Invariant: every alert of another tool is taken
//! by a condition or by its source's default, so that none is dropped in silence.

use std::collections::BTreeMap;

use serde_json::json;

use crate::alert::{Alert, Condition, Severity, Urgency};
use crate::component::Component;
use crate::decode::{Cx, Decode, Definitions, record, words};
use crate::diagnostic::Diagnostic;
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::Ref;
use crate::package::Package;
use crate::source::Source;
use crate::text::Spanned;
use crate::yaml::{Node, Value};

record! {
    /// Alerts that another tool raises.
    pub struct ExternalAlert as "an external_alert condition" {
        /// The source that they come in through.
        pub source: Ref<Source>,
        /// The values that labels have to have; all of them. A list is one of several, `*` and
        /// `?` stand for any text and any character, `!` in front for anything else, and
        /// nothing between the quotes for a label that is not there.
        pub labels: BTreeMap<String, Wanted>,
        /// How many of them at once.
        pub count: u32 = 1,
        /// Only those that no other condition takes.
        pub rest: bool = false,
        /// What it means that the tool no longer speaks of one, without calling it over.
        pub quiet: WhenQuiet = WhenQuiet::Hold,
        /// The component that they are about, where it is not the source's.
        pub component: Option<Ref<Component>>,
    }
}

words! {
    /// What it means that a tool no longer speaks of an alert, without calling it over.
    pub enum WhenQuiet as "what silence means" {
        /// Nobody knows whether it goes on: what fires stays, and nothing new is begun.
        Hold = "hold",
        /// It is over, as Alertmanager takes it.
        Over = "over",
    }
}

words! {
    /// What becomes of alerts that no condition takes.
    pub enum Unmatched as "what becomes of other alerts" {
        /// Somebody is woken.
        Page = "page",
        /// The team's room is told.
        Ticket = "ticket",
        /// They are listed on the source's page, and nobody is told.
        List = "list",
    }
}

/// What the value of a label may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(pub Vec<String>);

impl Wanted {
    /// Is it such a value? A label that is not there has the value of no characters.
    pub fn takes(&self, value: &str) -> bool {
        let mut wanted = false;
        let mut any = true;
        for pattern in &self.0 {
            match pattern.strip_prefix('!') {
                Some(not) if fits(not, value) => return false,
                Some(_) => {}
                None => {
                    any = false;
                    wanted |= fits(pattern, value);
                }
            }
        }
        wanted || any
    }
}

/// Does the whole text fit a pattern of `*` and `?`?
fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands, and how much of the text it took.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, took)) = star else { return false };
                star = Some((at, took + 1));
                p = at + 1;
                t = took + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

impl Decode for Wanted {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        let values: Vec<String> = match &node.value {
            Value::List(_) => Vec::decode(node, cx)?,
            _ => vec![String::decode(node, cx)?],
        };
        if values.is_empty() {
            let found = Diagnostic::error("bad-value", node.span, "a list of values is empty");
            cx.push(found.label("name one at least"));
            return None;
        }
        Some(Self(values))
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        let one = String::schema(definitions);
        json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    }
}

impl ExternalAlert {
    /// Do these labels fit?
    pub fn takes(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = |name: &String| labels.get(name).map_or("", String::as_str);
        self.labels.iter().all(|(name, w)| w.takes(value(name)))
    }
}

/// The alert that stands for everything of a source that no condition takes, where the source
/// says that somebody is told of it.
pub fn implied(source: &Source, package: &Package) -> Option<Alert> {
    let urgency = match source.unmatched {
        Unmatched::Page => Urgency::Page,
        Unmatched::Ticket => Urgency::Ticket,
        Unmatched::List => return None,
    };
    let declared = package.alerts.values().any(|alert| {
        matches!(&alert.when, Condition::ExternalAlert(c)
            if c.source.id == source.id.value && c.rest && c.labels.is_empty())
    });
    if !source.kind.raises_alerts() || declared {
        return None;
    }
    Some(Alert {
        id: Spanned {
            value: implied_id(&source.id.value),
            span: source.id.span,
        },
        name: format!("{} raises an alert that nothing here names", source.name),
        severity: source.unmatched_severity,
        urgency,
        when: Condition::ExternalAlert(ExternalAlert {
            source: Ref::new(source.id.value.clone(), source.id.span),
            labels: BTreeMap::new(),
            count: 1,
            rest: true,
            quiet: WhenQuiet::Hold,
            component: None,
        }),
        hold: Duration::ZERO,
        class: None,
        impact: None,
        first_step: None,
        runbook: None,
        team: source.team.clone(),
    })
}

/// What the alert is called that stands for everything else of a source.
pub fn implied_id(source: &Id) -> Id {
    Id::from_static(&format!("{source}.unmatched"))
}

/// How bad what nothing names is, where the source does not say.
pub const UNMATCHED_SEVERITY: Severity = Severity::Sev3;

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(values: &[&str]) -> Wanted {
        Wanted(values.iter().map(|v| (*v).to_string()).collect())
    }

    #[test]
    fn a_value_is_one_of_several_patterns() {
        assert!(wanted(&["critical"]).takes("critical"));
        assert!(!wanted(&["critical"]).takes("critical "));
        assert!(wanted(&["critical", "page"]).takes("page"));
        assert!(wanted(&["db-*"]).takes("db-"));
        assert!(wanted(&["*-db-?"]).takes("eu-db-db-7"));
        assert!(!wanted(&["db-*"]).takes("a-db-1"));
        assert!(wanted(&["*a*b*"]).takes("xxaxxaxbx"));
        assert!(!wanted(&["*a*b"]).takes("xxaxxaxbx"));
        assert!(wanted(&["*"]).takes(""));
        assert!(wanted(&[""]).takes(""));
        assert!(!wanted(&[""]).takes("a"));
        assert!(!wanted(&["?*"]).takes(""), "it has to be there");
    }

    #[test]
    fn what_is_not_wanted_goes_before_what_is() {
        assert!(wanted(&["!staging"]).takes("production"));
        assert!(!wanted(&["!staging"]).takes("staging"));
        assert!(!wanted(&["eu-*", "!*-test"]).takes("eu-test"));
        assert!(wanted(&["eu-*", "!*-test"]).takes("eu-live"));
        assert!(!wanted(&["eu-*", "!*-test"]).takes("us-live"));
    }

    #[test]
    fn a_pattern_of_many_stars_ends() {
        let pattern = "*a".repeat(60);
        assert!(!fits(&pattern, &"a".repeat(59)));
        assert!(fits(&pattern, &"a".repeat(2_000)));
    }
}
