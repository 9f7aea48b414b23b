//! `/status/history.atom`: what was published, as a feed.
//!
//! An entry's content holds its updates newest first, because readers take the first
//! `<strong>` as the current state; the feed's time is that of its newest entry and never now.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use gonogo_engine::Time;

use crate::site::Site;
use crate::view::View;
use crate::web::components::escape;

use super::{page, published, stage};

/// How many incidents the feed holds.
const ENTRIES_MAX: usize = 50;

pub(super) async fn show(State(site): State<Site>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/atom+xml; charset=utf-8"),
        (
            header::CACHE_CONTROL,
            "public, max-age=60, stale-if-error=86400",
        ),
    ];
    (
        headers,
        document(&site.view(), site.clock.now(), &site.base_url),
    )
        .into_response()
}

/// The feed for a view.
pub(super) fn document(view: &View, now: Time, base_url: &str) -> String {
    let site = escape(&page(view, now).site);
    let host = escape(
        base_url
            .split("://")
            .nth(1)
            .unwrap_or(base_url)
            .split(':')
            .next()
            .unwrap_or("gonogo"),
    );
    let base = escape(base_url);
    let entries: Vec<_> = published(view).take(ENTRIES_MAX).collect();
    let updated = entries
        .iter()
        .map(|(_, u)| u.at)
        .max()
        .unwrap_or_default()
        .timestamp();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xml:lang=\"en-US\" xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>tag:{host},2005:/history</id>\n<link rel=\"alternate\" type=\"text/html\" href=\"{base}/status\"/>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{base}/status/history.atom\"/>\n\
         <title>{site} - Incident History</title>\n<updated>{updated}</updated>\n<author><name>{site}</name></author>\n"
    );
    for (incident, latest) in entries {
        let mut content = String::new();
        for update in incident.updates.iter().rev() {
            let at = update.at.timestamp();
            let _ = write!(
                content,
                "<p><small>{} <var data-var='date'>{}</var>, <var data-var='time'>{}</var> UTC</small><br><strong>{}</strong> - {}</p>",
                at.strftime("%b"),
                at.strftime("%-d"),
                at.strftime("%H:%M"),
                stage(update.state),
                escape(&update.text)
            );
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "<entry>\n<id>tag:{host},2005:Incident/{}</id>\n<published>{}</published>\n<updated>{}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{base}/status#incident-{}\"/>\n<title>{}</title>\n\
             <content type=\"html\">{}</content>\n</entry>",
            incident.number,
            incident.opened_at,
            latest.at,
            incident.number,
            escape(&latest.title),
            escape(&content)
        );
    }
    out.push_str("</feed>\n");
    out
}
