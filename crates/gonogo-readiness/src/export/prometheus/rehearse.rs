//! A file for `promtool test rules`: every alert is shown to be quiet, to fire, and to resolve.
//!
//! Series are made up from the selectors. Where they cannot be, the rules are not in the tests,
//! and that is said: a test of made-up results of the recording rules would prove nothing.

use gonogo_model::Duration;

use super::counters::Counters;
use super::selector::Selector;
use super::{Group, Rule, Shown, group_name, map};
use crate::yaml::Yaml;

/// How often the tests evaluate the rules; every time they look at is a multiple of it.
const EVALUATED: Duration = Duration::from_hours(1);
/// The shortest window that series with a sample a minute can show.
const SHORTEST: Duration = Duration::from_mins(5);

/// When a made-up counter grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grows {
    Always,
    WhileGood,
    WhileBad,
}

/// What happens in a stretch of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Good,
    Bad,
    Silent,
}

/// The file; what is not in it goes to `lost`.
pub(super) fn document(groups: &[Group<'_>], rules_file: &str, lost: &mut Vec<String>) -> String {
    let mut tests = Vec::new();
    for group in groups.iter().filter(|g| !g.alerts.is_empty()) {
        let mut lose = |why: &str| {
            lost.push(format!("tests of SLO {}: {why}", group.slo.id.value));
        };
        let Some(series) = series(&group.counters, groups) else {
            lose("no series can be made up from its expressions");
            continue;
        };
        for rule in &group.alerts {
            match test(rule, &series, items_a_step(&group.counters)) {
                Some(test) => tests.push(test),
                None => lose("its windows are shorter than five minutes"),
            }
        }
    }
    let tests = Yaml::list(tests).unwrap_or(Yaml::List(Vec::new()));
    // What is made of other SLOs reads what their groups recorded in the same evaluation.
    let order = groups.iter().map(|g| Yaml::text(group_name(g.slo)));
    Yaml::map([
        ("rule_files", Some(Yaml::List(vec![Yaml::text(rules_file)]))),
        (
            "evaluation_interval",
            Some(Yaml::text(EVALUATED.to_string())),
        ),
        ("group_eval_order", Some(Yaml::List(order.collect()))),
        ("tests", Some(tests)),
    ])
    .document()
}

/// Counters that an SLO's expressions pick; nothing, where they cannot be made up.
fn series(counters: &Counters, groups: &[Group<'_>]) -> Option<Vec<(String, Grows)>> {
    let of_parts = |ids: Vec<&str>| {
        let mut all: Vec<(String, Grows)> = Vec::new();
        for id in ids {
            let part = groups.iter().find(|g| g.slo.id.value.as_str() == id)?;
            for one in series(&part.counters, groups)? {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
        }
        Some(all)
    };
    match counters {
        Counters::Good { good, total } => part_of(good, Grows::WhileGood, total, Grows::WhileBad),
        Counters::Bad { bad, total } => part_of(bad, Grows::WhileBad, total, Grows::WhileGood),
        Counters::Apart { good, bad } => {
            let (good, bad) = (Selector::parse(good)?, Selector::parse(bad)?);
            let (a, b) = (good.example()?, bad.example()?);
            if good.name == bad.name && (good.picks(&b) || bad.picks(&a)) {
                return None;
            }
            let (good, bad) = (written(&good.name, &a), written(&bad.name, &b));
            Some(vec![(good, Grows::WhileGood), (bad, Grows::WhileBad)])
        }
        Counters::Minute(_) => None,
        Counters::Weighed(parts) => of_parts(parts.iter().map(|(id, _)| id.as_str()).collect()),
        Counters::Every(parts) => of_parts(parts.iter().map(String::as_str).collect()),
    }
}

/// Series of a part and of the whole: of one name, those that are in the part and those that are
/// not; of two names, one each.
fn part_of(part: &str, grows: Grows, total: &str, rest: Grows) -> Option<Vec<(String, Grows)>> {
    let (part, total) = (Selector::parse(part)?, Selector::parse(total)?);
    let inside = part.example()?;
    let outside = if part.name == total.name {
        let outside = total.example_without(&part)?;
        total.picks(&inside).then_some((outside, rest))?
    } else {
        (total.example()?, Grows::Always)
    };
    Some(vec![
        (written(&part.name, &inside), grows),
        (written(&total.name, &outside.0), outside.1),
    ])
}

fn written(name: &str, labels: &[(String, String)]) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let labels = labels.iter();
    let labels: Vec<String> = labels
        .map(|(l, v)| format!("{l}=\"{}\"", quoted(v)))
        .collect();
    format!("{name}{{{}}}", labels.join(","))
}

/// How many items every step of the made-up counters adds to what is counted, for one each.
fn items_a_step(counters: &Counters) -> u64 {
    match counters {
        Counters::Weighed(parts) => parts.len() as u64,
        _ => 1,
    }
}

fn test(rule: &Rule, series: &[(String, Grows)], items_a_step: u64) -> Option<Yaml> {
    let (long, short, bad) = match rule.shown {
        Shown::Bad { long, short } => (long, short, Phase::Bad),
        Shown::Silence { within } => (within, within, Phase::Silent),
    };
    if short < SHORTEST {
        return None;
    }
    let hour = EVALUATED.as_secs().unsigned_abs();
    let seconds = |d: Duration| d.as_secs().unsigned_abs();
    let step = [3600, 300]
        .into_iter()
        .find(|step| {
            seconds(short) >= 12 * step && seconds(long) % step == 0 && seconds(short) % step == 0
        })
        .unwrap_or(60);
    // Whole hours, and one more than is needed.
    let stretch = |d: u64| (d.div_ceil(hour) + 1) * hour / step;
    let again = match bad {
        Phase::Silent => 2 * hour / step,
        _ => stretch(seconds(short)),
    };
    let phases = [
        (Phase::Good, stretch(seconds(long))),
        (bad, stretch(seconds(long) + seconds(rule.hold))),
        (Phase::Good, again),
    ];
    let steps = (seconds(long) / step).max(1);
    let growth = u64::from(rule.needed).div_ceil(steps) + 1;
    let input = series.iter().map(|(name, grows)| {
        Yaml::map([
            ("series", Some(Yaml::text(name))),
            ("values", Some(Yaml::text(values(*grows, growth, &phases)))),
        ])
    });
    let counted = growth * steps * items_a_step;
    let fires = Yaml::map([
        ("exp_labels", Some(map(&rule.labels))),
        ("exp_annotations", Some(annotations(rule, counted))),
    ]);
    let mut at = 0;
    let looks = phases.iter().enumerate().map(|(number, (_, length))| {
        at += length * step;
        Yaml::map([
            ("eval_time", Some(Yaml::text(format!("{}h", at / hour)))),
            ("alertname", Some(Yaml::text(&rule.name))),
            (
                "exp_alerts",
                Some(Yaml::List(if number == 1 {
                    vec![fires.clone()]
                } else {
                    vec![]
                })),
            ),
        ])
    });
    Some(Yaml::map([
        ("name", Some(Yaml::text(&rule.name))),
        ("interval", Some(Yaml::text(format!("{step}s")))),
        ("input_series", Some(Yaml::List(input.collect()))),
        ("alert_rule_test", Some(Yaml::List(looks.collect()))),
    ]))
}

/// The samples of a counter, in promtool's words: start, growth and how often.
fn values(grows: Grows, growth: u64, phases: &[(Phase, u64)]) -> String {
    let mut value = 0;
    let mut parts = vec!["0".to_string()];
    for (phase, length) in phases {
        let moves = match phase {
            Phase::Good => grows != Grows::WhileBad,
            Phase::Bad => grows != Grows::WhileGood,
            Phase::Silent => false,
        };
        let growth = if moves { growth } else { 0 };
        parts.push(format!("{}+{growth}x{}", value + growth, length - 1));
        value += growth * length;
    }
    parts.join(" ")
}

/// The annotations with the numbers that they come to when all of so many items are bad.
fn annotations(rule: &Rule, counted: u64) -> Yaml {
    let entries = rule.annotations.iter().map(|(name, text)| {
        let text = text
            .replace("{{ $value | humanizePercentage }}", "100%")
            .replace("{{ $value }}", &counted.to_string());
        (*name, text)
    });
    map(&entries.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_grow_while_they_should() {
        let phases = [(Phase::Good, 2), (Phase::Bad, 3), (Phase::Silent, 2)];
        assert_eq!(
            values(Grows::WhileGood, 5, &phases),
            "0 5+5x1 10+0x2 10+0x1"
        );
        assert_eq!(values(Grows::WhileBad, 5, &phases), "0 0+0x1 5+5x2 15+0x1");
        assert_eq!(values(Grows::Always, 1, &phases), "0 1+1x1 3+1x2 5+0x1");
    }
}
