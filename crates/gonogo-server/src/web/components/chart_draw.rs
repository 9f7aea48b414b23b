//! The parts of a line chart, each written as SVG.
//!
//! Horizontal positions are percentages, vertical ones pixels. Only the lines themselves stand in
//! an inner picture that is stretched, because a path cannot be written in percentages.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::super::axis::{ValueAxis, time_ticks};
use super::super::number::with_unit;
use super::super::{State, escape, shorten, time};
use super::{Column, HEIGHT, LineChart, MAX_SERIES, Scale, Series};

pub(super) const TOP: f64 = 14.0;
pub(super) const BOTTOM: f64 = HEIGHT - 22.0;
/// How many usual distances without a point count as a gap.
const EDGE_PACES: f64 = 2.5;
/// The width of the inner picture, which is stretched to the real one.
const INNER: f64 = 1000.0;

impl LineChart {
    pub(super) fn grid(&self, out: &mut String, axis: &ValueAxis) {
        for (i, tick) in axis.ticks.iter().enumerate() {
            let y = y(axis, *tick).round();
            let base = if i == 0 { " base" } else { "" };
            let _ = write!(
                out,
                r#"<line class="axis{base}" x2="100%" y1="{y}" y2="{y}"/>"#
            );
        }
    }

    /// The words of both axes, drawn over the lines so that they stay readable.
    pub(super) fn words(&self, out: &mut String, axis: &ValueAxis) {
        for tick in &axis.ticks {
            let _ = write!(
                out,
                r#"<text y="{}">{}</text>"#,
                y(axis, *tick).round() - 4.0,
                escape(&with_unit(*tick, &self.unit)),
            );
        }
        for (at, word) in time_ticks(self.from, self.to) {
            let x = self.x(at);
            let anchor = match x {
                x if x < 4.0 => "start",
                x if x > 96.0 => "end",
                _ => "middle",
            };
            let _ = write!(
                out,
                r#"<text x="{x:.2}%" y="{}" text-anchor="{anchor}">{word}</text>"#,
                HEIGHT - 6.0,
            );
        }
    }

    /// Hatches every stretch in which no line has a value, the ends of the time among them.
    pub(super) fn gaps(&self, out: &mut String, columns: &[Column]) {
        let known = |column: &&Column| column.values.iter().any(Option::is_some);
        let pace = 100.0 / columns.len() as f64;
        let mut left = 0.0;
        let mut whole = true;
        for column in columns {
            if !known(&column) {
                whole = false;
                continue;
            }
            let right = self.x(column.from);
            // Ends and pauses count as gaps only when they are longer than the usual distance.
            if right - left > if whole { EDGE_PACES * pace } else { 0.0 } {
                self.gap(out, left, right);
            }
            left = self.x(column.to);
            whole = true;
        }
        if 100.0 - left > if whole { EDGE_PACES * pace } else { 0.0 } {
            self.gap(out, left, 100.0);
        }
    }

    pub(super) fn gap(&self, out: &mut String, left: f64, right: f64) {
        let _ = write!(
            out,
            r#"<rect class="gap" x="{left:.2}%" y="{TOP}" width="{:.2}%" height="{}" fill="url(#hatch)"><title>No data</title></rect>"#,
            right - left,
            BOTTOM - TOP,
        );
    }

    pub(super) fn lines(&self, out: &mut String, series: &[Series], axis: &ValueAxis) {
        let mut paths = String::new();
        let mut lone = String::new();
        for (n, line) in series.iter().enumerate() {
            let class = class(n, line.state);
            for run in runs(&line.points) {
                let spot = |(at, v): &(Timestamp, f64)| (self.x(*at) / 100.0 * INNER, y(axis, *v));
                if let [only] = &run[..] {
                    let (_, cy) = spot(only);
                    let _ = write!(
                        lone,
                        r#"<circle class="lone {class}" cx="{:.2}%" cy="{cy:.1}" r="2.5"/>"#,
                        self.x(only.0),
                    );
                    continue;
                }
                let mut d = String::new();
                for (i, point) in run.iter().enumerate() {
                    let (x, y) = spot(point);
                    let _ = write!(d, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
                }
                if n == 0 && self.scale == Scale::FromZero {
                    let (left, right) = (spot(&run[0]).0, spot(&run[run.len() - 1]).0);
                    let zero = y(axis, 0.0);
                    let _ = write!(
                        paths,
                        r#"<path class="area {class}" d="{d}L{right:.1} {zero}L{left:.1} {zero}Z"/>"#,
                    );
                }
                let _ = write!(paths, r#"<path class="line {class}" d="{d}"/>"#);
            }
        }
        let _ = write!(
            out,
            r#"<svg width="100%" height="{HEIGHT}" viewBox="0 0 {INNER} {HEIGHT}" preserveAspectRatio="none">{paths}</svg>{lone}"#,
        );
    }

    /// The limit and the marks.
    pub(super) fn extras(&self, out: &mut String, axis: &ValueAxis) {
        if let Some((value, word)) = self.limit.as_ref().filter(|(value, _)| value.is_finite()) {
            let y = y(axis, *value);
            let _ = write!(
                out,
                r#"<line class="limit" x2="100%" y1="{y:.1}" y2="{y:.1}"/><text class="limit-label" x="100%" y="{:.1}" text-anchor="end">{}</text>"#,
                y - 4.0,
                escape(&shorten(word, 32)),
            );
        }
        for (at, word) in &self.marks {
            if !(self.from..=self.to).contains(at) {
                continue;
            }
            let x = self.x(*at);
            let said = escape(&format!(
                "{}: {}",
                time::clock(*at, self.to),
                shorten(word, 120)
            ));
            let _ = write!(
                out,
                r#"<g class="marked"><line class="mark" x1="{x:.2}%" x2="{x:.2}%" y1="{TOP}" y2="{BOTTOM}"/><circle class="mark-dot" cx="{x:.2}%" cy="{TOP}" r="4"/><title>{said}</title></g>"#,
            );
        }
    }

    pub(super) fn hover(
        &self,
        out: &mut String,
        series: &[Series],
        columns: &[Column],
        axis: &ValueAxis,
    ) {
        for (i, column) in columns.iter().enumerate() {
            let left = match i {
                0 => 0.0,
                _ => (self.x(columns[i - 1].to) + self.x(column.from)) / 2.0,
            };
            let right = match columns.get(i + 1) {
                None => 100.0,
                Some(next) => (self.x(column.to) + self.x(next.from)) / 2.0,
            };
            let middle = (self.x(column.from) + self.x(column.to)) / 2.0;
            let mut said = self.when(column);
            let mut dots = String::new();
            for (n, (line, value)) in series.iter().zip(&column.values).enumerate() {
                let _ = write!(said, "\n{}: {}", line.name, self.range(*value));
                if let Some((_, high)) = value {
                    let _ = write!(
                        dots,
                        r#"<circle class="{}" cx="{middle:.2}%" cy="{:.1}" r="3"/>"#,
                        class(n, line.state),
                        y(axis, *high),
                    );
                }
            }
            let _ = write!(
                out,
                r#"<g class="pt"><rect class="hit" x="{left:.2}%" y="0" width="{:.2}%" height="{BOTTOM}"/>{dots}<title>{}</title></g>"#,
                (right - left).max(0.0),
                escape(&said),
            );
        }
    }

    pub(super) fn legend(&self, series: &[Series]) -> String {
        let mut items = String::new();
        for (n, line) in series.iter().enumerate() {
            let last = line.points.iter().rev().find_map(|(_, value)| *value);
            let last = last.map_or_else(|| "no data".to_owned(), |v| with_unit(v, &self.unit));
            let _ = write!(
                items,
                r#"<li><svg width="16" height="2" aria-hidden="true"><line class="line {}" x2="16" y1="1" y2="1"/></svg><span dir="auto">{}</span> <b>{}</b></li>"#,
                class(n, line.state),
                escape(&shorten(&line.name, 40)),
                escape(&last),
            );
        }
        let hidden = self.series.len().saturating_sub(MAX_SERIES);
        if hidden > 0 {
            let _ = write!(items, "<li>{hidden} more not drawn</li>");
        }
        format!(r#"<ul class="legend">{items}</ul>"#)
    }

    pub(super) fn table(&self, series: &[Series], columns: &[Column]) -> String {
        if columns.is_empty() {
            return String::new();
        }
        let heads: String = series
            .iter()
            .map(|line| format!(r#"<th scope="col" class="num">{}</th>"#, escape(&line.name)))
            .collect();
        let mut rows = String::new();
        for column in columns {
            let _ = write!(rows, r#"<tr><td>{}</td>"#, escape(&self.when(column)));
            for value in &column.values {
                let _ = write!(
                    rows,
                    r#"<td class="num">{}</td>"#,
                    escape(&self.range(*value))
                );
            }
            rows.push_str("</tr>");
        }
        format!(
            r#"<details class="alt"><summary>As numbers</summary><div class="scroll"><table><caption class="sr">{}</caption><thead><tr><th scope="col">Time</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"#,
            escape(&self.title),
        )
    }
}

fn y(axis: &ValueAxis, value: f64) -> f64 {
    BOTTOM - axis.share(value) * (BOTTOM - TOP)
}

/// The class of a line: its state, or its place.
fn class(n: usize, state: Option<State>) -> String {
    match (state, n) {
        (Some(state), 0) => state.class().to_owned(),
        (Some(state), n) => format!("s{n} {}", state.class()),
        (None, n) => format!("s{n}"),
    }
}

fn runs(points: &[(Timestamp, Option<f64>)]) -> Vec<Vec<(Timestamp, f64)>> {
    points
        .split(|(_, value)| value.is_none())
        .filter(|run| !run.is_empty())
        .map(|run| {
            run.iter()
                .filter_map(|(at, value)| Some((*at, (*value)?)))
                .collect()
        })
        .collect()
}
