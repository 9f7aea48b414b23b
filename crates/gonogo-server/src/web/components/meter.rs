//! How much of a budget or a quota is used.
//!
//! What is not known is hatched, which is neither empty nor full; what is overdrawn fills its track
//! and says by how much in words.

use super::{Markup, State, escape};

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
