//! The wording of a page, once for all channels: subject, plain text, HTML.
//!
//! A channel takes from here what it can show and measures it in its own unit. Invariant:
//! what is cut says that it was cut and how much, links are never cut, and no control
//! character of an incident's text survives into a header or a layout.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Page, PageKind};

/// The longest title shown in a subject, in characters.
pub const TITLE_CHARS_MAX: usize = 200;

/// The longest severity shown, in characters.
pub const SEVERITY_CHARS_MAX: usize = 40;

/// The longest link shown, in characters; a link cannot be shortened, so a longer one is left out.
pub const LINK_CHARS_MAX: usize = 2_000;

/// The longest text of the closing lines (who, why, which), in characters.
pub const CLOSING_CHARS_MAX: usize = 1_000;

/// The longest paragraph shown where the channel has no limit of its own, in characters.
pub const PARAGRAPH_CHARS_MAX: usize = 8_000;

/// The worded page.
#[derive(Clone)]
pub struct Message<'a> {
    /// One line: exercise mark, severity, kind, title.
    pub subject: String,
    /// What happened, impact, first step: those that are known, in this order.
    pub paragraphs: Vec<Paragraph>,
    /// Acknowledge, incident, runbook: those that exist, in this order.
    pub links: Vec<Link<'a>>,
    /// The incident's page, if its address can be shown.
    pub incident_url: Option<&'a str>,
    /// Who is addressed and why.
    pub reason: String,
    /// The last line: which incident and which effect.
    pub reference: String,
}

/// A short text with a heading.
#[derive(Clone, Debug)]
pub struct Paragraph {
    /// Its heading.
    pub heading: &'static str,
    /// Its text, in which only line feeds structure.
    pub text: String,
}

/// A link with its label.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    /// What it leads to.
    pub label: &'static str,
    /// Where it leads; the acknowledgement's address is a credential.
    pub url: &'a str,
}

/// The unit in which a channel measures text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Unicode scalar values.
    Chars,
    /// Bytes of UTF-8.
    Bytes,
    /// Characters after `&`, `<` and `>` were escaped, as Slack counts them.
    Escaped,
}

impl<'a> Message<'a> {
    /// Words a page.
    pub fn of(page: &'a Page) -> Self {
        let mut paragraphs = Vec::new();
        if page.exercise {
            paragraphs.push(Paragraph {
                heading: "Exercise",
                text: "This is a rehearsal. Act on it as the exercise asks; nothing is broken."
                    .to_owned(),
            });
        }
        let parts = [
            ("What happened", Some(&page.summary)),
            ("Impact", page.impact.as_ref()),
            ("First step", page.first_step.as_ref()),
        ];
        for (heading, text) in parts {
            if let Some(text) = text.map(|text| block(text)).filter(|text| !text.is_empty()) {
                paragraphs.push(Paragraph { heading, text });
            }
        }
        let (links, unusable) = links(page);
        if !unusable.is_empty() {
            paragraphs.push(Paragraph {
                heading: "Left out",
                text: format!(
                    "No usable web address was given for: {}.",
                    unusable.join(", ")
                ),
            });
        }
        Self {
            subject: subject(page),
            paragraphs,
            links,
            incident_url: page
                .incident_url
                .as_deref()
                .filter(|url| is_web_address(url)),
            reason: closing(&format!("To {}: {}", page.to_name, page.why_you)),
            reference: closing(&match &page.incident {
                Some(incident) => format!("Incident {incident}, notification {}", page.effect_id),
                None => format!("Notification {}", page.effect_id),
            }),
        }
    }

    /// The plain text, as mail shows it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for Paragraph { heading, text } in &self.paragraphs {
            let text = shorten(text, PARAGRAPH_CHARS_MAX, Measure::Chars);
            let _ = writeln!(out, "{heading}\n  {}\n", text.replace('\n', "\n  "));
        }
        for Link { label, url, .. } in &self.links {
            let _ = writeln!(out, "{label}: {url}");
        }
        let _ = write!(out, "\n{}\n{}\n", self.reason, self.reference);
        out
    }

    /// The HTML form, for mail programs that prefer it. No images, no scripts, no styles from afar.
    pub fn html(&self) -> String {
        let mut out = String::from("<!doctype html><html><body style=\"font-family:sans-serif\">");
        let _ = write!(out, "<h2>{}</h2>", escape(&self.subject));
        for Paragraph { heading, text } in &self.paragraphs {
            let text = shorten(text, PARAGRAPH_CHARS_MAX, Measure::Chars);
            let text = escape(&text).replace('\n', "<br>");
            let _ = write!(out, "<h3>{heading}</h3><p>{text}</p>");
        }
        out.push_str("<p>");
        for Link { label, url, .. } in &self.links {
            let _ = write!(out, "<a href=\"{}\">{label}</a><br>", escape(url));
        }
        let _ = write!(
            out,
            "</p><p>{}</p><p><small>{}</small></p></body></html>",
            escape(&self.reason),
            escape(&self.reference)
        );
        out
    }
}

/// Text of at most `limit` units; what is left out is counted in its last words.
pub fn shorten(text: &str, limit: usize, measure: Measure) -> Cow<'_, str> {
    if measure.of(text) <= limit {
        return Cow::Borrowed(text);
    }
    let total = text.chars().count();
    // The note is as long as it can get; the one that is written may be shorter.
    let room = limit.saturating_sub(measure.of(&cut_note(total, total)));
    let (mut used, mut kept_bytes, mut kept_chars) = (0, 0, 0);
    for c in text.chars() {
        used += measure.of_char(c);
        if used > room {
            break;
        }
        kept_bytes += c.len_utf8();
        kept_chars += 1;
    }
    let note = cut_note(total - kept_chars, total);
    if measure.of(&note) > limit {
        return Cow::Borrowed("");
    }
    Cow::Owned(format!("{}{note}", &text[..kept_bytes]))
}

/// One line: every run of white space and control characters becomes one space.
pub fn line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .filter(|c| !is_reordering(*c))
        .map(|c| {
            if c.is_control() || is_line_end(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A block: line feeds stay, every other control character goes.
pub fn block(text: &str) -> String {
    let text: String = text
        .replace("\r\n", "\n")
        .chars()
        .map(|c| match c {
            '\r' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' => ' ',
            c => c,
        })
        .filter(|c| *c == '\n' || !(c.is_control() || is_reordering(*c)))
        .collect();
    text.trim().to_owned()
}

/// `text` with the five characters escaped that mean something in HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

impl Measure {
    /// How long a text is in this unit.
    pub fn of(self, text: &str) -> usize {
        match self {
            Self::Bytes => text.len(),
            Self::Chars | Self::Escaped => text.chars().map(|c| self.of_char(c)).sum(),
        }
    }

    fn of_char(self, c: char) -> usize {
        match (self, c) {
            (Self::Bytes, c) => c.len_utf8(),
            (Self::Escaped, '&') => "&amp;".len(),
            (Self::Escaped, '<' | '>') => "&lt;".len(),
            (Self::Chars | Self::Escaped, _) => 1,
        }
    }
}

fn subject(page: &Page) -> String {
    let severity = line(&page.severity);
    let severity = shorten(&severity, SEVERITY_CHARS_MAX, Measure::Chars);
    let lead = match page.kind {
        PageKind::Page => severity.into_owned(),
        PageKind::Growth => format!("{severity} grew"),
        PageKind::UpdateDue => format!("{severity} update due"),
        PageKind::UpdateOverdue => format!("{severity} update overdue"),
        PageKind::Resolved => format!("{severity} resolved"),
        PageKind::Test => "Test page".to_owned(),
        PageKind::Ticket => format!("{severity} ticket"),
    };
    let mark = if page.exercise { "[EXERCISE] " } else { "" };
    let title = line(&page.title);
    let title = shorten(&title, TITLE_CHARS_MAX, Measure::Chars);
    line(&format!("{mark}{lead}: {title}"))
}

/// The links that can be shown, and the labels of those that cannot.
fn links(page: &Page) -> (Vec<Link<'_>>, Vec<&'static str>) {
    let ack = page
        .ack_url
        .as_ref()
        .map(|url| ("Acknowledge", url.expose()));
    let incident = page.incident_url.as_deref().map(|url| ("Incident", url));
    let runbook = page.runbook_url.as_deref().map(|url| ("Runbook", url));
    let (mut shown, mut unusable) = (Vec::new(), Vec::new());
    for (label, url) in [ack, incident, runbook].into_iter().flatten() {
        if is_web_address(url) {
            shown.push(Link { label, url });
        } else {
            unusable.push(label);
        }
    }
    (shown, unusable)
}

/// Not `javascript:`, not a bare word, nothing that would end a link halfway.
fn is_web_address(url: &str) -> bool {
    url.chars().count() <= LINK_CHARS_MAX
        && reqwest::Url::parse(url).is_ok_and(|parsed| matches!(parsed.scheme(), "http" | "https"))
        && !url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>|\"".contains(c))
}

fn closing(text: &str) -> String {
    shorten(&line(text), CLOSING_CHARS_MAX, Measure::Chars).into_owned()
}

fn cut_note(left_out: usize, total: usize) -> String {
    format!(" … [{left_out} of {total} characters left out]")
}

/// Characters that turn the direction of text, with which a title could disguise itself.
fn is_reordering(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}
