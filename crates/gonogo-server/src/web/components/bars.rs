//! Horizontal bars: a table whose second column is a picture.
//!
//! A row without data is hatched and says so; a row of zero has no bar and says zero.

use std::fmt::Write as _;

use super::number::{Unit, with_unit};
use super::{Markup, State, escape};

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
    if rows.is_empty() {
        return Markup::trusted("<p class=\"muted\">Nothing to count yet.</p>".to_owned());
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
