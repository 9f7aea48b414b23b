//! OpenSLO v1: services become components, SLOs become SLOs.
//!
//! An indicator is a query to somebody's metrics, which a package does not hold; a check with
//! the indicator's name stands in for it, and the report says so.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::percent::Percent;
use gonogo_model::yaml::Node;

use super::catalogue::{Catalogue, Component, NOBODY, free_id, id_of};
use super::document::{Document, documents, items, text};
use super::{Imported, Input, LossKind};
use crate::yaml::Yaml;

/// The annotation in which an export keeps which check or flow an SLO counts.
pub const SLI: &str = "gonogo/sli";

/// Reads files of version 1.
pub fn import(inputs: &[Input<'_>]) -> Imported {
    let mut catalogue = Catalogue::default();
    let documents = documents(inputs, &mut catalogue.report);
    let mut slos = Vec::new();
    for document in &documents {
        let root = &document.root;
        let place = document.place(root);
        let said = format!(
            "{} {}",
            text(root, &["kind"]).unwrap_or_else(|| "a document".into()),
            text(root, &["metadata", "name"]).unwrap_or_default()
        );
        match (
            text(root, &["apiVersion"]).as_deref(),
            text(root, &["kind"]).as_deref(),
        ) {
            (Some("openslo/v1"), Some("Service")) => service(document, &place, &mut catalogue),
            (Some("openslo/v1"), Some("SLO")) => slos.push((document, place, said)),
            (Some("openslo/v1"), Some("SLI" | "DataSource")) => {
                catalogue.lose(
                    LossKind::NotCarried,
                    &place,
                    &said,
                    "the query to the metrics",
                );
            }
            (Some("openslo/v1"), Some(_)) => {
                catalogue.lose(
                    LossKind::NotCarried,
                    &place,
                    &said,
                    "alerts of a package watch checks, flows and budgets",
                );
            }
            (version, _) => {
                let version = version.unwrap_or("nothing");
                let what = format!("`apiVersion: {version}`; only openslo/v1 is read");
                catalogue.lose(LossKind::Unreadable, &place, &said, what);
            }
        }
    }
    let mut signals = Signals::default();
    for (document, place, said) in &slos {
        signals.take(document, place, said, &mut catalogue);
    }
    let (count, files) = (signals.slos.len(), signals.document());
    let mut imported = catalogue.finish("openslo");
    imported.report.take("SLO", count);
    if count > 0 {
        imported
            .files
            .insert("imported/openslo-slos.yaml".into(), files);
    }
    imported
}

fn service(document: &Document<'_>, place: &str, catalogue: &mut Catalogue) {
    let meta = |path: &[&str]| text(&document.root, path);
    let name = meta(&["metadata", "name"]).unwrap_or_default();
    let id = id_of(&name);
    let tier = meta(&["metadata", "annotations", super::backstage::TIER]);
    let component = Component {
        name: meta(&["metadata", "displayName"]).unwrap_or_else(|| name.clone()),
        kind: "service",
        team: NOBODY.into(),
        tier: tier.and_then(|t| super::catalogue::tier_of(&t)),
        description: meta(&["spec", "description"]),
        place: place.into(),
        ..Component::default()
    };
    let what = "who owns it: the format does not say";
    catalogue.lose(LossKind::StandIn, place, &format!("Service {name}"), what);
    catalogue.components.insert(id, component);
}

#[derive(Default)]
struct Signals {
    slos: Vec<Yaml>,
    checks: BTreeMap<String, Yaml>,
    ids: BTreeSet<String>,
}

impl Signals {
    fn take(
        &mut self,
        document: &Document<'_>,
        place: &str,
        said: &str,
        catalogue: &mut Catalogue,
    ) {
        let root = &document.root;
        let mut lose = |kind, what: String| catalogue.lose(kind, place, said, what);
        let name = text(root, &["metadata", "name"]).unwrap_or_default();
        let title = text(root, &["metadata", "displayName"]).unwrap_or_else(|| name.clone());
        let window = window(root, &mut lose);
        if text(root, &["spec", "budgetingMethod"]).is_some_and(|m| m != "Occurrences") {
            lose(
                LossKind::NotCarried,
                "`budgetingMethod`: single events are counted here".into(),
            );
        }
        if !items(root, &["spec", "alertPolicies"]).is_empty() {
            lose(
                LossKind::NotCarried,
                "`alertPolicies`: write an alert with `slo_burn`".into(),
            );
        }
        let service = text(root, &["spec", "service"]).unwrap_or_default();
        let component = id_of(&service);
        if !catalogue.components.contains_key(&component) {
            catalogue.lose(
                LossKind::Unresolved,
                place,
                said,
                format!("service `{service}`"),
            );
            catalogue.components.insert(
                component.clone(),
                Component {
                    name: service,
                    kind: "service",
                    team: NOBODY.into(),
                    place: place.into(),
                    ..Component::default()
                },
            );
        }
        let objectives = items(root, &["spec", "objectives"]);
        let several = objectives.len() > 1;
        for (number, objective) in objectives.into_iter().enumerate() {
            let Some(target) = target(objective) else {
                catalogue.lose(
                    LossKind::Unreadable,
                    place,
                    said,
                    "an objective without a target from 0 to 1",
                );
                continue;
            };
            let wanted = if several {
                format!("{name}-{}", number + 1)
            } else {
                name.clone()
            };
            let id = free_id(&self.ids, &wanted, "slo");
            self.ids.insert(id.clone());
            let check = self.check(root, &id, &title, &component, place, said, catalogue);
            let named = text(objective, &["displayName"]).filter(|_| several);
            let named = named.map_or_else(|| title.clone(), |n| format!("{title}: {n}"));
            self.slos.push(Yaml::map([
                ("id", Some(Yaml::text(id))),
                ("name", Some(Yaml::text(named))),
                ("sli", Some(Yaml::map([("check", Some(Yaml::text(check)))]))),
                ("target", Some(Yaml::text(target.to_string()))),
                ("window", window.clone().map(Yaml::Text)),
            ]));
        }
    }

    /// The check that is counted: the one that an export named, or a stand-in.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a word of one sentence in the report"
    )]
    fn check(
        &mut self,
        root: &Node,
        slo: &str,
        title: &str,
        component: &str,
        place: &str,
        said: &str,
        catalogue: &mut Catalogue,
    ) -> String {
        let kept = text(root, &["metadata", "annotations", SLI]);
        let kept = kept.as_deref().and_then(|k| k.strip_prefix("check:"));
        let id = kept.map_or_else(|| id_of(&format!("{slo}-indicator")), id_of);
        if !self.checks.contains_key(&id) {
            let what = format!("check `{id}` asks instead of the metrics: put its address in");
            catalogue.lose(LossKind::StandIn, place, said, what);
            let http = Yaml::map([("url", Some(Yaml::text("https://fill-me-in.example.com/")))]);
            let check = Yaml::map([
                ("id", Some(Yaml::text(&id))),
                (
                    "name",
                    Some(Yaml::text(format!(
                        "Stand-in for the indicator of \"{title}\""
                    ))),
                ),
                ("component", Some(Yaml::text(component))),
                ("probe", Some(Yaml::map([("http", Some(http))]))),
            ]);
            self.checks.insert(id.clone(), check);
        }
        id
    }

    fn document(self) -> String {
        let checks = Yaml::List(self.checks.into_values().collect());
        Yaml::map([
            ("checks", Some(checks)),
            ("slos", Some(Yaml::List(self.slos))),
        ])
        .document()
    }
}

/// The window, in days: months, quarters and years have no fixed length.
fn window(root: &Node, lose: &mut impl FnMut(LossKind, String)) -> Option<String> {
    let window = items(root, &["spec", "timeWindow"]).into_iter().next()?;
    if text(window, &["isRolling"]).as_deref() == Some("false") {
        lose(
            LossKind::NotCarried,
            "a window by the calendar: windows roll here".into(),
        );
    }
    let written = text(window, &["duration"])?;
    let (number, unit) = written.split_at(written.len() - written.chars().next_back()?.len_utf8());
    let number: u32 = number.parse().ok().filter(|n| (1..=3660).contains(n))?;
    let days = match unit {
        "m" | "h" | "d" | "w" => return Some(written),
        "M" => 30,
        "Q" => 90,
        "Y" => 365,
        _ => return None,
    };
    lose(
        LossKind::NotCarried,
        format!("a window of {written}: {} days here", number * days),
    );
    Some(format!("{}d", (number * days).min(3650)))
}

/// `target: 0.999` or `targetPercent: 99.9`, without a detour through floating point.
fn target(objective: &Node) -> Option<Percent> {
    if let Some(percent) = text(objective, &["targetPercent"]) {
        return Percent::parse(&percent).ok();
    }
    let written = text(objective, &["target"])?;
    let (whole, decimals) = written.split_once('.').unwrap_or((&written, ""));
    let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 6 || whole.len() > 1 {
        return None;
    }
    let whole: u32 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let decimals: u32 = format!("{decimals:0<6}").parse().ok()?;
    let ppm = whole * 1_000_000 + decimals;
    (ppm <= 1_000_000).then(|| Percent::from_ppm(ppm))
}
