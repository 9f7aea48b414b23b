//! What an alert says for itself: numbers, window, rule, query, picture, and what changed before.
//!
//! One place for every kind of condition, so that none is added without an explanation. The
//! page, the API and the incident take theirs from here. Invariant: what is shown is what the
//! engine judged by; nothing is asked anew.

mod page;
mod picture;

use gonogo_engine::Time;
use gonogo_engine::alerting::{AlertState, Stage};
use gonogo_engine::change::Happened;
use gonogo_engine::reading::{budget_words, in_words, times};
use gonogo_model::alert::{Alert, Condition};
use gonogo_model::expression::Where;
use gonogo_model::gauge::{GaugeBeyond, GaugeFrom};
use gonogo_model::reconciliation::Side;
use gonogo_model::slo::{Sli, Slo};
use gonogo_model::{Id, Package};

pub use page::routes;
pub use picture::Picture;

use crate::view::View;

/// What an alert says for itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// When it holds, in a sentence.
    pub rule: String,
    /// The time that it looks at, where it looks at one.
    pub window: Option<String>,
    /// What is asked or matched, as the package writes it.
    pub query: Option<String>,
    /// Where the package says so: "signals/alerts.yaml:12".
    pub place: String,
    /// What it looks at, over time.
    pub picture: Option<Picture>,
}

/// Explains an alert of the package.
pub fn explain(view: &View, alert: &Alert) -> Explained {
    let package = &view.plan.package;
    let (rule, window) = rule(package, &alert.when);
    let hold = (!alert.hold.is_zero()).then(|| format!(", for {}", alert.hold));
    let span = alert.id.span;
    let file = package.paths.get(span.file.0 as usize);
    Explained {
        rule: format!("{rule}{}.", hold.unwrap_or_default()),
        window,
        query: query(package, &alert.when),
        place: file.map_or_else(String::new, |f| format!("{f}:{}", span.line)),
        picture: picture::of(view, &alert.when),
    }
}

/// What changed before an alert began, the nearest first; what it fired with where it fires.
pub fn changed_before(state: &AlertState) -> Vec<(&Happened, Time)> {
    let began = match state.stage {
        Stage::Firing { since } | Stage::Pending { since } => Some(since),
        Stage::Idle => state.fired_at,
    };
    let before = state.before.iter();
    began.map_or_else(Vec::new, |began| before.map(|c| (c, began)).collect())
}

/// The nearest change before an alert in a line, and how many more there are.
pub fn nearest(state: &AlertState) -> Option<(String, usize)> {
    let changes = changed_before(state);
    let (change, began) = changes.first()?;
    let line = format!(
        "{} before: {}, {}",
        in_words(began.since(change.at)),
        change.name,
        change.label
    );
    Some((line, changes.len() - 1))
}

/// When a condition holds, and the time that it looks at.
fn rule(package: &Package, when: &Condition) -> (String, Option<String>) {
    let several = |n: u32| match n {
        0 | 1 => "a start has".to_string(),
        n => format!("{n} starts have"),
    };
    let none = None;
    match when {
        Condition::FlowOverdue(c) => {
            let deadline = package
                .flows
                .get(&c.flow.id)
                .map(|f| f.deadline.to_string());
            let deadline_said = deadline.clone().unwrap_or_default();
            let rule = format!("{} no end within {deadline_said}", several(c.count));
            (rule, deadline)
        }
        Condition::FlowFailing(c) => {
            let mut ways = Vec::new();
            ways.extend(c.consecutive.map(|n| format!("{n} failures in a row")));
            ways.extend(c.below.map(|share| {
                format!(
                    "less than {share} successes of at least {} ends in {}",
                    c.min_events, c.window
                )
            }));
            (ways.join(", or "), c.below.map(|_| c.window.to_string()))
        }
        Condition::FlowSlow(c) => {
            let rule = format!(
                "{} of at least {} ends took longer than {} in {}",
                one_in(c.quantile.ppm()),
                c.min_events,
                c.above,
                c.window
            );
            (rule, Some(c.window.to_string()))
        }
        Condition::FlowMismatch(_) => (
            "an end contradicts its start, came twice, or had no start".into(),
            none,
        ),
        Condition::CheckFailing(c) => {
            let check = package.checks.get(&c.check.id);
            let rule = check.map_or_else(String::new, |check| {
                format!(
                    "{} bad answers in a row, asked every {}",
                    check.fails_after, check.every
                )
            });
            (rule, none)
        }
        Condition::CertificateExpiring(c) => (
            format!(
                "less than {} of the certificate's life is left",
                c.lifetime_left
            ),
            none,
        ),
        Condition::RegistrationExpiring(c) => (
            format!(
                "the domain is registered for fewer than {} days",
                c.days_left
            ),
            none,
        ),
        Condition::SourceSilent(c) => {
            let source = package.sources.get(&c.source.id);
            let after = source.and_then(|s| s.silent_after).map(|d| d.to_string());
            let rule = format!(
                "nothing is heard for {}, though our own intake hears",
                after.as_deref().unwrap_or("too long")
            );
            (rule, after)
        }
        Condition::DeliveryFailing(c) => {
            let mut ways = vec![format!("a delivery waits for longer than {}", c.older_than)];
            ways.extend(
                c.consecutive
                    .map(|n| format!("{n} attempts failed in a row")),
            );
            ways.extend(c.below.map(|share| {
                format!(
                    "less than {share} of at least {} deliveries in time in {}",
                    c.min_events, c.window
                )
            }));
            (ways.join(", or "), c.below.map(|_| c.window.to_string()))
        }
        Condition::Reconciliation(c) => {
            let window = package.reconciliations.get(&c.reconciliation.id);
            let amount = c
                .amount
                .map(|a| format!(", and {a} of the smallest unit of a currency"));
            let rule = format!(
                "at least {} records differ at a second look{}",
                c.count,
                amount.unwrap_or_default()
            );
            (rule, window.map(|r| r.window.to_string()))
        }
        Condition::ReconciliationStale(c) => (
            format!("nobody could compare the two sides for {}", c.after),
            Some(c.after.to_string()),
        ),
        Condition::SloBurn(c) => {
            let (long, short, _) = c.speed.windows();
            let rule = package.slos.get(&c.slo.id).map_or_else(String::new, |slo| {
                format!(
                    "{} over {} burns at least {} too fast, over {long} and still over {short}{}",
                    budget_words(slo),
                    slo.window_words(),
                    times(c.speed.rate_ppm(slo.period())),
                    enough(slo, c.min_events)
                )
            });
            (rule, Some(format!("{long} and {short}")))
        }
        Condition::SloFailing(c) => {
            let mut ways = Vec::new();
            ways.extend(c.consecutive.map(|n| format!("{n} bad ones in a row")));
            ways.extend(
                c.bad_events
                    .map(|n| format!("{n} bad ones within {}", c.within)),
            );
            (
                ways.join(", or "),
                c.bad_events.map(|_| c.within.to_string()),
            )
        }
        Condition::SloBudget(c) => {
            let slo = package.slos.get(&c.slo.id);
            let of = slo.map_or_else(String::new, |s| {
                format!(
                    " of {} over {}{}",
                    budget_words(s),
                    s.window_words(),
                    enough(s, None)
                )
            });
            let left = if c.left.ppm() == 0 {
                "nothing".to_string()
            } else {
                format!("no more than {}", c.left)
            };
            (format!("{left}{of} is left"), slo.map(Slo::window_words))
        }
        Condition::SloSilent(c) => {
            let rule = format!(
                "nothing is counted for {}, though our own intake hears",
                c.within
            );
            (rule, Some(c.within.to_string()))
        }
        Condition::NoEvents(c) => {
            let rule = format!("none comes for {}, though our own intake hears", c.within);
            (rule, Some(c.within.to_string()))
        }
        Condition::Domains(c) => {
            let stages: Vec<&str> = c.stand.iter().map(|s| s.word()).collect();
            let stages = if stages.is_empty() {
                "where it should not".into()
            } else {
                stages.join(" or ")
            };
            (format!("a domain of {} stands {stages}", c.fleet.id), none)
        }
        Condition::Gauge(c) => gauge_rule(package, c),
        Condition::Skew(c) => {
            let within = package
                .skews
                .get(&c.skew.id)
                .map(|s| s.agree_within.to_string());
            let said = within.clone().unwrap_or_default();
            (format!("the two values do not agree for {said}"), within)
        }
        Condition::ExternalAlert(c) => {
            let rule = format!("{} raises at least {} of its alerts", c.source.id, c.count);
            (rule, none)
        }
    }
}

fn gauge_rule(package: &Package, c: &GaugeBeyond) -> (String, Option<String>) {
    let gauge = package.gauges.get(&c.gauge.id);
    let shown =
        |n: gonogo_model::decimal::Decimal| gauge.map_or_else(|| n.to_string(), |g| g.shown(n));
    let mut ways = Vec::new();
    ways.extend(
        c.above
            .as_ref()
            .map(|n| format!("above {}", shown(n.value))),
    );
    ways.extend(
        c.below
            .as_ref()
            .map(|n| format!("below {}", shown(n.value))),
    );
    let window = c.window.value;
    ways.extend(
        c.rising_by
            .as_ref()
            .map(|n| format!("risen by {} in {window}", shown(n.value))),
    );
    ways.extend(
        c.falling_by
            .as_ref()
            .map(|n| format!("fallen by {} in {window}", shown(n.value))),
    );
    let soon = c.exhausted_within.as_ref();
    ways.extend(soon.map(|d| format!("at its bound within {}, at the pace of {window}", d.value)));
    let unknown = c.unknown_for.as_ref();
    ways.extend(unknown.map(|d| format!("unknown for {}", d.value)));
    let paced = soon.is_some() || c.rising_by.is_some() || c.falling_by.is_some();
    (ways.join(", or "), paced.then(|| window.to_string()))
}

/// "5 %" of p95: how many may be slower.
fn one_in(ppm: u32) -> String {
    let over = gonogo_model::percent::Percent::from_ppm(1_000_000 - ppm.min(1_000_000));
    format!("more than {over}")
}

fn enough(slo: &Slo, min_events: Option<u32>) -> String {
    match slo.budget_events {
        Some(_) => String::new(),
        None => format!(
            ", of at least {} items",
            min_events.unwrap_or(slo.min_events)
        ),
    }
}

/// What is asked or matched, as the package writes it; never a secret, whose references stay.
fn query(package: &Package, when: &Condition) -> Option<String> {
    let flow = |id: &Id| {
        let flow = package.flows.get(id)?;
        let end = |m: &gonogo_model::flow::Matcher| {
            let matched = matched(&m.source.id, &m.event, &m.only, m.r#where.as_deref());
            format!("{matched}, by {}", m.key)
        };
        Some(format!("{}\n→ {}", end(&flow.start), end(&flow.end)))
    };
    let check = |id: &Id| {
        let check = package.checks.get(id)?;
        Some(crate::signals::target(&check.probe))
    };
    let compared = |id: &Id| {
        let r = package.reconciliations.get(id)?;
        let side = |side: &Side| match side {
            Side::Postgres(p) => p.query.clone(),
            Side::HttpJson(h) => h.url.to_string(),
            other => other.word().to_string(),
        };
        Some(format!("{}\nagainst\n{}", side(&r.left), side(&r.right)))
    };
    match when {
        Condition::FlowOverdue(c) => flow(&c.flow.id),
        Condition::FlowFailing(c) => flow(&c.flow.id),
        Condition::FlowSlow(c) => flow(&c.flow.id),
        Condition::FlowMismatch(c) => flow(&c.flow.id),
        Condition::CheckFailing(c) => check(&c.check.id),
        Condition::CertificateExpiring(c) => check(&c.check.id),
        Condition::RegistrationExpiring(c) => check(&c.check.id),
        Condition::SourceSilent(c) => Some(format!("every event of {}", c.source.id)),
        Condition::DeliveryFailing(c) => Some(format!("what {} sends on", c.source.id)),
        Condition::Reconciliation(c) => compared(&c.reconciliation.id),
        Condition::ReconciliationStale(c) => compared(&c.reconciliation.id),
        Condition::SloBurn(_)
        | Condition::SloFailing(_)
        | Condition::SloBudget(_)
        | Condition::SloSilent(_) => {
            let slo = package.slos.get(&when.slo()?.id)?;
            of_slo(package, slo, &flow, &check)
        }
        Condition::NoEvents(c) => Some(matched(
            &c.source.id,
            &c.event,
            &c.only,
            c.r#where.as_deref(),
        )),
        Condition::Domains(c) => Some(format!("the inventory of {}", c.fleet.id)),
        Condition::Gauge(c) => {
            let gauge = package.gauges.get(&c.gauge.id)?;
            Some(match &gauge.from {
                GaugeFrom::Event(e) => {
                    format!(
                        "{} of {}",
                        e.field,
                        matched(&e.source.id, &e.event, &e.only, e.r#where.as_deref())
                    )
                }
                GaugeFrom::HttpJson(h) => format!("{} of {}", h.path, h.url),
                GaugeFrom::Promql(p) => p.query.clone(),
            })
        }
        Condition::Skew(c) => Some(format!("both values of {}", c.skew.id)),
        Condition::ExternalAlert(c) => {
            let labels = c.labels.iter();
            let labels: Vec<String> = labels
                .map(|(l, v)| format!("{l}={}", v.0.join("|")))
                .collect();
            Some(format!("{} {{{}}}", c.source.id, labels.join(", ")))
        }
    }
}

fn of_slo(
    package: &Package,
    slo: &Slo,
    flow: &dyn Fn(&Id) -> Option<String>,
    check: &dyn Fn(&Id) -> Option<String>,
) -> Option<String> {
    match &slo.sli {
        Sli::Completion(f) | Sli::Success(f) => flow(&f.id),
        Sli::Latency(l) => flow(&l.flow.id),
        Sli::Check(c) => check(&c.id),
        Sli::Delivery(d) => Some(format!("what {} sends on", d.source.id)),
        Sli::Events(e) => Some(matched(
            &e.source.id,
            &e.event,
            &e.only,
            e.r#where.as_deref(),
        )),
        Sli::Promql(p) => {
            let named = [
                ("good", &p.good),
                ("bad", &p.bad),
                ("total", &p.total),
                ("good minute", &p.good_minute),
            ];
            let said = named
                .into_iter()
                .filter_map(|(n, q)| Some(format!("{n}: {}", q.as_ref()?)));
            Some(said.collect::<Vec<_>>().join("\n"))
        }
        Sli::Composite(_) | Sli::Journey(_) => {
            let parts = slo.parts(package).into_iter();
            let parts = parts.map(|(part, weight)| format!("{weight} × {}", part.id.value));
            Some(parts.collect::<Vec<_>>().join(" + "))
        }
    }
}

fn matched(
    source: &Id,
    events: &[String],
    only: &std::collections::BTreeMap<String, Vec<String>>,
    asked: Option<&Where>,
) -> String {
    let types = if events.is_empty() {
        "any event".to_string()
    } else {
        events.join(" | ")
    };
    let only = only
        .iter()
        .map(|(f, v)| format!(" with {f}={}", v.join("|")));
    let asked = asked.map_or_else(String::new, |w| format!(" where {}", w.text));
    format!("{source} {types}{}{asked}", only.collect::<String>())
}
