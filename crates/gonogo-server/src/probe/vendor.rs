//! The vendor's own word: a status feed, narrowed to what is used of the vendor.
//!
//! It exists because a confirmed incident of a vendor explains our own alerts, and because
//! feeds are messy: incidents that ended and still list locations, that never end, that name
//! no location. Invariant: a feed that is stale, unreachable or not understood is unknown; no
//! state that is not known here is ever taken for good or bad.

mod google;
mod statuspage;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::certificate::printable;
use super::connect::{Deadline, millis};
use super::exchange::Page;
use super::outcome::{Reason, code};
use super::prober::{Finding, Prober};
use super::{HttpTarget, MAX_BODY_BYTES, Verdict, http};

/// Where Google Cloud tells how it is.
pub const GOOGLE_CLOUD_FEED: &str = "https://status.cloud.google.com/incidents.json";

/// Things that one result names; the rest are counted.
const MAX_NOTICES: usize = 10;

/// Characters kept of a vendor's sentence.
const TITLE_CHARS: usize = 160;

/// A vendor's feed and what of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorTarget {
    /// The request for the feed.
    pub http: HttpTarget,
    /// Its format, and what counts.
    pub feed: Feed,
    /// A copy that is older than this says nothing.
    pub stale_after: Duration,
}

/// A format, and what of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Google Cloud's `incidents.json`.
    GoogleCloud {
        /// Titles or ids of products; all where there are none.
        products: Vec<String>,
        /// Ids of locations; all where there are none.
        locations: Vec<String>,
        /// Whether mere information counts.
        informational: bool,
        /// How long an incident may be untouched before it is forgotten.
        forgotten_after: Duration,
    },
    /// A Statuspage's `summary.json`.
    Statuspage {
        /// Names or ids of components.
        components: Vec<String>,
        /// Names or ids of groups.
        groups: Vec<String>,
        /// From which state on a component fails.
        fails_from: Level,
        /// Whether maintenance and incidents without impact count.
        informational: bool,
    },
}

/// How bad a component of a vendor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worse than usual.
    Degraded,
    /// Some of it fails.
    Partial,
    /// All of it fails.
    Major,
}

/// One thing that a vendor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorNotice {
    /// What is wrong, in the vendor's words.
    pub title: String,
    /// The vendor's word for how bad it is.
    pub state: String,
    /// Whether it counts as a failure.
    pub counts: bool,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Where there is more.
    pub link: Option<String>,
}

/// What a feed says, before it is put into one sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Word {
    notices: Vec<VendorNotice>,
    /// What was not understood or not found; it keeps the whole from being good.
    unclear: Option<(&'static str, String)>,
    /// What all is well with, for the sentence.
    about: String,
}

/// Runs the check.
pub(super) async fn probe(
    prober: &Prober,
    target: &VendorTarget,
    deadline: Deadline,
) -> Result<Finding, Reason> {
    let mut request = target.http.clone();
    request.keep_body = true;
    request.max_body_bytes = MAX_BODY_BYTES;
    let (mut finding, fetched) = http::read_page(prober, &request, deadline).await?;
    let Some(fetched) = fetched.filter(|_| finding.reason.verdict == Verdict::Ok) else {
        finding.reason = unread(&finding.reason);
        return Ok(finding);
    };
    let now = Timestamp::now();
    let (reason, notices) = judge(target, &fetched, now);
    finding.reason = reason;
    finding.extra.notices = notices;
    Ok(finding)
}

/// That we cannot reach a status page says nothing of the vendor.
fn unread(why: &Reason) -> Reason {
    let detail = format!("The status feed cannot be read: {}", why.detail);
    match why.verdict {
        // Our own trouble keeps its own reason.
        Verdict::Unknown => Reason::unknown(why.code, detail),
        Verdict::Ok | Verdict::Failing => Reason::unknown(code::FEED_UNREACHABLE, detail),
    }
}

fn judge(target: &VendorTarget, fetched: &Page, now: Timestamp) -> (Reason, Vec<VendorNotice>) {
    if fetched.content.cut {
        let detail = format!("The status feed is longer than {MAX_BODY_BYTES} bytes.");
        return (Reason::unknown(code::FEED_UNREADABLE, detail), Vec::new());
    }
    let age = fetched.age(now);
    let bound = SignedDuration::try_from(target.stale_after).unwrap_or(SignedDuration::MAX);
    if let Some(age) = age.filter(|age| *age > bound) {
        let detail = format!(
            "The status feed is a copy made {} ago; at most {} is expected.",
            millis(age.unsigned_abs()),
            millis(target.stale_after)
        );
        return (Reason::unknown(code::FEED_STALE, detail), Vec::new());
    }
    let read = match &target.feed {
        Feed::GoogleCloud { .. } => {
            google::read(&fetched.content.kept, &target.feed, &target.http.url, now)
        }
        Feed::Statuspage { .. } => statuspage::read(&fetched.content.kept, &target.feed, now),
    };
    match read {
        Ok(word) => put(word),
        Err(why) => {
            let detail = format!("The status feed cannot be understood: {why}.");
            (Reason::unknown(code::FEED_UNREADABLE, detail), Vec::new())
        }
    }
}

/// One sentence for all of it.
fn put(mut word: Word) -> (Reason, Vec<VendorNotice>) {
    word.notices
        .sort_by_key(|n| (!n.counts, std::cmp::Reverse(n.since)));
    let counting = word.notices.iter().filter(|n| n.counts).count();
    let reason = match (word.notices.first(), word.unclear) {
        (Some(worst), _) if worst.counts => {
            let more = match counting {
                1 => String::new(),
                n => format!(" And {} more.", n - 1),
            };
            let detail = format!("The vendor says: {}{more}", sentence(worst));
            Reason::failing(code::VENDOR_TROUBLE, detail)
        }
        (_, Some((code, why))) => Reason::unknown(code, why),
        (Some(first), None) => Reason::ok(format!(
            "The vendor reports no trouble with {}. For information: {}",
            word.about,
            sentence(first)
        )),
        (None, None) => Reason::ok(format!(
            "The vendor reports no trouble with {}.",
            word.about
        )),
    };
    word.notices.truncate(MAX_NOTICES);
    (reason, word.notices)
}

fn sentence(notice: &VendorNotice) -> String {
    let since = notice.since.map_or(String::new(), |at| {
        format!(", since {}", at.strftime("%Y-%m-%d %H:%M UTC"))
    });
    let link = notice
        .link
        .as_ref()
        .map_or(String::new(), |link| format!(" ({link})"));
    format!("“{}”, {}{since}{link}.", notice.title, notice.state)
}

/// A vendor's text as a title: its first line, printable and short.
fn title(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let line = line.trim().trim_matches('*').trim();
    let short: String = line.chars().take(TITLE_CHARS).collect();
    match line.chars().nth(TITLE_CHARS) {
        Some(_) => format!("{}…", printable(&short)),
        None => printable(&short),
    }
}

/// An address of the vendor's, where it is one that a page may link to.
fn link(text: &str) -> Option<String> {
    let url = reqwest::Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    (plain && url.as_str().len() <= 500).then(|| url.to_string())
}

/// Is one of the wanted words this one?
fn wanted(wanted: &[String], texts: &[&str]) -> bool {
    wanted.iter().any(|w| {
        let w = w.trim();
        texts.iter().any(|t| t.trim().eq_ignore_ascii_case(w))
    })
}

#[cfg(test)]
mod tests;
