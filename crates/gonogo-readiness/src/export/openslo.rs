//! A package's SLOs as OpenSLO v1: a service per component, an SLO each.
//!
//! What is counted is a check or a flow of gonogo, so the metric source is of type `gonogo`;
//! other tools see targets, windows and services, and have to bring their own query.

use std::collections::BTreeSet;

use gonogo_model::slo::{Sli, Slo};
use gonogo_model::{Duration, Id, Package};

use super::{Exported, name_fits};
use crate::import::backstage::TIER;
use crate::import::openslo::SLI;
use crate::yaml::Yaml;

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
    for slo in package.slos.values() {
        let id = &slo.id.value;
        let Some(service) = about(slo) else {
            out.lost
                .push(format!("SLO {id}: what it counts is about no component"));
            continue;
        };
        let mut lost = Vec::new();
        out.document(&of_slo(slo, &service, &mut lost));
        if slo.journey.is_some() {
            lost.push("the journey that it is about".into());
        }
        out.lost
            .extend(lost.into_iter().map(|what| format!("SLO {id}: {what}")));
        name_fits(id, MAX_NAME, |c| c == '-', &mut out);
    }
    out
}

fn of_slo(slo: &Slo, service: &Id, lost: &mut Vec<String>) -> Yaml {
    let counted = counted(&slo.sli);
    let source = |count: &str| {
        let (kind, id) = counted.split_once(':').unwrap_or(("check", &counted));
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
    let indicator = Yaml::map([
        (
            "metadata",
            Some(Yaml::map([(
                "name",
                Some(Yaml::text(format!("{}-indicator", slo.id.value))),
            )])),
        ),
        ("spec", Some(Yaml::map([("ratioMetric", Some(ratio))]))),
    ]);
    let ppm = slo.target.ppm();
    let decimals = format!("{:06}", ppm % 1_000_000);
    let decimals = match decimals.trim_end_matches('0') {
        "" => "0",
        some => some,
    };
    let target = format!("{}.{decimals}", ppm / 1_000_000);
    let objective = Yaml::map([
        ("displayName", Some(Yaml::text(&slo.name))),
        ("target", Some(Yaml::Decimal(target))),
    ]);
    let rolling = Yaml::map([
        ("duration", Some(Yaml::text(window(slo.window, lost)))),
        ("isRolling", Some(Yaml::Bool(true))),
    ]);
    let annotations = Yaml::map([(SLI, Some(Yaml::text(counted.clone())))]);
    let spec = Yaml::map([
        ("service", Some(Yaml::text(service.as_str()))),
        ("indicator", Some(indicator)),
        ("timeWindow", Some(Yaml::List(vec![rolling]))),
        ("budgetingMethod", Some(Yaml::text("Occurrences"))),
        ("objectives", Some(Yaml::List(vec![objective]))),
    ]);
    object(
        "SLO",
        metadata(slo.id.as_str(), &slo.name, annotations),
        spec,
    )
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
