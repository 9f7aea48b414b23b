//! Error budgets, as far as there is enough to say.

use gonogo_model::slo::Sli;

use crate::shown;
use crate::view::View;
use crate::web::components::State;
use crate::web::components::meter::Meter;
use crate::web::components::number::{Unit, grouped, with_unit};

/// An SLO with what is used of its budget.
pub struct Budget {
    /// Its id.
    pub id: String,
    /// Where its numbers are shown.
    pub href: String,
    /// The meter.
    pub meter: Meter,
}

/// One budget for each SLO of the package.
pub fn budgets(view: &View) -> Vec<Budget> {
    let package = &view.plan.package;
    let of = |slo: &crate::view::SloView| {
        let declared = package.slos.get(&slo.id)?;
        let href = match &declared.sli {
            Sli::Completion(f) | Sli::Success(f) => format!("/signals/flows/{}", f.id),
            Sli::Latency(l) => format!("/signals/flows/{}", l.flow.id),
            Sli::Check(c) => format!("/signals/checks/{}", c.id),
        };
        let target = f64::from(declared.target.ppm()) / 1e6;
        let window = shown::length(declared.window);
        Some(Budget {
            id: slo.id.to_string(),
            href,
            meter: meter(
                &declared.name,
                target,
                &window,
                slo.good,
                slo.bad,
                declared.min_events,
            ),
        })
    };
    view.slos.iter().filter_map(of).collect()
}

fn meter(name: &str, target: f64, window: &str, good: u64, bad: u64, least: u32) -> Meter {
    let all = good + bad;
    let goal = with_unit(target, &Unit::Ratio);
    if all < u64::from(least) {
        return Meter {
            label: name.to_owned(),
            used: None,
            pace: None,
            state: State::Unknown,
            value: "too few events".to_owned(),
            note: format!(
                "{} in {window}; from {least} on it is judged against {goal}",
                plain(all)
            ),
        };
    }
    let ratio = good as f64 / all as f64;
    let allowed = (1.0 - target) * all as f64;
    let used = if allowed > 0.0 {
        bad as f64 / allowed
    } else {
        bad.min(1) as f64
    };
    let state = match used {
        u if u >= 1.0 => State::Bad,
        u if u >= 0.75 => State::Warn,
        _ => State::Ok,
    };
    Meter {
        label: name.to_owned(),
        used: Some(used),
        pace: None,
        state,
        value: format!("{} % of the budget used", (used * 100.0).round()),
        note: format!(
            "{} of {} good over {window}, goal {goal}",
            with_unit(ratio, &Unit::Ratio),
            plain(all)
        ),
    }
}

fn plain(count: u64) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_events_are_said_and_never_green() {
        let few = meter("x", 0.99, "28 d", 9, 0, 10);
        assert_eq!((few.state, few.used), (State::Unknown, None));
        assert_eq!(few.note, "9 in 28 d; from 10 on it is judged against 99 %");
        assert_eq!(meter("x", 0.99, "28 d", 10, 0, 10).state, State::Ok);
    }

    #[test]
    fn a_budget_is_a_share_of_what_may_go_wrong() {
        let half = meter("x", 0.9, "28 d", 95, 5, 10);
        assert_eq!(
            (half.state, half.value.as_str()),
            (State::Ok, "50 % of the budget used")
        );
        assert_eq!(meter("x", 0.9, "28 d", 90, 10, 10).state, State::Bad);
        // A goal of 100 % has no budget: the first failure uses it up.
        assert_eq!(meter("x", 1.0, "28 d", 99, 1, 10).state, State::Bad);
        assert_eq!(meter("x", 1.0, "28 d", 100, 0, 10).state, State::Ok);
    }
}
