//! A strip of small boxes: how something was over the last hours or days.
//!
//! A box without evidence is hatched, and a strip without history is hatched as a whole. Widths are
//! percentages in SVG attributes, so the strip fits a phone and needs no style.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Markup, State, escape, shorten, time};

/// The most boxes of a strip; more are joined, the worst winning.
pub const MAX_HEAT_BUCKETS: usize = 120;

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

/// The tooltip of a bucket: "2 Nov 14:00 UTC: failing".
pub fn bucket_title(at: Timestamp, now: Timestamp, said: &str) -> String {
    format!("{}: {}", time::clock(at, now), shorten(said, 120))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
