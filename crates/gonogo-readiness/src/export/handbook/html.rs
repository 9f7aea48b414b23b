//! The site: each page as one HTML file that needs no other.

use std::fmt::Write as _;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{Handbook, Page, relinked};

/// The pages that every page leads to.
const NAV: &[(&str, &str)] = &[
    ("index", "Start"),
    ("on-call", "Who to call"),
    ("runbooks", "Runbooks"),
    ("components", "Components"),
    ("customers", "Customers"),
    ("launch", "Launch"),
    ("risks", "Risks"),
];

/// A whole page.
pub(super) fn page(handbook: &Handbook, page: &Page) -> String {
    let up = "../".repeat(page.path.matches('/').count());
    let mut nav = String::new();
    for (path, name) in NAV {
        let here = if page.path == *path {
            " aria-current=\"page\""
        } else {
            ""
        };
        let _ = write!(nav, "<a href=\"{up}{path}.html\"{here}>{name}</a> ");
    }
    let body = relinked(&page.body, |path| format!("{up}{path}.html"));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><p>{name}: handbook</p><nav>{nav}</nav></header>\n<main>\n<h1>{title}</h1>\n{content}</main>\n\
         <footer><p>{imprint}</p></footer>\n</body>\n</html>\n",
        title = escaped(&page.title),
        name = escaped(&handbook.name),
        content = rendered(&body),
        imprint = escaped(&handbook.imprint()),
    )
}

/// Markdown as HTML. Markup in it is shown as text, and links lead inside or to the web only.
fn rendered(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let mut dropped = 0_usize;
    let events = Parser::new_ext(markdown, options).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) if !leads_somewhere(dest_url) => {
            dropped += 1;
            None
        }
        Event::End(TagEnd::Link) if dropped > 0 => {
            dropped -= 1;
            None
        }
        other => Some(other),
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    // A wide table scrolls by itself instead of the page.
    out.replace("<table>", "<div class=\"wide\"><table>")
        .replace("</table>", "</table></div>")
}

fn leads_somewhere(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    matches!(scheme, None | Some("https" | "http" | "mailto" | "tel"))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Readable on a phone, at night and on paper.
const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--muted:#57606a;--line:#d0d7de;--paper:#fff;--soft:#f6f8fa;--link:#0a58ca}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--muted:#9aa5b1;--line:#3a424c;--paper:#12161b;--soft:#1b2128;--link:#79b8ff}}
*{box-sizing:border-box}
body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
header,main,footer{max-width:60rem;margin:0 auto;padding:0 1rem}
header{padding-top:.75rem;border-bottom:1px solid var(--line)}
header p{margin:0;color:var(--muted);font-size:.875rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:.25rem 0 .5rem}
nav a{padding:.5rem 0;text-decoration:none}
nav a[aria-current]{color:var(--ink);font-weight:600;border-bottom:2px solid currentColor}
a{color:var(--link)}
h1{font-size:1.6rem;line-height:1.25;margin:1.25rem 0 .5rem}
h2{font-size:1.2rem;margin:1.75rem 0 .5rem}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.75rem;background:var(--soft);border:1px solid var(--line);border-radius:6px;font-size:.875rem}
code{font-family:ui-monospace,monospace;font-size:.9em}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
blockquote{margin:0;padding:.25rem 1rem;border-left:3px solid var(--line);white-space:pre-line}
footer{margin-top:2rem;padding-bottom:2rem;color:var(--muted);font-size:.875rem;border-top:1px solid var(--line)}
@media print{nav{display:none}body{font-size:11pt}pre{white-space:pre-wrap}a{color:inherit}}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text_and_links_lead_nowhere_strange() {
        let out = rendered(
            "<script>x</script>\n\n[a](javascript:x) [b](https://e.example.com) ![i](x.png)",
        );
        assert!(!out.contains("<script>"), "{out}");
        assert!(!out.contains("javascript:"), "{out}");
        assert!(!out.contains("<img"), "{out}");
        assert!(out.contains("href=\"https://e.example.com\""), "{out}");
    }
}
