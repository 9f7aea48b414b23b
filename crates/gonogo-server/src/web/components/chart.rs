//! A line chart over time, drawn as SVG on the server.
//!
//! It needs no script: positions are percentages, so it fits any width; hovering shows the
//! browser's own tooltip with every value; the same values stand in a table below. Where nothing
//! was measured the chart is hatched, because a line drawn through a gap, or down to zero, would lie.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::axis::ValueAxis;
use super::number::{Unit, with_unit};
use super::spark::{span, thin};
use super::{Markup, State, escape, time};

use draw::{BOTTOM, TOP};

/// The most points of one line; more are thinned to the extremes of their neighbours.
pub const MAX_POINTS: usize = 480;
/// The most places that answer to the pointer, and rows of the table.
pub const MAX_COLUMNS: usize = 72;
/// The most lines in one picture; more could not be told apart.
pub const MAX_SERIES: usize = 4;

const HEIGHT: f64 = 172.0;

/// A line chart.
#[derive(Clone, Debug)]
pub struct LineChart {
    /// What it shows: "Time to finish a deployment".
    pub title: String,
    /// What the numbers are.
    pub unit: Unit,
    /// The left end.
    pub from: Timestamp,
    /// The right end.
    pub to: Timestamp,
    /// The lines; the first is the one that matters.
    pub series: Vec<Series>,
    /// A line that should not be crossed, and its word: "deadline 10 min".
    pub limit: Option<(f64, String)>,
    /// Moments that may explain a change: deployments, reloads.
    pub marks: Vec<(Timestamp, String)>,
    /// Whether the axis begins at zero.
    pub scale: Scale,
}

/// Where the value axis begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// At zero: for counts and durations.
    #[default]
    FromZero,
    /// At the lowest value: for ratios near one.
    Fit,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its points in order of time; `None` is "nothing was measured", never zero.
    pub points: Vec<(Timestamp, Option<f64>)>,
    /// A state that colours it; none is ink for the first line, then softer ones.
    pub state: Option<State>,
}

/// What stands above one another in the picture.
struct Column {
    from: Timestamp,
    to: Timestamp,
    /// Lowest and highest of each line.
    values: Vec<Option<(f64, f64)>>,
}

impl LineChart {
    /// The figure: heading, picture, table.
    pub fn svg(&self) -> Markup {
        let series = self.visible();
        let columns = self.columns(&series);
        let axis = self.axis(&series);
        let mut body = String::new();
        self.grid(&mut body, &axis);
        if columns.is_empty() {
            let _ = write!(
                body,
                r#"<rect class="gap" y="{TOP}" width="100%" height="{}" fill="url(#hatch)"/><text class="nodata" x="50%" y="{}" text-anchor="middle">No data in this time</text>"#,
                BOTTOM - TOP,
                (TOP + BOTTOM) / 2.0 + 4.0,
            );
        } else {
            self.gaps(&mut body, &columns);
            self.lines(&mut body, &series, &axis);
        }
        self.words(&mut body, &axis);
        self.extras(&mut body, &axis);
        self.hover(&mut body, &series, &columns, &axis);
        let said = escape(&self.summary(&series));
        Markup::trusted(format!(
            r#"<figure class="chart"><figcaption><span class="name" dir="auto">{}</span>{}</figcaption><svg width="100%" height="{HEIGHT}" role="img" aria-label="{said}">{body}</svg>{}</figure>"#,
            escape(&self.title),
            self.legend(&series),
            self.table(&series, &columns),
        ))
    }

    /// The lines inside the time shown, with unusable numbers as gaps.
    fn visible(&self) -> Vec<Series> {
        let inside = |at: &Timestamp| (self.from..=self.to).contains(at);
        self.series
            .iter()
            .take(MAX_SERIES)
            .map(|series| {
                let points = series.points.iter().filter(|(at, _)| inside(at));
                let points: Vec<_> = points
                    .map(|(at, value)| (*at, value.filter(|v| v.is_finite())))
                    .collect();
                Series {
                    points: thin(&points, MAX_POINTS, |(_, value)| *value),
                    ..series.clone()
                }
            })
            .collect()
    }

    fn axis(&self, series: &[Series]) -> ValueAxis {
        let mut values: Vec<f64> = series
            .iter()
            .flat_map(|series| series.points.iter().filter_map(|(_, value)| *value))
            .collect();
        values.extend(self.limit.as_ref().map(|(value, _)| *value));
        if self.scale == Scale::FromZero {
            values.push(0.0);
        }
        let (low, high) = span(&values).unwrap_or((0.0, 1.0));
        ValueAxis::new(low, high, &self.unit)
    }

    /// Where a moment stands, in percent.
    fn x(&self, at: Timestamp) -> f64 {
        let length = self.to.duration_since(self.from).as_secs_f64();
        let gone = at.duration_since(self.from).as_secs_f64();
        if length > 0.0 {
            (gone / length * 100.0).clamp(0.0, 100.0)
        } else {
            50.0
        }
    }

    fn when(&self, column: &Column) -> String {
        let first = time::clock(column.from, self.to);
        if column.from == column.to {
            return first;
        }
        format!("{first} to {}", time::clock(column.to, self.to))
    }

    fn range(&self, value: Option<(f64, f64)>) -> String {
        match value {
            None => "no data".to_owned(),
            Some((low, high)) => {
                let (low, high) = (with_unit(low, &self.unit), with_unit(high, &self.unit));
                if low == high {
                    high
                } else {
                    format!("{low} to {high}")
                }
            }
        }
    }

    /// Puts what was measured at the same time, or nearly so, above one another.
    fn columns(&self, series: &[Series]) -> Vec<Column> {
        let mut rows: BTreeMap<Timestamp, Vec<Option<f64>>> = BTreeMap::new();
        for (n, line) in series.iter().enumerate() {
            for (at, value) in &line.points {
                let row = rows.entry(*at).or_insert_with(|| vec![None; series.len()]);
                row[n] = *value;
            }
        }
        if rows.values().all(|row| row.iter().all(Option::is_none)) {
            return Vec::new();
        }
        let rows: Vec<(Timestamp, Vec<Option<f64>>)> = rows.into_iter().collect();
        let count = rows.len().min(MAX_COLUMNS);
        (0..count)
            .map(|i| &rows[i * rows.len() / count..(i + 1) * rows.len() / count])
            .map(|part| Column {
                from: part[0].0,
                to: part[part.len() - 1].0,
                values: (0..series.len())
                    .map(|n| {
                        let known: Vec<f64> = part.iter().filter_map(|(_, row)| row[n]).collect();
                        span(&known)
                    })
                    .collect(),
            })
            .collect()
    }

    fn summary(&self, series: &[Series]) -> String {
        let mut said = self.title.clone();
        for line in series {
            let known: Vec<f64> = line.points.iter().filter_map(|(_, value)| *value).collect();
            match (span(&known), known.last()) {
                (Some(range), Some(last)) => {
                    let last = with_unit(*last, &self.unit);
                    let _ = write!(
                        said,
                        ". {}: {}, last {last}",
                        line.name,
                        self.range(Some(range))
                    );
                }
                _ => {
                    let _ = write!(said, ". {}: no data", line.name);
                }
            }
        }
        said
    }
}

#[path = "chart_draw.rs"]
mod draw;

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
