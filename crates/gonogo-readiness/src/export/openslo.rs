//! A package's SLOs as OpenSLO v1: a service per component, an SLO each.
//!
//! Counters and queries go out as Prometheus queries with their data source. What gonogo counts
//! itself (flows, checks, events) has a metric source of type `gonogo`: other tools see targets,
//! windows and services, and have to bring their own query.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::slo::{Calendar, CalendarUnit, PromqlSli, Sli, Slo};
use gonogo_model::{Duration, Id, Package};

use super::{Exported, name_fits};
use crate::import::backstage::TIER;
use crate::import::openslo::SLI;
use crate::yaml::Yaml;

/// The type of a metric source that is a Prometheus.
pub(crate) const PROMETHEUS: &str = "Prometheus";
/// The longest name of an object: RFC 1123.
pub const MAX_NAME: usize = 63;

/// Every SLO and the services they are about, as one file of several documents.
pub fn export(package: &Package) -> Exported {
    let mut out = Exported::default();
    let about = |slo: &Slo| slo.component(package).cloned();
    let services: BTreeSet<Id> = package.slos.values().filter_map(about).collect();
    for service in &services {
        let Some(component) = package.components.get(service) else {
            continue;
        };
        let annotations = Yaml::map([(TIER, Some(Yaml::text(component.tier.to_string())))]);
        let metadata = metadata(service.as_str(), &component.name, annotations);
        let description = component.description.as_ref().map(Yaml::text);
        out.document(&object(
            "Service",
            metadata,
            Yaml::map([("description", description)]),
        ));
        name_fits(service, MAX_NAME, |c| c == '-', &mut out);
    }
    let sources = data_sources(package);
    for (url, name) in &sources {
        let details = Yaml::map([("url", Some(Yaml::text(url)))]);
        let spec = Yaml::map([
            ("type", Some(Yaml::text(PROMETHEUS))),
            ("connectionDetails", Some(details)),
        ]);
        let metadata = metadata(name, "Prometheus", Yaml::Map(Vec::new()));
        out.document(&object("DataSource", metadata, spec));
    }
    for slo in package.slos.values() {
        let id = &slo.id.value;
        let Some(service) = about(slo) else {
            out.lost
                .push(format!("SLO {id}: what it counts is about no component"));
            continue;
        };
        let mut lost = Vec::new();
        out.document(&of_slo(slo, &service, &sources, &mut lost));
        if slo.journey.is_some() {
            lost.push("the journey that it is about".into());
        }
        out.lost
            .extend(lost.into_iter().map(|what| format!("SLO {id}: {what}")));
        name_fits(id, MAX_NAME, |c| c == '-', &mut out);
    }
    out
}

/// The Prometheus servers that are asked, by address.
fn data_sources(package: &Package) -> BTreeMap<String, String> {
    let urls = package.slos.values().filter_map(|slo| match &slo.sli {
        Sli::Promql(sli) => Some(sli.url.to_string()),
        _ => None,
    });
    let urls: BTreeSet<String> = urls.collect();
    let numbered = urls.into_iter().zip(1..);
    numbered
        .map(|(url, number)| (url, format!("prometheus-{number}")))
        .collect()
}

fn of_slo(
    slo: &Slo,
    service: &Id,
    sources: &BTreeMap<String, String>,
    lost: &mut Vec<String>,
) -> Yaml {
    let counted = counted(&slo.sli);
    let metric = match &slo.sli {
        Sli::Promql(sli) => promql(sli, sources, lost),
        other => {
            if other.is_made_of_slos() {
                lost.push("its parts and their weights".into());
            }
            ratio_of(&counted)
        }
    };
    if let Some(budget) = slo.budget_events {
        lost.push(format!("its budget of {budget} bad items"));
    }
    let minutes = matches!(&slo.sli, Sli::Promql(sli) if sli.good_minute.is_some());
    let indicator = Yaml::map([
        (
            "metadata",
            Some(Yaml::map([(
                "name",
                Some(Yaml::text(format!("{}-indicator", slo.id.value))),
            )])),
        ),
        ("spec", Some(metric)),
    ]);
    let ppm = slo.target.ppm();
    let decimals = format!("{:06}", ppm % 1_000_000);
    let decimals = match decimals.trim_end_matches('0') {
        "" => "0",
        some => some,
    };
    let target = format!("{}.{decimals}", ppm / 1_000_000);
    let slice = |value: Yaml| minutes.then_some(value);
    let objective = Yaml::map([
        ("displayName", Some(Yaml::text(&slo.name))),
        ("op", slice(Yaml::text("gte"))),
        ("value", slice(Yaml::Number(1))),
        ("target", Some(Yaml::Decimal(target))),
        ("timeSliceTarget", slice(Yaml::Decimal("1.0".into()))),
        ("timeSliceWindow", slice(Yaml::text("1m"))),
    ]);
    let window = match &slo.calendar {
        Some(written) => calendar(written),
        None => Yaml::map([
            ("duration", Some(Yaml::text(window(slo.window, lost)))),
            ("isRolling", Some(Yaml::Bool(true))),
        ]),
    };
    let method = if minutes { "Timeslices" } else { "Occurrences" };
    let annotations = Yaml::map([(SLI, Some(Yaml::text(counted)))]);
    let spec = Yaml::map([
        ("service", Some(Yaml::text(service.as_str()))),
        ("indicator", Some(indicator)),
        ("timeWindow", Some(Yaml::List(vec![window]))),
        ("budgetingMethod", Some(Yaml::text(method))),
        ("objectives", Some(Yaml::List(vec![objective]))),
    ]);
    object(
        "SLO",
        metadata(slo.id.as_str(), &slo.name, annotations),
        spec,
    )
}

/// Good and all of what gonogo counts itself.
fn ratio_of(counted: &str) -> Yaml {
    let source = |count: &str| {
        let (kind, id) = counted.split_once(':').unwrap_or(("check", counted));
        let spec = Yaml::map([
            (kind, Some(Yaml::text(id))),
            ("count", Some(Yaml::text(count))),
        ]);
        let source = Yaml::map([("type", Some(Yaml::text("gonogo"))), ("spec", Some(spec))]);
        Some(Yaml::map([("metricSource", Some(source))]))
    };
    let ratio = Yaml::map([
        ("counter", Some(Yaml::Bool(true))),
        ("good", source("good")),
        ("total", source("all")),
    ]);
    Yaml::map([("ratioMetric", Some(ratio))])
}

/// Queries of a Prometheus.
fn promql(sli: &PromqlSli, sources: &BTreeMap<String, String>, lost: &mut Vec<String>) -> Yaml {
    if sli.token.is_some() {
        lost.push("the token of its Prometheus".into());
    }
    let name = sources.get(&sli.url.to_string());
    let source = |query: &String| {
        let spec = Yaml::map([("query", Some(Yaml::text(query)))]);
        let source = Yaml::map([
            ("metricSourceRef", name.map(Yaml::text)),
            ("type", Some(Yaml::text(PROMETHEUS))),
            ("spec", Some(spec)),
        ]);
        Yaml::map([("metricSource", Some(source))])
    };
    if let Some(minute) = &sli.good_minute {
        return Yaml::map([("thresholdMetric", Some(source(minute)))]);
    }
    // The format wants all; good and bad together are all.
    let all = match (&sli.good, &sli.bad) {
        (Some(good), Some(bad)) => {
            lost.push("that it counts bad ones apart: they are added up to `total`".into());
            Some(format!("sum({good}) + (sum({bad}) or vector(0))"))
        }
        _ => sli.total.clone(),
    };
    let bad = sli.bad.as_ref().filter(|_| sli.good.is_none());
    let ratio = Yaml::map([
        ("counter", Some(Yaml::Bool(true))),
        ("good", sli.good.as_ref().map(source)),
        ("bad", bad.map(source)),
        ("total", all.as_ref().map(source)),
    ]);
    Yaml::map([("ratioMetric", Some(ratio))])
}

/// A window of the calendar; the first Monday, month, quarter and year begin at once in 2024.
fn calendar(calendar: &Calendar) -> Yaml {
    let duration = match calendar.every {
        CalendarUnit::Week => "1w",
        CalendarUnit::Month => "1M",
        CalendarUnit::Quarter => "1Q",
    };
    let from = Yaml::map([
        ("startTime", Some(Yaml::text("2024-01-01 00:00:00"))),
        ("timeZone", Some(Yaml::text(calendar.zone.name()))),
    ]);
    Yaml::map([
        ("duration", Some(Yaml::text(duration))),
        ("isRolling", Some(Yaml::Bool(false))),
        ("calendar", Some(from)),
    ])
}

fn counted(sli: &Sli) -> String {
    match sli {
        Sli::Latency(latency) => format!("flow_latency:{}", latency.flow.id),
        Sli::Completion(flow) | Sli::Success(flow) => format!("{}:{}", sli.key(), flow.id),
        Sli::Check(check) => format!("check:{}", check.id),
        Sli::Delivery(delivery) => format!("delivery:{}", delivery.source.id),
        Sli::Events(events) => format!("events:{}", events.source.id),
        Sli::Promql(_) => "promql:counters".into(),
        Sli::Composite(_) => "composite:slos".into(),
        Sli::Journey(journey) => format!("journey:{}", journey.id),
    }
}

/// The window in one unit, as the format wants it: whole minutes, hours or days.
fn window(window: Duration, lost: &mut Vec<String>) -> String {
    let minutes = window.as_secs() / 60;
    if window.as_millis() % 60_000 != 0 {
        lost.push(format!("the seconds of its window of {window}"));
    }
    match minutes {
        m if m > 0 && m % 1440 == 0 => format!("{}d", m / 1440),
        m if m > 0 && m % 60 == 0 => format!("{}h", m / 60),
        m => format!("{}m", m.max(1)),
    }
}

fn metadata(name: &str, title: &str, annotations: Yaml) -> Yaml {
    Yaml::map([
        ("name", Some(Yaml::text(name))),
        ("displayName", Some(Yaml::text(title))),
        ("annotations", Some(annotations)),
    ])
}

fn object(kind: &str, metadata: Yaml, spec: Yaml) -> Yaml {
    Yaml::map([
        ("apiVersion", Some(Yaml::text("openslo/v1"))),
        ("kind", Some(Yaml::text(kind))),
        ("metadata", Some(metadata)),
        ("spec", Some(spec)),
    ])
}
