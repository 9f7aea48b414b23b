//! Building blocks of pages that are easier to write in Rust than in a template.
//!
//! The look of everything else is in `templates/components.html`. What both share is this:
//! text from a package, an event or a person is escaped by whoever turns it into markup, and
//! [`Markup`] is the only type that a template prints as it is.

pub mod axis;
pub mod bars;
pub mod chart;
pub mod graph;
pub mod heat;
pub mod items;
mod layered;
pub mod markdown;

pub mod meter;
pub mod number;
pub mod spark;
pub mod state;
pub mod table;
pub mod time;

use std::fmt;

pub use state::{Severity, State};

/// HTML or SVG that is already safe: a template prints it without escaping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Declares a string to be safe markup. Everything in it that came from outside must have
    /// gone through [`escape`].
    pub fn trusted(html: String) -> Self {
        Self(html)
    }

    /// Turns plain text into markup.
    pub fn text(text: &str) -> Self {
        Self(escape(text))
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// Escapes text for an element's content or a quoted attribute.
///
/// Control characters that XML forbids are dropped, so that one odd byte in a label cannot
/// break a whole SVG picture.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Cuts text to `max` characters for a place that cannot wrap, with an ellipsis where it cut.
pub fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// The hatched pattern that means "unknown". The shell holds it once; shapes refer to it as
/// `fill="url(#hatch)"`.
pub fn hatch() -> Markup {
    Markup::trusted(HATCH.to_owned())
}

const HATCH: &str = r#"<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-a" width="6" height="6"/><path class="hatch-b" d="M0 0V6"/></pattern>"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_could_end_a_text_or_an_attribute() {
        assert_eq!(
            escape("<script>alert('x\")</script>&\u{0}\u{8}\n"),
            "&lt;script&gt;alert(&#39;x&quot;)&lt;/script&gt;&amp;\n"
        );
    }

    #[test]
    fn shortens_by_characters_not_bytes() {
        assert_eq!(shorten("žluťoučký kůň", 9), "žluťoučk…");
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("a word and more", 8), "a word…");
    }
}
