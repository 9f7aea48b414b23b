//! The state of a list, kept in its URL: filter, order, page.
//!
//! A link to a list shows what the sender saw. Parameters that a page adds itself (a tab, a
//! team) survive sorting and paging, because every link is the present query with one change.

use axum::extract::Query;
use axum::http::Uri;

/// Rows on one page of a list: enough to scan, small enough for a slow phone.
pub const PAGE_ROWS: usize = 100;
/// The longest filter text that is looked at, in characters.
pub const MAX_FILTER_CHARS: usize = 200;

/// What the URL says about a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableQuery {
    /// The words to look for.
    pub filter: String,
    /// The column that orders the rows; empty for the list's own order.
    pub sort: String,
    /// Whether that order is turned round.
    pub descending: bool,
    /// The page, from 1.
    pub page: usize,
    path: String,
    others: Vec<(String, String)>,
}

impl TableQuery {
    /// Reads the query of a URL. What cannot be read is as if it were not there.
    pub fn from_uri(uri: &Uri) -> Self {
        let mut query = Self {
            path: uri.path().to_owned(),
            page: 1,
            ..Self::default()
        };
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map(|Query(pairs)| pairs)
            .unwrap_or_default();
        for (name, value) in pairs {
            match name.as_str() {
                "q" => query.filter = value.chars().take(MAX_FILTER_CHARS).collect(),
                "sort" => {
                    query.descending = value.starts_with('-');
                    query.sort = value.trim_start_matches('-').to_owned();
                }
                "page" => query.page = value.parse().unwrap_or(1).max(1),
                _ => query.others.push((name, value)),
            }
        }
        query
    }

    /// Where the filter form sends to.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Parameters that the filter form has to carry along.
    pub fn hidden(&self) -> Vec<(&str, String)> {
        let mut kept: Vec<(&str, String)> = self
            .others
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        if !self.sort.is_empty() {
            kept.push(("sort", self.sort_value(self.descending)));
        }
        kept
    }

    /// The value of a page's own parameter, such as a tab.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.others.iter().find(|(other, _)| other == name)?;
        Some(&found.1)
    }

    /// The same list with a page's own parameter changed; an empty value removes it.
    pub fn href_with(&self, name: &str, value: &str) -> String {
        let mut others = self.others.clone();
        others.retain(|(other, _)| other != name);
        others.push((name.to_owned(), value.to_owned()));
        self.href(&others, self.descending, &self.sort, 1)
    }

    /// The same list ordered by a column; a second time turns the order round.
    pub fn sort_href(&self, key: &str) -> String {
        let descending = self.sort == key && !self.descending;
        self.href(&self.others, descending, key, 1)
    }

    /// The value of `aria-sort` of a column; empty when another column orders.
    pub fn aria_sort(&self, key: &str) -> &'static str {
        match (self.sort == key, self.descending) {
            (false, _) => "",
            (true, false) => "ascending",
            (true, true) => "descending",
        }
    }

    /// The same list on another page.
    pub fn page_href(&self, page: usize) -> String {
        self.href(&self.others, self.descending, &self.sort, page)
    }

    /// Whether a row passes the filter: every word stands somewhere in its cells.
    pub fn matches(&self, cells: &[&str]) -> bool {
        // Ten thousand rows are asked this even where nobody looks for anything.
        if self.filter.trim().is_empty() {
            return true;
        }
        let cells: Vec<String> = cells.iter().map(|cell| cell.to_lowercase()).collect();
        self.filter
            .to_lowercase()
            .split_whitespace()
            .all(|word| cells.iter().any(|cell| cell.contains(word)))
    }

    /// Which of `total` rows are shown.
    pub fn window(&self, total: usize) -> Window {
        let pages = total.div_ceil(PAGE_ROWS).max(1);
        let page = self.page.clamp(1, pages);
        let start = (page - 1) * PAGE_ROWS;
        Window {
            start,
            end: (start + PAGE_ROWS).min(total),
            total,
            page,
            pages,
        }
    }

    fn sort_value(&self, descending: bool) -> String {
        let sign = if descending { "-" } else { "" };
        format!("{sign}{}", self.sort)
    }

    fn href(
        &self,
        others: &[(String, String)],
        descending: bool,
        sort: &str,
        page: usize,
    ) -> String {
        let mut pairs: Vec<(String, String)> = others.to_vec();
        pairs.push(("q".into(), self.filter.clone()));
        let sign = if descending { "-" } else { "" };
        if !sort.is_empty() {
            pairs.push(("sort".into(), format!("{sign}{sort}")));
        }
        if page > 1 {
            pairs.push(("page".into(), page.to_string()));
        }
        let query: Vec<String> = pairs
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{}={}", percent(name), percent(value)))
            .collect();
        if query.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, query.join("&"))
    }
}

/// The rows of a list that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first row, from 0.
    pub start: usize,
    /// One past the last row.
    pub end: usize,
    /// All rows that pass the filter.
    pub total: usize,
    /// The page, from 1, that exists.
    pub page: usize,
    /// How many pages there are, at least 1.
    pub pages: usize,
}

impl Window {
    /// "201–300 of 10,000".
    pub fn words(&self) -> String {
        let grouped = |n: usize| super::number::grouped(n as i64);
        let (from, until) = (grouped(self.start + 1), grouped(self.end));
        format!("{from}–{until} of {}", grouped(self.total))
    }
}

/// Encodes a name or a value for a query string.
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(uri: &str) -> TableQuery {
        TableQuery::from_uri(&uri.parse().expect("a URI"))
    }

    #[test]
    fn every_link_is_the_present_query_with_one_change() {
        let q = query("/domains?team=a%26b&q=two+words&sort=-name&page=3");
        assert_eq!(q.filter, "two words");
        assert_eq!(q.get("team"), Some("a&b"));
        assert_eq!(
            q.sort_href("name"),
            "/domains?team=a%26b&q=two%20words&sort=name"
        );
        assert_eq!(
            q.sort_href("expiry"),
            "/domains?team=a%26b&q=two%20words&sort=expiry"
        );
        assert_eq!(
            q.page_href(4),
            "/domains?team=a%26b&q=two%20words&sort=-name&page=4"
        );
        assert_eq!(q.href_with("team", ""), "/domains?q=two%20words&sort=-name");
        assert_eq!(q.aria_sort("name"), "descending");
        assert_eq!(q.aria_sort("expiry"), "");
        assert_eq!(query("/x").sort_href("a"), "/x?sort=a");
        assert_eq!(query("/x?sort=a").sort_href("a"), "/x?sort=-a");
    }

    #[test]
    fn nonsense_in_the_query_is_ignored() {
        let q = query("/x?page=-4&sort=-&q=%FF&page=999999999999999999999");
        assert_eq!(q.page, 1);
        assert_eq!(
            query(&format!("/x?q={}", "a".repeat(300))).filter.len(),
            MAX_FILTER_CHARS
        );
    }

    #[test]
    fn windows_stay_inside_the_list() {
        let q = TableQuery {
            page: 7,
            ..query("/x")
        };
        assert_eq!(
            q.window(0),
            Window {
                start: 0,
                end: 0,
                total: 0,
                page: 1,
                pages: 1
            }
        );
        let w = q.window(PAGE_ROWS + 1);
        assert_eq!(
            (w.start, w.end, w.page, w.pages),
            (PAGE_ROWS, PAGE_ROWS + 1, 2, 2)
        );
        assert_eq!(query("/x").window(PAGE_ROWS).pages, 1);
        assert_eq!(q.window(10_000).words(), "601–700 of 10,000");
    }

    #[test]
    fn a_filter_wants_every_word() {
        let q = query("/x?q=Billing%20late");
        assert!(q.matches(&["billing-ledger", "Late by 4 min"]));
        assert!(!q.matches(&["billing-ledger", "on time"]));
        assert!(query("/x").matches(&[]));
    }
}
