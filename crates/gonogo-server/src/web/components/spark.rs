//! Small pictures without axes: sparkline, heat strip, budget meter, bars.
//!
//! A place without data is drawn hatched or left out; it is never drawn as zero and never as ok.
//! Widths are percentages in SVG attributes, so the pictures fit a phone and need no style.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::number::{Unit, with_unit};
use super::{Markup, State, escape, shorten, time};

/// The most values of a sparkline; more are thinned to the extremes of their neighbours.
pub const MAX_SPARK_VALUES: usize = 96;
/// The most buckets of a heat strip; more are joined, the worst winning.
pub const MAX_HEAT_BUCKETS: usize = 120;

const SPARK_WIDTH: f64 = 96.0;
const SPARK_HEIGHT: f64 = 24.0;
const SPARK_INSET: f64 = 3.0;

/// A line the size of a word: how a number went lately. `None` is "no data".
pub fn sparkline(values: &[Option<f64>], unit: &Unit, state: Option<State>) -> Markup {
    let values = thin(values, MAX_SPARK_VALUES);
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

/// Keeps at most `max` values: of each stretch its lowest and its highest, in their order, so
/// that a spike survives. A stretch without any value stays a gap.
pub(super) fn thin(values: &[Option<f64>], max: usize) -> Vec<Option<f64>> {
    if values.len() <= max {
        return values.to_vec();
    }
    let stretches = (max / 2).max(1);
    let mut out = Vec::with_capacity(max);
    for i in 0..stretches {
        let stretch = &values[i * values.len() / stretches..(i + 1) * values.len() / stretches];
        let known = stretch
            .iter()
            .enumerate()
            .filter_map(|(at, v)| v.map(|v| (at, v)));
        let low = known.clone().min_by(|a, b| a.1.total_cmp(&b.1));
        let high = known.max_by(|a, b| a.1.total_cmp(&b.1));
        match (low, high) {
            (Some(low), Some(high)) if low.0 <= high.0 => out.extend([Some(low.1), Some(high.1)]),
            (Some(low), Some(high)) => out.extend([Some(high.1), Some(low.1)]),
            _ => out.extend([None, None]),
        }
    }
    out
}

/// How something was over equal stretches of time, oldest first.
#[derive(Clone, Debug, Default)]
pub struct HeatStrip {
    /// What it shows, for those who cannot see it: "Dashboards, last 90 days".
    pub label: String,
    /// One state per stretch, with the words of its tooltip: "2 Nov: failing for 12 min".
    pub buckets: Vec<(State, String)>,
    /// What stands under the left end: "90 d ago".
    pub from: String,
    /// What stands under the right end: "today".
    pub to: String,
}

impl HeatStrip {
    /// The strip.
    pub fn svg(&self) -> Markup {
        let buckets = self.joined();
        let mut body = String::new();
        let width = 100.0 / buckets.len().max(1) as f64;
        for (i, (state, said)) in buckets.iter().enumerate() {
            let fill = if *state == State::Unknown {
                r#" fill="url(#hatch)""#
            } else {
                ""
            };
            let _ = write!(
                body,
                r#"<rect class="{}" x="{:.3}%" width="{width:.3}%" height="24" rx="2"{fill}><title>{}</title></rect>"#,
                state.class(),
                width * i as f64,
                escape(said),
            );
        }
        if buckets.is_empty() {
            body.push_str(r#"<rect class="unknown" width="100%" height="24" rx="2" fill="url(#hatch)"><title>No history yet</title></rect>"#);
        }
        let ends = format!(
            "<div class=\"ends\"><span>{}</span><span>{}</span></div>",
            escape(&self.from),
            escape(&self.to)
        );
        Markup::trusted(format!(
            r#"<div class="heat"><svg width="100%" height="24" role="img" aria-label="{}">{body}</svg>{ends}</div>"#,
            escape(&self.summary()),
        ))
    }

    /// "Dashboards, last 90 days: 87 OK, 2 failing, 1 unknown".
    fn summary(&self) -> String {
        let counts: Vec<String> = State::ALL
            .iter()
            .map(|state| {
                (
                    state,
                    self.buckets.iter().filter(|(s, _)| s == state).count(),
                )
            })
            .filter(|(_, count)| *count > 0)
            .map(|(state, count)| format!("{count} {}", state.word()))
            .collect();
        match counts.is_empty() {
            true => format!("{}: no history yet", self.label),
            false => format!("{}: {}", self.label, counts.join(", ")),
        }
    }

    fn joined(&self) -> Vec<(State, String)> {
        let all = &self.buckets;
        if all.len() <= MAX_HEAT_BUCKETS {
            return all.clone();
        }
        (0..MAX_HEAT_BUCKETS)
            .map(|i| {
                let part =
                    &all[i * all.len() / MAX_HEAT_BUCKETS..(i + 1) * all.len() / MAX_HEAT_BUCKETS];
                let worst = State::worst(part.iter().map(|(state, _)| *state));
                let said = part.iter().find(|(state, _)| *state == worst);
                (
                    worst,
                    said.map(|(_, said)| said.clone()).unwrap_or_default(),
                )
            })
            .collect()
    }
}

/// How much of a budget or quota is used.
#[derive(Clone, Debug)]
pub struct Meter {
    /// What of: "Deployments, 28 d".
    pub label: String,
    /// The share that is used, 1 for all of it, more for overdrawn; `None` when it is not known.
    pub used: Option<f64>,
    /// Where an even pace would be by now.
    pub pace: Option<f64>,
    /// What to make of it.
    pub state: State,
    /// The value in words: "62 % left".
    pub value: String,
    /// A line below: "at this pace gone on 14 Nov".
    pub note: String,
}

impl Meter {
    /// Label, value, bar and note.
    pub fn svg(&self) -> Markup {
        let used = self.used.filter(|used| used.is_finite());
        let fill = match used {
            None => {
                r#"<rect class="fill unknown" width="100%" height="8" rx="4" fill="url(#hatch)"/>"#
                    .to_owned()
            }
            Some(used) => format!(
                r#"<rect class="fill {}" width="{:.2}%" height="8" rx="4"/>"#,
                self.state.class(),
                used.clamp(0.0, 1.0) * 100.0
            ),
        };
        let pace = self.pace.filter(|pace| pace.is_finite()).map_or_else(String::new, |pace| {
            let x = pace.clamp(0.0, 1.0) * 100.0;
            format!(r#"<line class="pace" x1="{x:.2}%" x2="{x:.2}%" y1="-2" y2="10"><title>An even pace would be here</title></line>"#)
        });
        let percent = used.map_or_else(String::new, |used| {
            format!(r#" aria-valuenow="{:.0}""#, used.clamp(0.0, 1.0) * 100.0)
        });
        let note = match self.note.is_empty() {
            true => String::new(),
            false => format!(r#"<p class="note">{}</p>"#, escape(&self.note)),
        };
        let value = match self.state {
            State::Ok => format!("<span>{}</span>", escape(&self.value)),
            state => format!(
                r#"<span class="glyph {}"><span class="text-state">{}</span></span>"#,
                state.class(),
                escape(&self.value)
            ),
        };
        Markup::trusted(format!(
            r#"<div class="meter"><div class="top-line"><span class="name" dir="auto">{label}</span>{value}</div><svg width="100%" height="8" overflow="visible" role="meter" aria-label="{label}" aria-valuemin="0" aria-valuemax="100"{percent} aria-valuetext="{text}"><rect class="track" width="100%" height="8" rx="4"/>{fill}{pace}</svg>{note}</div>"#,
            label = escape(&self.label),
            text = escape(&self.value),
        ))
    }
}

/// One bar of [`bars`].
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it counts.
    pub label: String,
    /// How much; `None` when it is not known.
    pub value: Option<f64>,
    /// A state, where the length alone does not say whether that is good.
    pub state: Option<State>,
    /// Where it leads; may be empty.
    pub href: String,
}

/// Horizontal bars, as a table whose second column is a picture.
pub fn bars(caption: &str, rows: &[Bar], unit: &Unit) -> Markup {
    let most = rows
        .iter()
        .filter_map(|row| row.value.filter(|v| v.is_finite()))
        .fold(0.0, f64::max);
    let mut body = String::new();
    for row in rows {
        let label = escape(&row.label);
        let name = match row.href.is_empty() {
            true => format!(r#"<span class="name" dir="auto" title="{label}">{label}</span>"#),
            false => format!(
                r#"<a class="quiet name" dir="auto" title="{label}" href="{}">{label}</a>"#,
                escape(&row.href)
            ),
        };
        let (bar, value) = match row.value.filter(|v| v.is_finite()) {
            None => (
                r#"<rect class="fill unknown" width="100%" height="8" rx="2" fill="url(#hatch)"/>"#
                    .to_owned(),
                "no data".to_owned(),
            ),
            Some(v) => {
                let share = if most > 0.0 {
                    (v / most).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let class = row.state.map_or("", State::class);
                (
                    format!(
                        r#"<rect class="fill {class}" width="{:.2}%" height="8" rx="2"/>"#,
                        share * 100.0
                    ),
                    with_unit(v, unit),
                )
            }
        };
        let _ = write!(
            body,
            r#"<tr><th scope="row">{name}</th><td class="bar"><svg width="100%" height="8" aria-hidden="true">{bar}</svg></td><td class="num">{}</td></tr>"#,
            escape(&value),
        );
    }
    Markup::trusted(format!(
        r#"<table class="bars"><caption class="sr">{}</caption><tbody>{body}</tbody></table>"#,
        escape(caption)
    ))
}

/// The tooltip of a bucket: "2 Nov 14:00 UTC: failing".
pub fn bucket_title(at: Timestamp, now: Timestamp, said: &str) -> String {
    format!("{}: {}", time::clock(at, now), shorten(said, 120))
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
        let thin = thin(&values, MAX_SPARK_VALUES);
        assert_eq!(thin.len(), MAX_SPARK_VALUES);
        assert!(thin.contains(&Some(99.0)));
        assert!(thin.contains(&None));
    }

    #[test]
    fn a_heat_strip_escapes_and_hatches() {
        let strip = HeatStrip {
            label: "<b>".into(),
            buckets: vec![
                (State::Ok, "fine".into()),
                (State::Unknown, "\"><script>".into()),
            ],
            from: "90 d ago".into(),
            to: "today".into(),
        };
        insta::assert_snapshot!(strip.svg(), @r#"<div class="heat"><svg width="100%" height="24" role="img" aria-label="&lt;b&gt;: 1 OK, 1 Unknown"><rect class="ok" x="0.000%" width="50.000%" height="24" rx="2"><title>fine</title></rect><rect class="unknown" x="50.000%" width="50.000%" height="24" rx="2" fill="url(#hatch)"><title>&quot;&gt;&lt;script&gt;</title></rect></svg><div class="ends"><span>90 d ago</span><span>today</span></div></div>"#);
        let none = HeatStrip::default().svg().to_string();
        assert!(none.contains("No history yet") && none.contains("url(#hatch)"));
    }

    #[test]
    fn joined_buckets_show_the_worst() {
        let mut buckets = vec![(State::Ok, String::from("fine")); 5 * MAX_HEAT_BUCKETS];
        buckets[17] = (State::Bad, "broken".into());
        let strip = HeatStrip {
            buckets,
            ..HeatStrip::default()
        };
        let svg = strip.svg().to_string();
        assert_eq!(svg.matches("<rect").count(), MAX_HEAT_BUCKETS);
        assert_eq!(svg.matches("class=\"bad\"").count(), 1);
        assert!(svg.contains("broken"));
    }

    #[test]
    fn a_meter_never_leaves_its_track_and_unknown_is_not_empty() {
        let meter = |used| Meter {
            label: "Deploys <x>".into(),
            used,
            pace: Some(0.5),
            state: State::Bad,
            value: "overdrawn".into(),
            note: String::new(),
        };
        let over = meter(Some(7.5)).svg().to_string();
        assert!(over.contains(r#"width="100.00%""#) && over.contains("Deploys &lt;x&gt;"));
        for odd in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            let svg = meter(odd).svg().to_string();
            assert!(
                svg.contains("url(#hatch)") && !svg.contains("aria-valuenow"),
                "{svg}"
            );
        }
        assert!(
            meter(Some(-1.0))
                .svg()
                .as_str()
                .contains(r#"width="0.00%""#)
        );
    }

    #[test]
    fn bars_know_the_difference_between_none_and_no_data() {
        let bar = |label: &str, value| Bar {
            label: label.into(),
            value,
            state: None,
            href: String::new(),
        };
        let html = bars(
            "By source",
            &[bar("<i>", Some(0.0)), bar("b", None)],
            &Unit::Count,
        );
        insta::assert_snapshot!(html, @r#"<table class="bars"><caption class="sr">By source</caption><tbody><tr><th scope="row"><span class="name" dir="auto" title="&lt;i&gt;">&lt;i&gt;</span></th><td class="bar"><svg width="100%" height="8" aria-hidden="true"><rect class="fill " width="0.00%" height="8" rx="2"/></svg></td><td class="num">0</td></tr><tr><th scope="row"><span class="name" dir="auto" title="b">b</span></th><td class="bar"><svg width="100%" height="8" aria-hidden="true"><rect class="fill unknown" width="100%" height="8" rx="2" fill="url(#hatch)"/></svg></td><td class="num">no data</td></tr></tbody></table>"#);
    }
}
