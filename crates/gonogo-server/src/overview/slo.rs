//! Error budgets, as far as there is enough to say.

use gonogo_engine::reading::{budget_words, items, share};
use gonogo_engine::slo::{Figures, Standing};
use gonogo_model::slo::Slo;

use crate::view::View;
use crate::web::components::State;
use crate::web::components::meter::Meter;
use crate::web::components::number::{Unit, grouped, with_unit};

/// From this share of the budget on, in parts per million, little is left.
const LITTLE_LEFT_PPM: i64 = 250_000;

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
        Some(Budget {
            id: slo.id.to_string(),
            href: format!("/signals/slos/{}", slo.id),
            meter: meter(declared, &slo.figures),
        })
    };
    view.slos.iter().filter_map(of).collect()
}

/// The colour of an SLO.
pub fn state_of(figures: &Figures) -> State {
    match figures.standing {
        Standing::TooFew | Standing::CannotTell => State::Unknown,
        Standing::UsedUp => State::Bad,
        Standing::Within
            if figures
                .left_ppm()
                .is_some_and(|left| left <= LITTLE_LEFT_PPM) =>
        {
            State::Warn
        }
        Standing::Within => State::Ok,
    }
}

/// What is used of a budget, as a meter.
pub fn meter(slo: &Slo, figures: &Figures) -> Meter {
    let all = figures.window.total;
    let goal = match slo.budget_events {
        Some(_) => budget_words(slo),
        None => with_unit(f64::from(slo.target.ppm()) / 1e6, &Unit::Ratio),
    };
    let window = slo.window_words();
    let state = state_of(figures);
    let nothing = |value: &str, note: String| Meter {
        label: slo.name.clone(),
        used: None,
        pace: None,
        state,
        value: value.to_owned(),
        note,
    };
    match figures.standing {
        Standing::TooFew => {
            let least = slo.min_events;
            let note = format!(
                "{} in {window}; from {least} on it is judged against {goal}",
                plain(all)
            );
            return nothing(figures.standing.words(), note);
        }
        Standing::CannotTell => {
            let why = match figures.why.as_str() {
                "" => "not looked at yet",
                why => why,
            };
            return nothing(figures.standing.words(), why.to_owned());
        }
        Standing::Within | Standing::UsedUp => {}
    }
    let left = figures.left_ppm();
    // A goal of 100 % has no budget: the first failure uses it up.
    let used = match left {
        Some(left) => 1.0 - left as f64 / 1e6,
        None => f64::from(u8::from(figures.window.bad_millionths > 0)),
    };
    let left_items = u128::try_from(figures.left_millionths()).unwrap_or_default();
    Meter {
        label: slo.name.clone(),
        used: Some(used),
        pace: None,
        state,
        value: format!("{} of the budget used", share((used * 1e6).round() as i64)),
        note: format!(
            "{} bad of {} over {window}, {} more allowed; goal {goal}",
            plain(figures.window.bad()),
            plain(all),
            items(left_items)
        ),
    }
}

fn plain(count: u64) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use gonogo_engine::slo::{Measure, Tally};

    use super::*;

    fn read(target: &str, good: u64, bad: u64, standing: Standing) -> Meter {
        let text = format!(
            "slos:\n  - {{id: x, name: x, sli: {{check: c}}, target: {target}, window: 28d}}\n"
        );
        let files = [("a.yaml".to_owned(), text)].into();
        let package = gonogo_model::load(&gonogo_model::PackageText { files }).package;
        let slo = package.slos.values().next().unwrap();
        let figures = Figures {
            window: Measure::from(Tally { good, bad }),
            allowed_millionths: u128::from(good + bad) * u128::from(1_000_000 - slo.target.ppm()),
            standing,
            ..Figures::default()
        };
        meter(slo, &figures)
    }

    #[test]
    fn too_few_events_are_said_and_never_green() {
        let few = read("99%", 9, 0, Standing::TooFew);
        assert_eq!((few.state, few.used), (State::Unknown, None));
        assert_eq!(few.note, "9 in 28d; from 10 on it is judged against 99 %");
        assert_eq!(read("99%", 10, 0, Standing::Within).state, State::Ok);
        let unknown = read("99%", 10, 0, Standing::CannotTell);
        assert_eq!((unknown.state, unknown.used), (State::Unknown, None));
    }

    #[test]
    fn a_budget_is_a_share_of_what_may_go_wrong() {
        let half = read("90%", 95, 5, Standing::Within);
        assert_eq!(
            (half.state, half.value.as_str(), half.note.as_str()),
            (
                State::Ok,
                "50 % of the budget used",
                "5 bad of 100 over 28d, 5 more allowed; goal 90 %"
            )
        );
        assert_eq!(read("90%", 92, 8, Standing::Within).state, State::Warn);
        assert_eq!(read("90%", 90, 10, Standing::UsedUp).state, State::Bad);
        assert_eq!(read("100%", 99, 1, Standing::UsedUp).used, Some(1.0));
        assert_eq!(read("100%", 100, 0, Standing::Within).state, State::Ok);
    }
}
