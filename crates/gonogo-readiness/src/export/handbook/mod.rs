//! The handbook: a package as pages that work from a USB stick when everything else is down.
//!
//! Every page is written once, in Markdown; the site and the single file are two renderings of
//! the same text. Nothing refers to anything outside: no script, no font, no image, no address.

mod html;
mod pages;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gonogo_model::Package;
use jiff::Timestamp;

pub use pages::ON_CALL_DAYS;

/// One page.
#[derive(Clone, Debug)]
struct Page {
    /// Its path in the site, without an ending: `runbooks/ledger-down`.
    path: String,
    title: String,
    /// Markdown, whose links between pages are written `page:runbooks/ledger-down`.
    body: String,
}

/// The handbook of a package.
#[derive(Clone, Debug)]
pub struct Handbook {
    name: String,
    digest: String,
    at: Timestamp,
    pages: Vec<Page>,
}

impl Handbook {
    /// Of a package, with who is on call from a moment on.
    pub fn of(package: &Package, at: Timestamp) -> Self {
        let digest = package.digest.as_ref().map_or("", |d| d.short());
        Self {
            name: package.name().to_string(),
            digest: digest.to_string(),
            at,
            pages: pages::all(package, at),
        }
    }

    /// The files of the site, by path.
    pub fn site(&self) -> BTreeMap<String, String> {
        let page = |page: &Page| (format!("{}.html", page.path), html::page(self, page));
        self.pages.iter().map(page).collect()
    }

    /// All pages as one Markdown file.
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}: handbook\n\n{}\n\n", md(&self.name), self.imprint());
        for page in &self.pages {
            let _ = writeln!(out, "- [{}](#{})", md(&page.title), anchor(&page.path));
        }
        for page in &self.pages {
            let body = relinked(&page.body, |path| format!("#{}", anchor(path)));
            // Headings go one level down, below the page's own.
            let body = deeper(&body);
            let _ = write!(
                out,
                "\n<a id=\"{}\"></a>\n\n## {}\n\n{body}",
                anchor(&page.path),
                md(&page.title)
            );
        }
        out
    }

    /// Of which package, and as of when.
    fn imprint(&self) -> String {
        format!(
            "Written from package {} on {}. Who is on call is right until {}; names and addresses as long as the package is.",
            self.digest,
            self.at.strftime("%Y-%m-%d %H:%M UTC"),
            pages::on_call_until(self.at).strftime("%Y-%m-%d %H:%M UTC"),
        )
    }
}

/// Text as Markdown that shows it and does nothing else.
fn md(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// A link to another page.
fn link(text: &str, path: &str) -> String {
    format!("[{}](page:{path})", md(text))
}

fn anchor(path: &str) -> String {
    path.replace('/', "-")
}

/// The text with each link between pages written as `to` says.
fn relinked(body: &str, to: impl Fn(&str) -> String) -> String {
    const SCHEME: &str = "](page:";
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find(SCHEME) {
        out.push_str(&rest[..at]);
        rest = &rest[at + SCHEME.len()..];
        let end = rest.find(')').unwrap_or(rest.len());
        let _ = write!(out, "]({}", to(&rest[..end]));
        rest = &rest[end..];
    }
    out + rest
}

/// The text with each heading one level down; what stands in fences stays.
fn deeper(body: &str) -> String {
    let mut fence: Option<String> = None;
    let mut out = String::with_capacity(body.len());
    for line in body.split_inclusive('\n') {
        let mark: String = line
            .trim_start()
            .chars()
            .take_while(|c| matches!(c, '`' | '~'))
            .collect();
        match &fence {
            Some(open) if mark.starts_with(open.as_str()) => fence = None,
            None if mark.len() >= 3 => fence = Some(mark),
            None if line.starts_with('#') => out.push('#'),
            _ => {}
        }
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shows_itself_and_does_nothing() {
        assert_eq!(md("a|b <i>\n#1"), r"a\|b \<i\> \#1");
    }

    #[test]
    fn links_and_headings_fit_where_they_stand() {
        let body = "# A\n\n[x](page:runbooks/y) [z](https://e.example.com)\n```sh\n# no\n```\n";
        let out = deeper(&relinked(body, |p| format!("../{p}.html")));
        assert_eq!(
            out,
            "## A\n\n[x](../runbooks/y.html) [z](https://e.example.com)\n```sh\n# no\n```\n"
        );
    }
}
