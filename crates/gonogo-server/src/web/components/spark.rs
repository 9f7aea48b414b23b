//! A line the size of a word: how a number went lately.
//!
//! A place without data is left out of the line, never drawn as zero. The helpers that thin and
//! split a row of values live here and serve the large chart too.

use std::fmt::Write as _;

use super::number::{Unit, with_unit};
use super::{Markup, State, escape};

/// The most values of a sparkline; more are thinned to the extremes of their neighbours.
pub const MAX_SPARK_VALUES: usize = 96;

const SPARK_WIDTH: f64 = 96.0;
const SPARK_HEIGHT: f64 = 24.0;
const SPARK_INSET: f64 = 3.0;

/// A line the size of a word: how a number went lately. `None` is "no data".
pub fn sparkline(values: &[Option<f64>], unit: &Unit, state: Option<State>) -> Markup {
    let values = thin(values, MAX_SPARK_VALUES, |v| v.filter(|v| v.is_finite()));
    let known: Vec<f64> = values
        .iter()
        .flatten()
        .copied()
        .filter(|v| v.is_finite())
        .collect();
    let (Some(last), Some((low, high))) = (known.last(), span(&known)) else {
        return frame(
            "No data",
            &format!(
                r#"<path class="gap" d="M0 {y}H{SPARK_WIDTH}"/>"#,
                y = SPARK_HEIGHT / 2.0
            ),
            "unknown",
        );
    };
    let x = |i: usize| {
        let last = values.len().saturating_sub(1).max(1) as f64;
        SPARK_INSET + (SPARK_WIDTH - 2.0 * SPARK_INSET) * i as f64 / last
    };
    let y = |v: f64| {
        let share = if high > low {
            (v - low) / (high - low)
        } else {
            0.5
        };
        SPARK_HEIGHT - SPARK_INSET - (SPARK_HEIGHT - 2.0 * SPARK_INSET) * share
    };
    let mut body = String::new();
    let mut line = String::new();
    for run in runs(&values) {
        if let [(i, v)] = run[..] {
            let _ = write!(
                body,
                r#"<circle class="lone" cx="{:.1}" cy="{:.1}" r="1.2"/>"#,
                x(i),
                y(v)
            );
            continue;
        }
        for (at, (i, v)) in run.iter().enumerate() {
            let letter = if at == 0 { 'M' } else { 'L' };
            let _ = write!(line, "{letter}{:.1} {:.1}", x(*i), y(*v));
        }
    }
    if !line.is_empty() {
        body.insert_str(0, &format!(r#"<path class="line" d="{line}"/>"#));
    }
    if let Some((i, v)) = runs(&values).last().and_then(|run| run.last()) {
        let _ = write!(
            body,
            r#"<circle class="last" cx="{:.1}" cy="{:.1}" r="2"/>"#,
            x(*i),
            y(*v)
        );
    }
    let gaps = values.len() - known.len();
    let holes = if gaps > 0 { ", with gaps" } else { "" };
    let said = format!(
        "Last {}, lowest {}, highest {}{holes}",
        with_unit(*last, unit),
        with_unit(low, unit),
        with_unit(high, unit),
    );
    frame(&said, &body, state.map_or("", State::class))
}

fn frame(said: &str, body: &str, class: &str) -> Markup {
    let said = escape(said);
    Markup::trusted(format!(
        r#"<svg class="spark {class}" role="img" aria-label="{said}" width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}"><title>{said}</title>{body}</svg>"#
    ))
}

/// Stretches of neighbouring values that are known, with their positions.
pub(super) fn runs(values: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let mut runs = Vec::new();
    let mut run = Vec::new();
    for (i, value) in values.iter().enumerate() {
        match value {
            Some(v) if v.is_finite() => run.push((i, *v)),
            _ if run.is_empty() => {}
            _ => runs.push(std::mem::take(&mut run)),
        }
    }
    if !run.is_empty() {
        runs.push(run);
    }
    runs
}

/// The least and the greatest value.
pub(super) fn span(values: &[f64]) -> Option<(f64, f64)> {
    let first = *values.first()?;
    Some(
        values
            .iter()
            .fold((first, first), |(low, high), v| (low.min(*v), high.max(*v))),
    )
}

/// Keeps at most `max` items: of each stretch the lowest and the highest, in their order, so that
/// a spike survives. A stretch without any value stays a gap.
pub(super) fn thin<T: Clone>(items: &[T], max: usize, value: impl Fn(&T) -> Option<f64>) -> Vec<T> {
    if items.len() <= max {
        return items.to_vec();
    }
    let stretches = (max / 2).max(1);
    let mut out = Vec::with_capacity(max);
    for i in 0..stretches {
        let stretch = &items[i * items.len() / stretches..(i + 1) * items.len() / stretches];
        let known = stretch
            .iter()
            .enumerate()
            .filter_map(|(at, item)| value(item).map(|v| (at, v)));
        let low = known.clone().min_by(|a, b| a.1.total_cmp(&b.1));
        let high = known.max_by(|a, b| a.1.total_cmp(&b.1));
        let (first, second) = match (low, high) {
            (Some(low), Some(high)) => (low.0.min(high.0), low.0.max(high.0)),
            _ => (0, stretch.len() - 1),
        };
        out.extend([stretch[first].clone(), stretch[second].clone()]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_gaps_as_gaps() {
        let values = [
            Some(1.0),
            Some(3.0),
            None,
            Some(0.0),
            None,
            Some(2.0),
            Some(2.0),
        ];
        insta::assert_snapshot!(sparkline(&values, &Unit::Count, None), @r#"<svg class="spark " role="img" aria-label="Last 2, lowest 0, highest 3, with gaps" width="96" height="24" viewBox="0 0 96 24"><title>Last 2, lowest 0, highest 3, with gaps</title><path class="line" d="M3.0 15.0L18.0 3.0M78.0 9.0L93.0 9.0"/><circle class="lone" cx="48.0" cy="21.0" r="1.2"/><circle class="last" cx="93.0" cy="9.0" r="2"/></svg>"#);
    }

    #[test]
    fn a_sparkline_without_data_says_so() {
        for values in [vec![], vec![None, None], vec![Some(f64::NAN)]] {
            let svg = sparkline(&values, &Unit::Count, Some(State::Ok)).to_string();
            assert!(svg.contains("No data") && svg.contains("unknown"), "{svg}");
            assert!(
                !svg.contains("class=\"line\"") && !svg.contains("NaN"),
                "{svg}"
            );
        }
    }

    #[test]
    fn one_value_or_a_flat_line_is_drawn_in_the_middle() {
        let one = sparkline(&[Some(7.0)], &Unit::Count, None).to_string();
        assert!(
            one.contains(r#"cy="12.0""#) && !one.contains("NaN"),
            "{one}"
        );
        let flat = sparkline(&[Some(1e300), Some(1e300)], &Unit::Count, None).to_string();
        assert!(flat.contains("M3.0 12.0L93.0 12.0"), "{flat}");
    }

    #[test]
    fn thinning_keeps_the_spike_and_the_gap() {
        let mut values = vec![Some(1.0); 1000];
        values[333] = Some(99.0);
        values[600..700].fill(None);
        let thin = thin(&values, MAX_SPARK_VALUES, |v| *v);
        assert_eq!(thin.len(), MAX_SPARK_VALUES);
        assert!(thin.contains(&Some(99.0)));
        assert!(thin.contains(&None));
    }
}
