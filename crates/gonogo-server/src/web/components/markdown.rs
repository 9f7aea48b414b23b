//! Markdown from packages and people as HTML that can do no harm.
//!
//! Raw HTML is dropped, links lead only where a browser should go, pictures become links (nothing is
//! loaded from elsewhere), headings get ids so that one can point at a step, and code blocks a
//! hook for the copy button. Whatever comes in, what goes out has no script, no style and no
//! element that is not listed here.

use std::collections::BTreeMap;

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};

use super::{Markup, escape};

/// The longest text that is rendered; what is longer is cut, and says so.
pub const MAX_BYTES: usize = 256 * 1024;

/// Renders Markdown. A `#` heading becomes an `<h2>`, because the page has its own `<h1>`.
pub fn render(text: &str) -> Markup {
    let kept = cut(text);
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut out = String::with_capacity(kept.len() * 3 / 2);
    html::push_html(&mut out, Safe::new(Parser::new_ext(kept, options)));
    if kept.len() < text.len() {
        out.push_str(
            "<p class=\"muted\">The rest is not shown: the text is longer than 256 kB.</p>",
        );
    }
    Markup::trusted(out)
}

/// Whether a link may be followed: http, https, mailto, or within this site.
pub fn is_safe_link(href: &str) -> bool {
    if href.chars().any(char::is_control) {
        return false;
    }
    let href = href.trim_start();
    let end = href.find(['/', '?', '#']).unwrap_or(href.len());
    match href[..end].split_once(':') {
        None => true,
        Some((scheme, _)) => {
            ["http", "https", "mailto"].contains(&scheme.to_ascii_lowercase().as_str())
        }
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The parser's events with everything unsafe replaced.
struct Safe<'a, I> {
    inner: I,
    /// Whether each open link was kept.
    links: Vec<bool>,
    ids: BTreeMap<String, usize>,
    ready: std::collections::VecDeque<Event<'a>>,
}

impl<'a, I: Iterator<Item = Event<'a>>> Safe<'a, I> {
    fn new(inner: I) -> Self {
        Self {
            inner,
            links: Vec::new(),
            ids: BTreeMap::new(),
            ready: std::collections::VecDeque::new(),
        }
    }

    /// What stands for one event; `None` where nothing does.
    fn safe(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => None,
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => None,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let safe = is_safe_link(&dest_url);
                self.links.push(safe);
                safe.then(|| open_link(&dest_url))
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let kept = self.links.pop().unwrap_or(false);
                kept.then_some(Event::Html(CowStr::Borrowed("</a>")))
            }
            Event::Start(Tag::Table(columns)) => {
                // The library writes alignment as a style attribute, which the policy forbids.
                let plain = vec![pulldown_cmark::Alignment::None; columns.len()];
                Some(Event::Start(Tag::Table(plain)))
            }
            Event::Start(Tag::Heading { level, .. }) => {
                self.heading(level);
                self.ready.pop_front()
            }
            Event::Start(Tag::CodeBlock(kind)) => Some(self.code(&kind)),
            Event::TaskListMarker(done) => Some(Event::Html(CowStr::Borrowed(if done {
                "<input type=\"checkbox\" disabled checked aria-label=\"done\"> "
            } else {
                "<input type=\"checkbox\" disabled aria-label=\"open\"> "
            }))),
            other => Some(other),
        }
    }

    /// Reads a heading to its end, so that its words can become its id.
    fn heading(&mut self, level: HeadingLevel) {
        let level = (level as u8 + 1).min(6);
        let mut words = String::new();
        let mut inside = Vec::new();
        while let Some(event) = self.inner.next() {
            match &event {
                Event::End(TagEnd::Heading(_)) => break,
                Event::Text(text) | Event::Code(text) => words.push_str(text),
                _ => {}
            }
            inside.extend(self.safe(event));
        }
        let id = self.id(&words);
        let open = format!("<h{level} id=\"{id}\">");
        self.ready.push_back(Event::Html(open.into()));
        self.ready.extend(inside);
        self.ready
            .push_back(Event::Html(format!("</h{level}>\n").into()));
    }

    /// An id of letters, digits and dashes; a prefix keeps it apart from the page's own ids.
    fn id(&mut self, words: &str) -> String {
        let mut slug = String::from("h");
        for word in words
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
        {
            slug.push('-');
            slug.extend(word.chars().flat_map(char::to_lowercase).take(40));
            if slug.len() > 80 {
                break;
            }
        }
        let count = self.ids.entry(slug.clone()).or_default();
        *count += 1;
        match *count {
            1 => slug,
            n => format!("{slug}--{n}"),
        }
    }

    fn code(&mut self, kind: &CodeBlockKind<'a>) -> Event<'a> {
        let mut text = String::new();
        for event in self.inner.by_ref() {
            match event {
                Event::End(TagEnd::CodeBlock) => break,
                Event::Text(part) => text.push_str(&part),
                _ => {}
            }
        }
        let language = match kind {
            CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or(""),
            CodeBlockKind::Indented => "",
        };
        let class = match language.is_empty() {
            true => String::new(),
            false => format!(" class=\"language-{}\"", escape(language)),
        };
        let text = escape(text.trim_end_matches('\n'));
        Event::Html(
            format!("<div class=\"code\" data-copy=\"\"><pre tabindex=\"0\" dir=\"ltr\"><code{class}>{text}</code></pre></div>\n").into(),
        )
    }
}

fn open_link<'a>(href: &str) -> Event<'a> {
    let outside =
        href.trim_start().to_ascii_lowercase().starts_with("http") || href.starts_with("//");
    let rel = if outside {
        " rel=\"noopener noreferrer\""
    } else {
        ""
    };
    Event::Html(format!("<a href=\"{}\"{rel}>", escape(href)).into())
}

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for Safe<'a, I> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let event = self.inner.next()?;
            if let Some(event) = self.safe(event) {
                return Some(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        render(text).to_string()
    }

    #[test]
    fn a_runbook_looks_like_this() {
        let text = "# Roll back\n\nMove traffic to the *last good* revision.\n\n\
                    ## Roll back\n\n1. [x] Tell `#ops`\n2. Run\n\n   ```sh\n   gcloud run <service> --to 41\n   ```\n\n\
                    | step | who |\n|---:|---|\n| 1 | [Ada](/people/ada) |\n";
        insta::assert_snapshot!(html(text));
    }

    #[test]
    fn raw_html_is_dropped_and_its_text_kept() {
        assert_eq!(html("a <b onclick=x>bold</b> word"), "<p>a bold word</p>\n");
        assert_eq!(html("<script>alert(1)</script>\n\nafter"), "<p>after</p>\n");
        assert_eq!(html("<div>\n<img src=x onerror=y>\n</div>"), "");
        assert_eq!(html("# <i>T</i>"), "<h2 id=\"h-t\">T</h2>\n");
        assert_eq!(html("`<script>`"), "<p><code>&lt;script&gt;</code></p>\n");
    }

    #[test]
    fn links_lead_only_where_a_browser_should_go() {
        for good in [
            "https://example.com/a?b=c",
            "http://example.com",
            "MAILTO:ada@example.com",
            "/runbooks/x",
            "#h-step",
            "other.md",
            "?q=a:b",
            "//example.com",
        ] {
            assert!(is_safe_link(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            " javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "java\tscript:x",
            "file:///etc/passwd",
            "x:y",
        ] {
            assert!(!is_safe_link(bad), "{bad}");
        }
        assert_eq!(html("[x](javascript:alert(1))"), "<p>x</p>\n");
        assert_eq!(
            html("<https://example.com/?a=1&b=\"2>"),
            "<p><a href=\"https://example.com/?a=1&amp;b=%222\" rel=\"noopener noreferrer\">https://example.com/?a=1&amp;b=\"2</a></p>\n"
                .replace("%22", "&quot;")
        );
    }

    #[test]
    fn pictures_become_links() {
        assert_eq!(
            html("![chart](https://example.com/a.png)"),
            "<p><a href=\"https://example.com/a.png\" rel=\"noopener noreferrer\">chart</a></p>\n"
        );
    }

    #[test]
    fn nothing_out_is_a_style_or_a_script() {
        let hostile = "| a |\n|:--:|\n| <style>x</style> |\n\n```\"><script>\nx\n```\n\n[a]: javascript:x\n[a] ![b][a] [c](<\"onclick=x>)\n\n- [ ] <svg onload=x>";
        let out = html(hostile);
        for wrong in [
            "style=",
            "<script",
            "<svg",
            "<style",
            "javascript:",
            " onclick",
        ] {
            assert!(!out.contains(wrong), "{wrong} in {out}");
        }
    }

    #[test]
    fn a_text_at_the_limit_is_whole_and_one_beyond_is_cut() {
        let whole = "é".repeat(MAX_BYTES / 2);
        assert!(!html(&whole).contains("not shown"));
        let long = format!("{whole}é");
        assert!(html(&long).contains("not shown"));
        assert!(html(&"> ".repeat(20_000)).len() < 40 * MAX_BYTES);
    }
}
