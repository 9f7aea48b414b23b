//! What can be promised.

use gonogo_model::Package;
use gonogo_model::percent::Percent;
use serde_json::{Value, json};

use super::{Page, names};
use crate::graph::Graph;
use crate::graph::availability::{Availability, Promise, availabilities};
use crate::report::counted;
use crate::report::rows::Row;

/// Minutes in the 28 days over which SLOs are usually counted.
const MINUTES: u64 = 28 * 24 * 60;

pub(super) fn page(package: &Package, graph: &Graph<'_>) -> Page {
    let found = availabilities(package, graph);
    let above = found
        .iter()
        .filter(|a| a.is_above() && a.promise.is_of_time())
        .count();
    let headline = match found.len() {
        0 => "Nothing beneath an SLO says what it promises, so there is nothing to add up. \
              Write `availability` on vendors."
            .to_string(),
        n => format!(
            "{}; {above} of them cannot be kept by what lies beneath.",
            counted(n, "promise")
        ),
    };
    let notes = match found.is_empty() {
        true => Vec::new(),
        false => vec![
            "Failures are taken to be independent, and what promises nothing to be perfect: \
             this is the most that can be reached, not what will be."
                .to_string(),
        ],
    };
    Page {
        headline,
        sections: found.iter().map(|a| (title(a), rows(a))).collect(),
        notes,
        json: json!({"promises": found.iter().map(json_of).collect::<Vec<Value>>()}),
    }
}

fn title(availability: &Availability<'_>) -> String {
    let (id, target, most) = (
        availability.promise.id(),
        availability.target,
        availability.at_most,
    );
    let about = match availability.promise {
        Promise::Journey(_, journey) => format!(" of {}", journey.id.value),
        Promise::Slo(_, component) => format!(" of {}", component.id.value),
        Promise::Component(_) => String::new(),
    };
    let verdict = match (availability.is_above(), availability.promise.is_of_time()) {
        (false, _) => "",
        (true, true) => ": it cannot be kept",
        (true, false) => ": it counts events and not time, so it may be kept all the same",
    };
    format!("{id}{about} promises {target}, at most {most} can be reached{verdict}")
}

fn rows(availability: &Availability<'_>) -> Vec<Row> {
    let weak = availability.counted.iter().map(|(component, promised)| {
        let text = format!("{promised}, {} down in 28 days", minutes(*promised));
        (component.id.value.to_string(), text)
    });
    let mut rows: Vec<Row> = weak.collect();
    if !availability.unknown.is_empty() {
        rows.push(("no promise from".into(), names(&availability.unknown)));
    }
    if availability.left_out > 0 {
        let left_out = counted(availability.left_out, "component");
        rows.push((
            "left out".into(),
            format!("{left_out} in groups, taken to be perfect"),
        ));
    }
    rows
}

fn minutes(promised: Percent) -> String {
    let lost = u64::from(Percent::ALL.ppm() - promised.ppm()) * MINUTES;
    counted(
        usize::try_from(lost.div_ceil(1_000_000)).unwrap_or(0),
        "minute",
    )
}

fn json_of(availability: &Availability<'_>) -> Value {
    let (kind, about) = match availability.promise {
        Promise::Journey(_, journey) => ("journey", &journey.id.value),
        Promise::Slo(_, component) => ("slo", &component.id.value),
        Promise::Component(component) => ("component", &component.id.value),
    };
    let counted = availability.counted.iter().map(|(component, promised)| {
        json!({"component": component.id.value, "promises_ppm": promised.ppm()})
    });
    json!({
        "id": availability.promise.id(),
        "kind": kind,
        "about": about,
        "of_time": availability.promise.is_of_time(),
        "target_ppm": availability.target.ppm(),
        "at_most_ppm": availability.at_most.ppm(),
        "above": availability.is_above(),
        "counted": counted.collect::<Vec<Value>>(),
        "without_promise": availability.unknown.iter().map(|c| &c.id.value).collect::<Vec<_>>(),
        "left_out": availability.left_out,
    })
}
