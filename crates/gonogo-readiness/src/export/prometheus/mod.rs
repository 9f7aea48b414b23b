//! A package's SLOs as recording and alerting rules of Prometheus.
//!
//! Windows, burn rates and guards are the ones that the engine goes by, so a Prometheus with the
//! rules and gonogo say the same of the same numbers. Invariant: what is written is accepted by
//! `promtool check rules`, and what could not be written is said with why.

mod counters;
mod rehearse;
mod selector;

use std::collections::BTreeSet;

use gonogo_model::alert::{Alert, BurnSpeed, Condition, Severity, SloBurn, Urgency};
use gonogo_model::slo::Slo;
use gonogo_model::{Duration, Id, Package};

use crate::yaml::Yaml;
use counters::{Counters, recorded, recorded_of};

/// One in parts per million.
const MILLION: u128 = 1_000_000;
/// The speeds of the SRE workbook's chapter 5, for SLOs without an alert of their own, and how
/// loudly each is said there.
const DEFAULT_SPEEDS: [(BurnSpeed, Severity, Urgency); 3] = [
    (BurnSpeed::Fast, Severity::Sev2, Urgency::Page),
    (BurnSpeed::Medium, Severity::Sev2, Urgency::Page),
    (BurnSpeed::Slow, Severity::Sev3, Urgency::Ticket),
];

/// Rules, tests of them, and what is in neither.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The file of rules.
    pub rules: String,
    /// A file for `promtool test rules`, which names the rules' file.
    pub tests: String,
    /// What could not be written and why, a line each.
    pub lost: Vec<String>,
}

/// An alerting rule, before it is written.
struct Rule {
    name: String,
    expr: String,
    hold: Duration,
    labels: Vec<(&'static str, String)>,
    annotations: Vec<(&'static str, String)>,
    /// The windows whose recorded series it reads.
    windows: Vec<Duration>,
    /// How the test shows that it fires.
    shown: Shown,
    /// So many items have to be counted in its long window.
    needed: u32,
}

/// How a rule is shown to fire and to resolve.
#[derive(Clone, Copy)]
enum Shown {
    /// Bad items only, for the long window; it is over once the short one has good ones only.
    Bad { long: Duration, short: Duration },
    /// Nothing at all, for so long.
    Silence { within: Duration },
}

/// An SLO's group of rules.
struct Group<'p> {
    slo: &'p Slo,
    counters: Counters,
    alerts: Vec<Rule>,
}

/// Rules for every SLO. `base` is where gonogo's pages are, for links to runbooks; `rules_file`
/// is how the tests find the rules.
pub fn export(package: &Package, base: Option<&str>, rules_file: &str) -> Rules {
    let mut lost = Vec::new();
    let mut groups = Vec::new();
    for slo in package.slos.values() {
        match Counters::of(slo, package) {
            Ok(counters) => {
                let alerts = alerts(slo, &counters, package, base, &mut lost);
                groups.push(Group {
                    slo,
                    counters,
                    alerts,
                });
            }
            Err(why) => lost.push(format!("SLO {}: {why}", slo.id.value)),
        }
    }
    // What is made of others reads what their groups recorded.
    groups.sort_by_key(|g| g.counters.is_made_of_slos());
    let others = package.alerts.values().filter(|a| a.when.slo().is_none());
    match others.count() {
        0 => {}
        n => lost.push(format!(
            "{n} alerts that are not about an SLO: gonogo judges flows, checks and sources itself"
        )),
    }
    let mut written: Vec<Yaml> = groups.iter().map(|g| group(g, &groups)).collect();
    if groups.iter().any(|g| g.counters.is_own()) {
        written.push(own_metrics());
    }
    let tests = rehearse::document(&groups, rules_file, &mut lost);
    let rules = if written.is_empty() {
        "groups: []\n".into()
    } else {
        Yaml::map([("groups", Some(Yaml::List(written)))]).document()
    };
    Rules { rules, tests, lost }
}

fn group(group: &Group<'_>, all: &[Group<'_>]) -> Yaml {
    let id = group.slo.id.value.as_str();
    let labels = || Some(map(&[("slo", id.to_string())]));
    let mut rules = Vec::new();
    for window in windows(group, all) {
        let record = |what: &str, expr: String| {
            Yaml::map([
                ("record", Some(Yaml::text(recorded(what, window)))),
                ("expr", Some(Yaml::text(expr))),
                ("labels", labels()),
            ])
        };
        rules.push(record("items", group.counters.items(window)));
        rules.push(record("bad", group.counters.bad(window)));
        let bad = recorded_of("bad", window, &[id]);
        let items = recorded_of("items", window, &[id]);
        rules.push(record("ratio", format!("{bad} / ({items} > 0)")));
    }
    rules.extend(group.alerts.iter().map(|rule| {
        let hold = (!rule.hold.is_zero()).then(|| Yaml::text(rule.hold.to_string()));
        Yaml::map([
            ("alert", Some(Yaml::text(&rule.name))),
            ("expr", Some(Yaml::text(&rule.expr))),
            ("for", hold),
            ("labels", Some(map(&rule.labels))),
            ("annotations", Some(map(&rule.annotations))),
        ])
    }));
    Yaml::map([
        ("name", Some(Yaml::text(group_name(group.slo)))),
        ("rules", Some(Yaml::List(rules))),
    ])
}

fn group_name(slo: &Slo) -> String {
    format!("gonogo-slo-{}", slo.id.value)
}

/// The windows that a group records: those of its alerts, and of what is made of it.
fn windows(group: &Group<'_>, all: &[Group<'_>]) -> BTreeSet<Duration> {
    let own = |g: &Group<'_>| -> BTreeSet<Duration> {
        g.alerts.iter().flat_map(|r| r.windows.clone()).collect()
    };
    let id = group.slo.id.value.as_str();
    let mut windows = own(group);
    for other in all {
        let has = match &other.counters {
            Counters::Weighed(parts) => parts.iter().any(|(part, _)| part == id),
            Counters::Every(parts) => parts.iter().any(|part| part == id),
            _ => false,
        };
        if has {
            windows.extend(own(other));
        }
    }
    windows
}

/// The rules over gonogo's own metrics say nothing while nobody scrapes them.
fn own_metrics() -> Yaml {
    let rule = Yaml::map([
        ("alert", Some(Yaml::text("gonogo-not-scraped"))),
        ("expr", Some(Yaml::text("absent(gonogo_build_info)"))),
        ("for", Some(Yaml::text("5m"))),
        ("labels", Some(map(&[("severity", "SEV2".into()), ("urgency", "page".into())]))),
        (
            "annotations",
            Some(map(&[
                ("summary", "gonogo's own metrics are not there".into()),
                (
                    "description",
                    "No rule over an SLO that gonogo counts can fire until this Prometheus scrapes gonogo's /metrics again.".into(),
                ),
            ])),
        ),
    ]);
    Yaml::map([
        ("name", Some(Yaml::text("gonogo-itself"))),
        ("rules", Some(Yaml::List(vec![rule]))),
    ])
}

/// The alerts of the package about an SLO, or the workbook's where it declares none.
fn alerts(
    slo: &Slo,
    counters: &Counters,
    package: &Package,
    base: Option<&str>,
    lost: &mut Vec<String>,
) -> Vec<Rule> {
    let id = &slo.id.value;
    let about = |a: &&Alert| a.when.slo().is_some_and(|s| s.id == *id);
    let declared: Vec<&Alert> = package.alerts.values().filter(about).collect();
    let mut rules = Vec::new();
    for alert in &declared {
        let mut lose = |why: String| lost.push(format!("alert {}: {why}", alert.id.value));
        let Some(mut rule) = condition(slo, counters, &alert.when, &mut lose) else {
            continue;
        };
        rule.name = alert.id.value.to_string();
        rule.hold = alert.hold;
        rule.labels = labels(slo, package, alert.severity, alert.urgency);
        if let Some(component) = alert.component(package) {
            rule.labels.retain(|(label, _)| *label != "component");
            rule.labels
                .push(("component", component.id.value.to_string()));
        }
        rule.annotations
            .insert(0, ("summary", template_safe(&alert.name)));
        let said = [("impact", &alert.impact), ("first_step", &alert.first_step)];
        for (name, text) in said {
            rule.annotations
                .extend(text.as_ref().map(|t| (name, template_safe(t))));
        }
        if let (Some(base), Some(runbook)) = (base, &alert.runbook) {
            let url = format!("{}/runbooks/{}", base.trim_end_matches('/'), runbook.id);
            rule.labels.push(("runbook_url", url.clone()));
            rule.annotations.push(("runbook_url", url));
        }
        rules.push(rule);
    }
    if !declared.is_empty() {
        return rules;
    }
    for (speed, severity, urgency) in DEFAULT_SPEEDS {
        let mut lose = |why: String| lost.push(format!("SLO {id}, {speed} burn: {why}"));
        let Some(mut rule) = burn(slo, speed, None, &mut lose) else {
            continue;
        };
        rule.name = format!("{id}-burns-{speed}");
        rule.labels = labels(slo, package, severity, urgency);
        let summary = format!("The error budget of \"{}\" burns", slo.name);
        rule.annotations
            .insert(0, ("summary", template_safe(&summary)));
        rules.push(rule);
    }
    rules
}

fn labels(
    slo: &Slo,
    package: &Package,
    severity: Severity,
    urgency: Urgency,
) -> Vec<(&'static str, String)> {
    let mut labels = vec![
        ("severity", severity.to_string()),
        ("urgency", urgency.to_string()),
        ("slo", slo.id.value.to_string()),
    ];
    let component: Option<&Id> = slo.component(package);
    labels.extend(component.map(|c| ("component", c.to_string())));
    labels
}

fn condition(
    slo: &Slo,
    counters: &Counters,
    when: &Condition,
    lose: &mut impl FnMut(String),
) -> Option<Rule> {
    let id = slo.id.value.as_str();
    let of = |what: &str, window| recorded_of(what, window, &[id]);
    match when {
        Condition::SloBurn(SloBurn {
            speed, min_events, ..
        }) => burn(slo, *speed, *min_events, lose),
        Condition::SloBudget(c) => {
            if slo.calendar.is_some() {
                lose("a budget of the calendar: a window of PromQL rolls".into());
                return None;
            }
            let (window, left) = (slo.window, MILLION - u128::from(c.left.ppm()));
            let (bad, items) = (of("bad", window), of("items", window));
            let expr = match slo.budget_events {
                Some(budget) => {
                    format!(
                        "{bad} >= {} and {bad} > 0",
                        decimal(left * u128::from(budget), 6)
                    )
                }
                None => format!(
                    "{bad} >= {} * {items} and {bad} > 0 and {items} >= {}",
                    decimal(left * allowed_ppm(slo), 12),
                    slo.min_events
                ),
            };
            let text = format!(
                "No more than {} of the error budget over {window} is left.",
                c.left
            );
            let shown = Shown::Bad {
                long: window,
                short: window,
            };
            let needed = slo.budget_events.unwrap_or(slo.min_events);
            Some(rule(expr, text, vec![window], shown, needed))
        }
        Condition::SloFailing(c) => {
            if c.consecutive.is_some() {
                lose("`consecutive`: counters do not tell in which order items came".into());
            }
            let bound = c.bad_events?.max(1);
            // A window's edges fall between samples, so an increase is not a whole number.
            let expr = format!("round({}) >= {bound}", of("bad", c.within));
            let text = format!(
                "{{{{ $value }}}} bad within {}; the bound is {bound}.",
                c.within
            );
            let shown = Shown::Bad {
                long: c.within,
                short: c.within,
            };
            Some(rule(expr, text, vec![c.within], shown, bound))
        }
        Condition::SloSilent(c) => {
            let expr = format!("(sum({}) or vector(0)) == 0", of("items", c.within));
            let text = format!("Nothing was counted for {}.", c.within);
            let shown = Shown::Silence { within: c.within };
            if matches!(counters, Counters::Minute(_)) {
                lose("`slo_silent` of `good_minute`: a minute without an answer is no item".into());
                return None;
            }
            Some(rule(expr, text, vec![c.within], shown, 1))
        }
        _ => None,
    }
}

/// The multiwindow rule of the SRE workbook, chapter 5: both windows have to burn.
fn burn(
    slo: &Slo,
    speed: BurnSpeed,
    min_events: Option<u32>,
    lose: &mut impl FnMut(String),
) -> Option<Rule> {
    let (long, short, _) = speed.windows();
    let rate = u128::from(speed.rate_ppm(slo.period()));
    let id = slo.id.value.as_str();
    let of = |what: &str, window| recorded_of(what, window, &[id]);
    let times = decimal(rate, 6);
    let (expr, unit) = match slo.budget_events {
        Some(budget) => {
            let millis = |d: Duration| u128::from(d.as_millis().unsigned_abs());
            let bound = |window| {
                let bound = rate * u128::from(budget) * millis(window);
                decimal(bound / millis(slo.period()).max(1), 6)
            };
            let expr = format!(
                "{} >= {} and {} >= {} and round({}) > 0",
                of("bad", long),
                bound(long),
                of("bad", short),
                bound(short),
                of("bad", long)
            );
            (expr, "{{ $value }} items")
        }
        None => {
            let bound = rate * allowed_ppm(slo);
            if bound > MILLION * MILLION {
                lose(format!(
                    "with a target of {} a budget cannot burn {times} times too fast, so it would never fire",
                    slo.target
                ));
                return None;
            }
            let bound = decimal(bound, 12);
            let expr = format!(
                "{} >= {bound} and {} >= {bound} and {} > 0 and {} >= {}",
                of("ratio", long),
                of("ratio", short),
                of("bad", long),
                of("items", long),
                min_events.unwrap_or(slo.min_events)
            );
            (expr, "{{ $value | humanizePercentage }}")
        }
    };
    let text = format!(
        "{unit} bad over {long}, and still over {short}: the budget over {} burns at least {times} times too fast.",
        slo.window_words()
    );
    let needed = slo.budget_events.or(min_events).unwrap_or(slo.min_events);
    let shown = Shown::Bad { long, short };
    Some(rule(expr, text, vec![long, short], shown, needed))
}

fn rule(expr: String, text: String, windows: Vec<Duration>, shown: Shown, needed: u32) -> Rule {
    Rule {
        name: String::new(),
        expr,
        hold: Duration::ZERO,
        labels: Vec::new(),
        annotations: vec![("description", text)],
        windows,
        shown,
        needed,
    }
}

fn allowed_ppm(slo: &Slo) -> u128 {
    MILLION - u128::from(slo.target.ppm())
}

/// A whole number with so many of its digits behind the point, without a detour through floats.
fn decimal(number: u128, digits: u32) -> String {
    let scale = 10u128.pow(digits);
    let width = digits as usize;
    let text = format!("{}.{:0width$}", number / scale, number % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Text of the package in an annotation, where `{{` would begin a template.
fn template_safe(text: &str) -> String {
    let mut text = text.to_string();
    while text.contains("{{") {
        text = text.replace("{{", "{ {");
    }
    text
}

fn map(entries: &[(&'static str, String)]) -> Yaml {
    let entries = entries.iter();
    Yaml::Map(
        entries
            .map(|(k, v)| ((*k).to_string(), Yaml::text(v)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_exact() {
        assert_eq!(decimal(13_440_000, 6), "13.44");
        // 13.44 × 1 %
        assert_eq!(decimal(13_440_000 * 10_000, 12), "0.1344");
        assert_eq!(decimal(0, 12), "0");
        assert_eq!(decimal(1, 6), "0.000001");
    }

    #[test]
    fn text_of_a_package_begins_no_template() {
        assert_eq!(
            template_safe("a {{ $labels.x }} {{{"),
            "a { { $labels.x }} { { {"
        );
    }
}
