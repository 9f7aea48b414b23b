//! What an SLO counts, as PromQL over a window.
//!
//! What a package counts by PromQL is counted by the same counters. What gonogo counts itself
//! (events, flows, checks, deliveries) is on its own `/metrics`, so that a Prometheus which
//! scrapes it can watch the same budgets.

use gonogo_model::slo::{PromqlSli, Sli, Slo};
use gonogo_model::{Duration, Package};

use super::selector::Selector;

/// Good items of an SLO, as gonogo's `/metrics` has them.
pub(super) const OWN_GOOD: &str = "gonogo_slo_good_total";
/// All of them.
pub(super) const OWN_ITEMS: &str = "gonogo_slo_items_total";

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Counters {
    /// Good ones and all.
    Good { good: String, total: String },
    /// Bad ones and all.
    Bad { bad: String, total: String },
    /// Good ones and bad ones.
    Apart { good: String, bad: String },
    /// An expression that is 1 while it is good.
    Minute(String),
    /// Other SLOs by id and weight.
    Weighed(Vec<(String, u32)>),
    /// Other SLOs, all of which have to be good.
    Every(Vec<String>),
}

impl Counters {
    /// Of an SLO; why not, where there are none.
    pub fn of(slo: &Slo, package: &Package) -> Result<Self, String> {
        let id = &slo.id.value;
        match &slo.sli {
            Sli::Promql(sli) => Self::of_promql(sli),
            Sli::Composite(_) | Sli::Journey(_) => {
                let parts = slo.parts(package).into_iter();
                // What is made of others has no parts, as in the engine.
                let plain = parts.filter(|(part, _)| !part.sli.is_made_of_slos());
                let parts: Vec<(String, u32)> =
                    plain.map(|(p, w)| (p.id.value.to_string(), w)).collect();
                let lacks = |part: &(String, u32)| {
                    let found = package
                        .slos
                        .values()
                        .find(|s| s.id.value.as_str() == part.0);
                    found.is_none_or(|s| Self::of(s, package).is_err())
                };
                if let Some((part, _)) = parts.iter().find(|p| lacks(p)) {
                    return Err(format!("its part {part} cannot be counted there"));
                }
                match (&slo.sli, parts.is_empty()) {
                    (_, true) => Err("it has no parts that count something".into()),
                    (Sli::Journey(_), _) => {
                        Ok(Self::Every(parts.into_iter().map(|(id, _)| id).collect()))
                    }
                    _ => Ok(Self::Weighed(parts)),
                }
            }
            Sli::Completion(_)
            | Sli::Success(_)
            | Sli::Latency(_)
            | Sli::Check(_)
            | Sli::Delivery(_)
            | Sli::Events(_) => Ok(Self::Good {
                good: format!("{OWN_GOOD}{{slo=\"{id}\"}}"),
                total: format!("{OWN_ITEMS}{{slo=\"{id}\"}}"),
            }),
        }
    }

    fn of_promql(sli: &PromqlSli) -> Result<Self, String> {
        // As the sampler chooses, where more is written than is needed.
        match (&sli.good_minute, &sli.good, &sli.bad, &sli.total) {
            (Some(expression), ..) => Ok(Self::Minute(expression.clone())),
            (None, Some(good), Some(bad), _) => Ok(Self::Apart {
                good: good.clone(),
                bad: bad.clone(),
            }),
            (None, Some(good), None, Some(total)) => Ok(Self::Good {
                good: good.clone(),
                total: total.clone(),
            }),
            (None, None, Some(bad), Some(total)) => Ok(Self::Bad {
                bad: bad.clone(),
                total: total.clone(),
            }),
            _ => Err("it needs two of `good`, `bad` and `total`, or `good_minute`".into()),
        }
    }

    /// Is it read from gonogo's own `/metrics`?
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Good { total, .. } if total.starts_with(OWN_ITEMS))
    }

    /// Is it made of what other groups record?
    pub fn is_made_of_slos(&self) -> bool {
        matches!(self, Self::Weighed(_) | Self::Every(_))
    }

    /// All items over a window.
    pub fn items(&self, window: Duration) -> String {
        match self {
            Self::Good { total, .. } | Self::Bad { total, .. } => increase(total, window),
            Self::Apart { good, bad } => {
                let (good, bad) = (increase(good, window), increase(bad, window));
                format!("({good} or 0 * {bad}) + ({bad} or 0 * {good})")
            }
            Self::Minute(expression) => {
                format!("count_over_time((min({expression}))[{window}:1m])")
            }
            Self::Weighed(parts) => {
                let ids: Vec<&str> = parts.iter().map(|(id, _)| id.as_str()).collect();
                format!("sum({})", recorded_of("items", window, &ids))
            }
            Self::Every(ids) => {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                format!("max({})", recorded_of("items", window, &ids))
            }
        }
    }

    /// Bad items over a window. A counter that was never raised does not exist yet, and is zero.
    pub fn bad(&self, window: Duration) -> String {
        let zero = |counter: &str, other: &str| {
            let (counter, other) = (increase(counter, window), increase(other, window));
            format!("({counter} or 0 * {other})")
        };
        match self {
            Self::Good { good, total } => {
                let all = increase(total, window);
                format!("clamp_min({all} - {}, 0)", zero(good, total))
            }
            Self::Bad { bad, total } => zero(bad, total),
            Self::Apart { good, bad } => zero(bad, good),
            Self::Minute(expression) => {
                let good = format!("sum_over_time((min({expression}) == bool 1)[{window}:1m])");
                format!("{} - {good}", self.items(window))
            }
            Self::Weighed(parts) => {
                let ratio = |id: &str| recorded_of("ratio", window, &[id]);
                let sum = |of: &dyn Fn(&str, u32) -> String| {
                    let parts: Vec<String> = parts.iter().map(|(id, w)| of(id, *w)).collect();
                    format!("sum({})", parts.join(" or "))
                };
                let bad = sum(&|id, weight| format!("{weight} * {}", ratio(id)));
                // A part of which nothing was counted has no ratio, and weighs nothing.
                let weights = sum(&|id, weight| format!("{weight} + 0 * {}", ratio(id)));
                format!("{bad} / {weights} * {}", self.items(window))
            }
            Self::Every(ids) => {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                let ratios = recorded_of("ratio", window, &ids);
                // A product, which PromQL has not: the shares of good ones are multiplied.
                let items = self.items(window);
                format!("(1 - exp(sum(ln(1 - {ratios})))) * {items}")
            }
        }
    }
}

/// A series that the rules record: `gonogo:slo_items:increase1h`, `gonogo:slo_bad:ratio1h`.
pub(super) fn recorded(what: &str, window: Duration) -> String {
    match what {
        "ratio" => format!("gonogo:slo_bad:ratio{window}"),
        what => format!("gonogo:slo_{what}:increase{window}"),
    }
}

/// That series of some SLOs.
pub(super) fn recorded_of(what: &str, window: Duration, slos: &[&str]) -> String {
    let sign = if slos.len() == 1 { "=" } else { "=~" };
    format!(
        "{}{{slo{sign}\"{}\"}}",
        recorded(what, window),
        slos.join("|")
    )
}

fn increase(counter: &str, window: Duration) -> String {
    let counter = counter.trim();
    if Selector::parse(counter).is_some() {
        format!("sum(increase({counter}[{window}]))")
    } else {
        format!("sum(increase(({counter})[{window}:1m]))")
    }
}
