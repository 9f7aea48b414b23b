//! OpenSLO v1: services become components, SLOs become SLOs.
//!
//! An indicator that asks a Prometheus is asked here too. For any other a check with the
//! indicator's name stands in, and the report says so.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::percent::Percent;
use gonogo_model::yaml::Node;

use super::catalogue::{Catalogue, Component, NOBODY, free_id, id_of};
use super::document::{Document, at, documents, items, text};
use super::{Imported, Input, LossKind};
use crate::export::openslo::PROMETHEUS;
use crate::yaml::Yaml;

/// The annotation in which an export keeps which check or flow an SLO counts.
pub const SLI: &str = "gonogo/sli";

/// Reads files of version 1.
pub fn import(inputs: &[Input<'_>]) -> Imported {
    let mut catalogue = Catalogue::default();
    let documents = documents(inputs, &mut catalogue.report);
    let mut slos = Vec::new();
    let mut signals = Signals::default();
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
            (Some("openslo/v1"), Some("SLI")) => {
                let name = text(root, &["metadata", "name"]).unwrap_or_default();
                signals.indicators.insert(name, root);
            }
            (Some("openslo/v1"), Some("DataSource")) => {
                let name = text(root, &["metadata", "name"]).unwrap_or_default();
                let url = text(root, &["spec", "connectionDetails", "url"]);
                signals.urls.extend(url.map(|url| (name, url)));
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
struct Signals<'d> {
    /// Indicators that stand alone, by name.
    indicators: BTreeMap<String, &'d Node>,
    /// The addresses of data sources, by name.
    urls: BTreeMap<String, String>,
    slos: Vec<Yaml>,
    checks: BTreeMap<String, Yaml>,
    ids: BTreeSet<String>,
}

impl Signals<'_> {
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
        let calendar = calendar(root);
        let window = match calendar {
            Some(_) => None,
            None => window(root, &mut lose),
        };
        let queries = self.queries(root);
        let minutes = queries.iter().any(|(kind, _)| *kind == "good_minute");
        let method = if minutes { "Timeslices" } else { "Occurrences" };
        if text(root, &["spec", "budgetingMethod"]).is_some_and(|m| m != method) {
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
            let sli = if queries.is_empty() {
                let check = self.check(root, &id, &title, &component, place, said, catalogue);
                ("check", Yaml::text(check))
            } else {
                let named = queries
                    .iter()
                    .map(|(k, q)| ((*k).to_string(), Yaml::text(q)));
                let mut asked = vec![("url".to_string(), Yaml::text(self.url(root)))];
                asked.extend(named);
                ("promql", Yaml::Map(asked))
            };
            let named = text(objective, &["displayName"]).filter(|_| several);
            let named = named.map_or_else(|| title.clone(), |n| format!("{title}: {n}"));
            self.slos.push(Yaml::map([
                ("id", Some(Yaml::text(id))),
                ("name", Some(Yaml::text(named))),
                (
                    "component",
                    (!queries.is_empty()).then(|| Yaml::text(&component)),
                ),
                ("sli", Some(Yaml::Map(vec![(sli.0.to_string(), sli.1)]))),
                ("target", Some(Yaml::text(target.to_string()))),
                ("window", window.clone().map(Yaml::Text)),
                ("calendar", calendar.clone()),
            ]));
        }
    }

    /// Its indicator, written in place or by name.
    fn indicator<'r>(&'r self, root: &'r Node) -> Option<&'r Node> {
        let named = text(root, &["spec", "indicatorRef"]);
        let alone = named.and_then(|name| self.indicators.get(&name).copied());
        alone
            .and_then(|node| at(node, &["spec"]))
            .or_else(|| at(root, &["spec", "indicator", "spec"]))
    }

    /// What is asked of a Prometheus, as our own SLIs name it; nothing, where another is asked.
    fn queries(&self, root: &Node) -> Vec<(&'static str, String)> {
        let Some(indicator) = self.indicator(root) else {
            return Vec::new();
        };
        let query = |path: &[&str]| {
            let path = |more: &[&'static str]| [path, &["metricSource"], more].concat();
            let kind = text(indicator, &path(&["type"]))?;
            let prometheus = kind.eq_ignore_ascii_case(PROMETHEUS);
            text(indicator, &path(&["spec", "query"])).filter(|_| prometheus)
        };
        // Only what is 1 while it is good can be counted by the minute.
        let plain = items(root, &["spec", "objectives"]).into_iter().all(|o| {
            let is = |key: &str, value: &str| text(o, &[key]).is_some_and(|v| v == value);
            is("op", "gte") && (is("value", "1") || is("value", "1.0"))
        });
        if let Some(minute) = query(&["thresholdMetric"]).filter(|_| plain) {
            return vec![("good_minute", minute)];
        }
        let ratio = |part: &'static str| Some((part, query(&["ratioMetric", part])?));
        let part = ratio("good").or_else(|| ratio("bad"));
        match (part, ratio("total")) {
            (Some(part), Some(total)) => vec![part, total],
            _ => Vec::new(),
        }
    }

    /// Where the Prometheus is: its data source, or a variable to fill in.
    fn url(&self, root: &Node) -> String {
        let named = self.indicator(root).and_then(|indicator| {
            let places = [
                &["ratioMetric", "total", "metricSource", "metricSourceRef"][..],
                &["thresholdMetric", "metricSource", "metricSourceRef"],
            ];
            places.into_iter().find_map(|path| text(indicator, path))
        });
        let url = named.and_then(|name| self.urls.get(&name).cloned());
        url.unwrap_or_else(|| "${env:PROMETHEUS_URL}".into())
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

/// A window of the calendar that begins with a week, a month or a quarter.
fn calendar(root: &Node) -> Option<Yaml> {
    let window = items(root, &["spec", "timeWindow"]).into_iter().next()?;
    if text(window, &["isRolling"])? != "false" {
        return None;
    }
    let every = match text(window, &["duration"])?.as_str() {
        "1w" | "7d" => "week",
        "1M" => "month",
        "1Q" | "3M" => "quarter",
        _ => return None,
    };
    let zone = text(window, &["calendar", "timeZone"]);
    Some(Yaml::map([
        ("every", Some(Yaml::text(every))),
        ("zone", zone.map(Yaml::Text)),
    ]))
}

/// The window, in days: months, quarters and years have no fixed length.
fn window(root: &Node, lose: &mut impl FnMut(LossKind, String)) -> Option<String> {
    let window = items(root, &["spec", "timeWindow"]).into_iter().next()?;
    if text(window, &["isRolling"]).as_deref() == Some("false") {
        lose(
            LossKind::NotCarried,
            "a window by the calendar that is no week, month or quarter: it rolls here".into(),
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
